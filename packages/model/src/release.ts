import type { App } from "./app.ts";

declare const minted: unique symbol;

/** A commit with the images CI built from it. `"verified"` can only be minted by the verifier in `@slipway/trust`. */
export interface Release<out S extends "verified" | "unverified" = "verified" | "unverified"> {
  readonly repository: string;
  readonly commit: string;
  readonly app: App;
  /** Service → image id. */
  readonly images: Readonly<Record<string, string>>;
  /** Fingerprint of the key that signed, lower-case hex. */
  readonly signer: string;
  readonly finishedAt: string;
  readonly [minted]: S;
}

/** Mints a verified release. Only `@slipway/trust` may call it; the check of the package arrows holds that. */
export const mintVerified = (release: Omit<Release, typeof minted>): Release<"verified"> =>
  Object.freeze({ ...release }) as Release<"verified">;
