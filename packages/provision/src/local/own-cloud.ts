import type { Endpoint } from "../client/request.ts";
import type { OpenCloudOptions } from "../open-cloud.ts";
import { startLocalCloud } from "./cloud.ts";
import { noLimits } from "./limits.ts";
import { plainFetch } from "./plain-fetch.ts";

/** How soon the lists of a cloud of this process show what was made. */
const lagMs = 1_000;

/** A run's own server of the local cloud, and how a client asks it. Nobody else uses it, so it limits nothing. */
export interface OwnCloud extends AsyncDisposable {
  readonly endpoint: Pick<Endpoint, "url" | "token" | "fetch" | "timeoutMs"> & { readonly lagMs: number };
}

/** Starts it. Throws what `startLocalCloud` does. */
export async function startOwnCloud(options: OpenCloudOptions): Promise<OwnCloud> {
  const local = await startLocalCloud({ ...options, name: options.cloud ?? options.name, limits: noLimits });
  return {
    endpoint: {
      url: local.url,
      token: () => Promise.resolve(local.token),
      fetch: plainFetch,
      timeoutMs: 300_000,
      lagMs,
    },
    [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
  };
}
