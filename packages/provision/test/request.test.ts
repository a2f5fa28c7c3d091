import { virtualClock } from "@slipway/model";
import { expect, test } from "vitest";
import { type Call, type Endpoint, requester } from "../src/client/request.ts";
import { finished } from "./support/clock.ts";

const read = (path = "/v2/account"): Call => ({ method: "GET", path, repeatable: true });
const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

/** An endpoint whose other side is a function of the time at which a request arrives; answers take 5 ms. */
function fake(answer: (at: number, path: string) => Response | Error, more: Partial<Endpoint> = {}) {
  const clock = virtualClock(1_000_000_000_000);
  const sent: number[] = [];
  const told: { at: number; response: Response }[] = [];
  const send = requester({
    url: "http://cloud.test",
    token: () => Promise.resolve("t"),
    clock,
    limits: [],
    ...more,
    fetch: async (url) => {
      const at = clock.monotonic();
      sent.push(at);
      const answered = answer(at, url.slice("http://cloud.test".length));
      await clock.sleep(5);
      if (answered instanceof Error) throw answered;
      told.push({ at: clock.monotonic(), response: answered });
      return answered;
    },
  });
  return { clock, sent, told, send };
}

test("no call of many goes out inside a window that an answer to any of them opened", async () => {
  // Ten calls in two seconds, and whoever comes after waits as long as it takes for the first of these to be forgotten.
  const taken: number[] = [];
  const { clock, sent, told, send } = fake((at) => {
    const recent = taken.filter((time) => time > at - 2_000);
    if (recent.length >= 10) return json(429, { id: "too_many_requests", message: "Too many" }, { "retry-after": "3" });
    taken.push(at);
    return json(200, { at });
  });
  const all = Array.from({ length: 50 }, () => send(read()));
  expect(await finished(clock, Promise.all(all))).toHaveLength(50);
  const windows = told
    .filter(({ response }) => response.status === 429)
    .map(({ at }) => ({ from: at, to: at + 3_000 }));
  expect(windows.length).toBeGreaterThan(3);
  const inside = sent.filter((at) => windows.some(({ from, to }) => at > from && at < to));
  expect(inside).toEqual([]);
  // They do not all go on at once when it is over.
  for (const time of sent.filter((at) => at > 0)) expect(sent.filter((at) => at === time).length).toBeLessThan(10);
});

test.each([
  ["in seconds", { "retry-after": "7" }, 7_000],
  ["as a date", { "retry-after": new Date(1_000_000_009_000).toUTCString() }, 9_000],
  [
    "by the time when the oldest call is forgotten",
    { "ratelimit-remaining": "0", "ratelimit-reset": "1000000012" },
    12_000,
  ],
])("a 429 says how long to wait %s", async (_how, headers, waitMs) => {
  const { clock, sent, send } = fake((at) => (at === 0 ? json(429, {}, headers) : json(200, {})));
  await finished(clock, send(read()));
  expect(sent[1]).toBeGreaterThanOrEqual(waitMs);
  expect(sent[1]).toBeLessThanOrEqual(waitMs + 1_100);
});

test("a burst too many, with calls left in the hour, is tried again soon", async () => {
  const headers = { "ratelimit-remaining": "4000", "ratelimit-reset": "1000003600" };
  const { clock, sent, send } = fake((at) => (at < 1_000 ? json(429, {}, headers) : json(200, {})));
  await finished(clock, send(read()));
  expect(sent.at(-1)).toBeLessThan(10_000);
});

test("an answer of success can ask for a pause, too, and one without a reason does not make it", async () => {
  const { clock, sent, send } = fake((at) =>
    json(200, {}, at === 0 ? { "retry-after": "2" } : { "ratelimit-remaining": "0", "ratelimit-reset": "1000003600" }),
  );
  for (let call = 0; call < 3; call += 1) await finished(clock, send(read()));
  expect(sent[1]).toBeGreaterThanOrEqual(2_000);
  expect((sent[2] ?? 0) - (sent[1] ?? 0)).toBeLessThan(100);
});

test("a window longer than one waits fails each call, and nothing is sent", async () => {
  const { clock, sent, send } = fake(() => json(429, {}, { "retry-after": "3600" }));
  await expect(finished(clock, send(read()))).rejects.toMatchObject({ code: "rate.limited" });
  await expect(finished(clock, send(read()))).rejects.toMatchObject({ code: "rate.limited" });
  expect(sent).toHaveLength(1);
});

test("pauses grow, are jittered, and come to an end", async () => {
  const pauses: number[][] = [];
  for (let run = 0; run < 5; run += 1) {
    const { clock, sent, send } = fake(() => json(503, { message: "down" }));
    await expect(finished(clock, send(read()))).rejects.toMatchObject({ code: "cloud.failed", status: 503 });
    expect(sent).toHaveLength(6);
    pauses.push(sent.slice(1).map((at, index) => at - (sent[index] ?? 0)));
  }
  for (const [index, most] of [400, 800, 1_600, 3_200, 6_400].entries())
    for (const run of pauses) {
      expect(run[index]).toBeGreaterThanOrEqual(most / 2);
      expect(run[index]).toBeLessThanOrEqual(most + 20);
    }
  expect(new Set(pauses.map((run) => run.join())).size).toBeGreaterThan(1);
});

test("what could be done twice is not repeated, except after a 429", async () => {
  const post: Call = { method: "POST", path: "/v2/droplets", body: {}, repeatable: false };
  for (const answer of [json(500, {}), new TypeError("fetch failed"), new Response("{", { status: 202 })]) {
    const { clock, sent, send } = fake(() => answer);
    await expect(finished(clock, send(post))).rejects.toMatchObject({ sure: false });
    expect(sent).toHaveLength(1);
  }
  const refused = fake(() => json(422, { message: "no" }));
  await expect(finished(refused.clock, refused.send(post))).rejects.toMatchObject({ sure: true, status: 422 });
  const limited = fake((at) => (at === 0 ? json(429, {}) : json(202, { done: true })));
  expect(await finished(limited.clock, limited.send(post))).toEqual({ done: true });
});

test("keeps to the limits of bursts, the one of key lists too", async () => {
  const { clock, sent, send } = fake(() => json(200, {}), {
    limits: [
      { calls: 20, perMs: 1_000 },
      { calls: 2, perMs: 1_000, of: ({ path }) => path.startsWith("/v2/account/keys") },
    ],
  });
  await finished(clock, Promise.all(Array.from({ length: 70 }, () => send(read()))));
  for (const from of sent) expect(sent.filter((at) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(20);
  expect(clock.monotonic()).toBeLessThan(8_000);
  const keys = sent.length;
  await finished(clock, Promise.all(Array.from({ length: 6 }, () => send(read("/v2/account/keys?page=1")))));
  const listed = sent.slice(keys);
  for (const from of listed)
    expect(listed.filter((at) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(2);
});

test("stops at once when the signal aborts: while it waits, while it is answered, and before", async () => {
  const stop = new AbortController();
  const { clock, sent, send } = fake(() => json(429, {}, { "retry-after": "60" }), { signal: stop.signal });
  const waits = send(read());
  waits.catch(() => {});
  while (sent.length === 0 || clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(30_000);
  const asks = requester({
    url: "http://cloud.test",
    token: () => Promise.resolve("t"),
    signal: stop.signal,
    fetch: (_url, init) =>
      new Promise((_resolve, reject) => {
        init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      }),
  });
  const answered = asks(read());
  answered.catch(() => {});
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort(new Error("enough"));
  await expect(waits).rejects.toThrow("enough");
  await expect(answered).rejects.toThrow("enough");
  await expect(send(read())).rejects.toThrow("enough");
  expect(sent).toHaveLength(1);
});

test("an attempt that takes too long is given up", async () => {
  const send = requester({
    url: "http://cloud.test",
    token: () => Promise.resolve("t"),
    clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
    limits: [],
    timeoutMs: 1,
    fetch: (_url, init) =>
      new Promise((_resolve, reject) => {
        init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      }),
  });
  await expect(send({ method: "GET", path: "/", repeatable: false })).rejects.toMatchObject({
    code: "network.none",
    message: "cloud.test cannot be reached: no answer in time",
    sure: false,
  });
});

test("sends a content type with a body only, and does not follow the other side elsewhere", async () => {
  const seen: RequestInit[] = [];
  const send = requester({
    url: "http://cloud.test",
    token: () => Promise.resolve("t"),
    limits: [],
    fetch: (_url, init) => {
      seen.push(init);
      return Promise.resolve(
        seen.length < 3 ? new Response(null, { status: 204 }) : json(302, {}, { location: "http://elsewhere.test" }),
      );
    },
  });
  expect(await send({ method: "DELETE", path: "/v2/droplets/1", repeatable: true })).toEqual({});
  await send({ method: "DELETE", path: "/v2/tags/a/resources", body: { resources: [] }, repeatable: true });
  expect(seen.map((init) => [new Headers(init.headers).get("content-type"), init.body])).toEqual([
    [null, undefined],
    ["application/json", '{"resources":[]}'],
  ]);
  await expect(send(read())).rejects.toMatchObject({ status: 302, sure: true });
  expect(seen.map(({ redirect }) => redirect)).toEqual(["manual", "manual", "manual"]);
});
