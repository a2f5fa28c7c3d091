import { request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { absentRoutes } from "../src/local/absent.ts";
import { type FaultKind, faultKinds, faultsOf, seededRandom } from "../src/local/faults.ts";
import { page, type Route, serve } from "../src/local/http.ts";
import { limiter, noLimits, usualLimits } from "../src/local/limits.ts";

const routes: readonly Route[] = [
  ["GET", "/v2/things", (call) => page(call, "things", [1, 2, 3])],
  ["GET", "/v2/things/:id", (_call, id) => ({ status: 200, body: { id } })],
  ["POST", "/v2/things", (call) => ({ status: 201, body: { got: call.body } })],
  ["DELETE", "/v2/things/:id", () => ({ status: 204 })],
];
const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(...more: [Parameters<typeof serve>[2]?, Parameters<typeof serve>[3]?]): Promise<string> {
  const server = serve(routes, "t", ...more);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const authorization = "Bearer t";
const ask = (
  url: string,
  init: Omit<RequestInit, "headers"> & { readonly headers?: Record<string, string> } = {},
): Promise<Response> =>
  fetch(url, { ...init, headers: { authorization, "content-type": "application/json", ...init.headers } });

test("of what an account has none of there are empty lists", async () => {
  for (const [method, path, handler] of absentRoutes) {
    const call = { method, path, query: new URLSearchParams(), headers: {}, body: {}, base: "http://cloud" };
    const { status, body } = await handler(call);
    expect([status, body]).toEqual([
      200,
      expect.objectContaining(path.endsWith("/balance") ? {} : { meta: { total: 0 } }),
    ]);
  }
});

test("every answer has a request id and the limit's headers; errors have DigitalOcean's form", async () => {
  const url = await listen(undefined, usualLimits);
  const good = await ask(`${url}/v2/things/?page=1`);
  expect([good.status, good.headers.get("ratelimit-limit"), good.headers.get("ratelimit-remaining")]).toEqual([
    200,
    "5000",
    "4999",
  ]);
  expect(Number(good.headers.get("ratelimit-reset"))).toBeGreaterThan(Date.now() / 1_000 + 3_500);
  expect(good.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);

  const told = async (path: string, init: Parameters<typeof ask>[1]): Promise<unknown> => {
    const response = await ask(`${url}${path}`, init);
    const body = (await response.json()) as { id: string; message: string; request_id: string };
    expect(body.request_id).toBe(response.headers.get("x-request-id"));
    expect(body.message).not.toBe("");
    return [response.status, body.id];
  };
  expect(await told("/v2/things", { headers: { authorization: "Bearer wrong" } })).toEqual([401, "Unauthorized"]);
  expect(await told("/v2/nothing", {})).toEqual([404, "not_found"]);
  expect(await told("/v2/things/%E0%A4%A", {})).toEqual([404, "not_found"]);
  expect(await told("/v2/things", { method: "PUT" })).toEqual([405, "method_not_allowed"]);
  expect(await told("/v2/things", { method: "POST", body: "[1]" })).toEqual([400, "bad_request"]);
  expect(await told("/v2/things", { method: "POST", body: "x".repeat(2 << 20) })).toEqual([
    413,
    "request_entity_too_large",
  ]);
});

test("a JSON content type without a body is no error, nor is a null, nor an absurd host", async () => {
  const url = await listen();
  const gone = await ask(`${url}/v2/things/1`, { method: "DELETE" });
  expect([gone.status, await gone.text(), gone.headers.get("content-type")]).toEqual([
    204,
    "",
    "application/json; charset=utf-8",
  ]);
  expect((await ask(`${url}/v2/things`, { method: "POST", body: "null" })).status).toBe(201);
  const head = await ask(`${url}/v2/things`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  const status = await new Promise((resolve) => {
    request(`${url}/v2/things`, { headers: { authorization, host: "a b/@:x" } }, (got) =>
      resolve(got.statusCode),
    ).end();
  });
  expect(status).toBe(200);
});

test("a path that is no URL is refused, and ends nothing", async () => {
  const url = await listen();
  const told = (path: string, headers = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      // `fetch` would put such a path right.
      const asked = request({ port: new URL(url).port, host: "127.0.0.1", path, headers }, (got) => {
        json(got).then((body) => resolve([got.statusCode, (body as { id: string }).id]), reject);
      });
      asked.on("error", reject).end();
    });
  for (const path of ["//", "//["]) expect(await told(path)).toEqual([400, "bad_request"]);
  expect(await told("/v2/things/1", { authorization })).toEqual([200, "1"]);
});

test.each([
  [{ host: "evil.example", origin: "http://evil.example" }, 403],
  [{ host: "127.0.0.1.evil.example:80", "sec-fetch-site": "cross-site" }, 403],
  [{ host: "[::1]:8080", "sec-fetch-site": "same-origin" }, 200],
  [{ host: "localhost", origin: "http://localhost" }, 200],
  [{ host: "api.digitalocean.com" }, 200],
])("a web page of another host gets no answer: %j", async (headers, status) => {
  const url = await listen();
  const got = await new Promise((resolve) => {
    request(`${url}/v2/things`, { headers: { authorization, ...headers } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).end();
  });
  expect(got).toBe(status);
});

describe("limits", () => {
  test("after the burst everything is refused until the time that is told", () => {
    let now = 1_000_000;
    const { take } = limiter(usualLimits, () => now);
    for (let at = 0; at < 250; at += 1, now += 100) expect(take("GET", "/v2/droplets").allowed).toBe(true);
    const { allowed, headers } = take("GET", "/v2/droplets");
    expect([allowed, headers["ratelimit-remaining"], headers["retry-after"]]).toEqual([false, 0, 35]);
    now += 34_999;
    expect(take("GET", "/v2/droplets").allowed).toBe(false);
    now += 1;
    expect(take("GET", "/v2/droplets").allowed).toBe(true);
  });

  test("no hour has more requests than may be, whatever their times", () => {
    const limits = { perHour: 20, perMinute: 5, keyListsPerMinute: 2 };
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200_000), fc.boolean()), { maxLength: 200 }), (asked) => {
        let now = 0;
        const { take } = limiter(limits, () => now);
        const done: { at: number; keys: boolean }[] = [];
        for (const [pause, keys] of asked) {
          now += pause;
          if (take("GET", keys ? "/v2/account/keys" : "/v2/account").allowed) done.push({ at: now, keys });
        }
        for (const { at } of done) {
          const within = (ms: number) => done.filter((one) => one.at > at - ms && one.at <= at);
          expect(within(3_600_000).length).toBeLessThanOrEqual(20);
          expect(within(60_000).length).toBeLessThanOrEqual(5);
          expect(within(60_000).filter((one) => one.keys).length).toBeLessThanOrEqual(2);
        }
      }),
    );
  });

  test("an hour's requests used up are told by their reset alone", async () => {
    const url = await listen(undefined, { ...noLimits, perHour: 1, perMinute: 1_000 });
    expect((await ask(`${url}/v2/things`)).status).toBe(200);
    const refused = await ask(`${url}/v2/things`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, null]);
    expect(await refused.json()).toMatchObject({ id: "too_many_requests", message: "API Rate limit exceeded." });
  });
});

describe("faults", () => {
  const call = { method: "POST", path: "/v2/droplets/1/actions" };

  test("are the same for the same seed", () => {
    const of = (seed: number) => {
      const faults = faultsOf(faultKinds, { seed, now: () => 0 });
      return Array.from({ length: 50 }, () => [faults(call), faults.ofNewDroplet?.()]);
    };
    expect(of(7)).toEqual(of(7));
    expect(of(7)).not.toEqual(of(8));
  });

  test("are only of the kinds that were asked for, at about their rate", () => {
    fc.assert(
      fc.property(fc.subarray([...faultKinds]), fc.integer(), (kinds: FaultKind[], seed) => {
        const faults = faultsOf(kinds, { seed, now: () => 0 });
        for (let at = 0; at < 30; at += 1) {
          const { status } = faults(call) ?? {};
          if (status !== undefined) expect(kinds).toContain(String(status));
          const late = faults.ofNewDroplet?.() ?? {};
          expect(late.listedMs === undefined || kinds.includes("lag")).toBe(true);
          expect(late.foundMs === undefined || kinds.includes("404")).toBe(true);
          expect(late.sshMs === undefined || kinds.includes("slow-ssh")).toBe(true);
        }
      }),
    );
    const faults = faultsOf(["500"], { seed: 1, rate: 0.3 });
    const hit = Array.from({ length: 2_000 }, () => faults(call)).filter((one) => one?.when === "after").length;
    expect(hit / 2_000).toBeCloseTo(0.3, 1);
    expect(faults({ method: "GET", path: "/v2/droplets" })).toBeUndefined();
  });

  test("429 refuses everything for as long as it says", () => {
    let now = 0;
    const faults = faultsOf(["429"], { seed: 3, rate: 0.2, now: () => now });
    let fault = faults(call);
    while (fault === undefined) fault = faults(call);
    expect(fault.status).toBe(429);
    const until = (fault.retryAfterSeconds ?? 0) * 1_000;
    for (now = 0; now < until; now += 100) expect(faults(call)?.status).toBe(429);
  });

  test("are answered so", async () => {
    const asked = async (kind: FaultKind): Promise<Response> =>
      ask(`${await listen(faultsOf([kind], { seed: 1, rate: 1 }))}/v2/things/1/actions`, {
        method: "POST",
        body: "{}",
      });
    const busy = await asked("422");
    expect([busy.status, await busy.json()]).toMatchObject([422, { message: "Droplet already has a pending event." }]);
    const many = await asked("429");
    expect([many.status, Number(many.headers.get("retry-after")) >= 1]).toEqual([429, true]);
    await expect(asked("reset")).rejects.toThrow("fetch failed");
  });

  test("random numbers are spread evenly", () => {
    const random = seededRandom(5);
    const all = Array.from({ length: 4_000 }, random);
    expect(all.every((one) => one >= 0 && one < 1)).toBe(true);
    expect(all.reduce((sum, one) => sum + one, 0) / all.length).toBeCloseTo(0.5, 1);
  });
});
