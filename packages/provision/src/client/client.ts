import type { familiesOf } from "./families.ts";
import type { Endpoint } from "./request.ts";

/**
 * DigitalOcean's API v2: `client.droplets.list({ tag })`, `client.volumes.create(…)`, `client.records.list(domain)`. Fields are spelt as the API
 * spells them, in what is asked and in what is answered. Lists are whole: all pages are read. What is created is created once, also when the
 * answer is lost; deleting what is gone is no error. Rejects with a `CallError`, with `cloud.unexpected` when an answer is none of this API, and with
 * the endpoint's signal's reason.
 */
export type DigitalOcean = ReturnType<typeof familiesOf>;

/** The one client; the real API and the local cloud differ in the endpoint only. */
export async function digitalOcean(endpoint: Endpoint): Promise<DigitalOcean> {
  const [{ apiOf }, { familiesOf }] = await Promise.all([import("./call.ts"), import("./families.ts")]);
  return familiesOf(apiOf(endpoint));
}
