import type { Endpoint } from "../client/request.ts";
import type { hetznerCalls } from "./calls.ts";

/**
 * Hetzner's Cloud API v1, as far as this package uses it: `client.servers.list({ selector })`, `client.volumes.create(…)`. Fields are spelt as the API
 * spells them. Lists are whole: all pages are read. Deleting what is gone is no error. Rejects with a `CallError`, with `cloud.unexpected` when an
 * answer is none of this API, and with the endpoint's signal's reason.
 */
export type Hetzner = ReturnType<typeof hetznerCalls>;

/** A client of the real API, or of the local cloud's face of it: the endpoint's URL is without `/v1`. */
export async function hetzner(endpoint: Endpoint): Promise<Hetzner> {
  const [{ apiOf }, { hetznerCalls, hetznerDialect }] = await Promise.all([
    import("../client/call.ts"),
    import("./calls.ts"),
  ]);
  return hetznerCalls(apiOf({ ...endpoint, dialect: hetznerDialect }));
}
