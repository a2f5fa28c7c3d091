import type { App } from "./app.ts";

/** What CI says of a commit that passed, in the shape of an in-toto v1 statement (https://github.com/in-toto/attestation). */
export interface Statement {
  readonly _type: "https://in-toto.io/Statement/v1";
  readonly subject: readonly { readonly name: string; readonly digest: Readonly<Record<string, string>> }[];
  readonly predicateType: "https://slipway.dev/verified/v1";
  readonly predicate: {
    readonly repository: string;
    readonly commit: string;
    readonly tree: string;
    readonly pipeline: { readonly name: string; readonly digest: string };
    readonly steps: readonly { readonly name: string; readonly seconds: number }[];
    readonly app: App;
    /** Service → image id (`sha256:…`, the digest of the image's configuration). */
    readonly images: Readonly<Record<string, string>>;
    readonly finishedAt: string;
  };
}

export const statementType = "https://in-toto.io/Statement/v1";
export const predicateType = "https://slipway.dev/verified/v1";
/** Ref that carries the record of a commit. */
export const verifiedRef = (commit: string): string => `refs/verified/${commit}`;
