import { virtualClock } from "@slipway/model";
import { apiOf } from "../../src/client/call.ts";
import type { DigitalOcean } from "../../src/client/client.ts";
import { familiesOf } from "../../src/client/families.ts";

/** What becomes of one creating call: `after` the work is done and the answer lost, `before` nothing was done. */
export type Fate = "told" | "reset after" | "500 after" | "garbled after" | "reset before" | "503 before";

type Item = Record<string, unknown>;

/** What an item shows that was not asked for. */
export type Extra = (body: Item, id: number) => Item;

export interface Forgetful {
  readonly client: DigitalOcean;
  readonly clock: ReturnType<typeof virtualClock>;
  /** How many things were made. */
  made(): number;
  posts(): number;
}

/**
 * A cloud with one kind of thing: POST makes one, GET on the same path lists them, though only `lagMs` after they were made. A name can be taken
 * when `unique` says so.
 */
export function forgetfulCloud(
  kind: { readonly many: string; readonly one: string; readonly extra: Extra; readonly unique?: string },
  fates: readonly Fate[],
  lagMs: number,
  there: readonly Item[] = [],
): Forgetful {
  const clock = virtualClock();
  const items = there.map((item) => ({ at: Number.NEGATIVE_INFINITY, item }));
  const left = [...fates];
  let posts = 0;
  const json = (status: number, body: object): Response => new Response(JSON.stringify(body), { status });
  const answer = (url: URL, method: string, body: Item): Response => {
    if (method === "GET") {
      const seen = items.filter(({ at }) => clock.monotonic() >= at + lagMs).map(({ item }) => item);
      const last = decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
      const single = seen.find((item) => item["name"] === last || item["fingerprint"] === last);
      if (single !== undefined) return json(200, { [kind.one]: single });
      if (/example|:/.test(last)) return json(404, { message: "not found" });
      return json(200, { [kind.many]: seen, links: {}, meta: { total: seen.length } });
    }
    posts += 1;
    const fate = left.shift() ?? "told";
    if (fate === "reset before") throw new TypeError("fetch failed");
    if (fate === "503 before") return json(503, { message: "no" });
    const name = kind.unique && body[kind.unique];
    if (name !== undefined && kind.unique !== undefined && items.some(({ item }) => item[kind.unique ?? ""] === name))
      return json(422, { message: "name already exists" });
    const id = 1_000 + items.length;
    const names = Array.isArray(body["names"]) ? body["names"] : [body["name"]];
    const fresh = names.map((one: unknown, index) => ({
      ...body,
      name: one,
      ...kind.extra({ ...body, name: one }, id + index),
    }));
    for (const item of fresh) items.push({ at: clock.monotonic(), item });
    if (fate === "reset after") throw new TypeError("fetch failed");
    if (fate === "500 after") return json(500, { message: "oh" });
    if (fate === "garbled after") return new Response('{"', { status: 202 });
    return json(202, "names" in body ? { [kind.many]: fresh } : { [kind.one]: fresh[0] });
  };
  const api = apiOf({
    url: "http://cloud.test",
    token: () => Promise.resolve("t"),
    clock,
    limits: [],
    lagMs: 10_000,
    fetch: async (url, init) => {
      await clock.sleep(5);
      const body = typeof init.body === "string" ? (JSON.parse(init.body) as Item) : {};
      return answer(new URL(url), init.method ?? "GET", body);
    },
  });
  return { client: familiesOf(api), clock, made: () => items.length - there.length, posts: () => posts };
}
