import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Secret } from "@slipway/model";
import { afterEach, expect, test } from "vitest";
import { digitalOcean, droplet, openCloud } from "../src/index.ts";
import { type Call, page, Refusal, type Reply, serve } from "../src/local/http.ts";
import { hurriedClock } from "./support/clock.ts";

let server: Server | undefined;
afterEach(() => server?.close());

/** The local cloud's HTTP with routes of a test's own. */
async function listen(routes: Parameters<typeof serve>[0], faults?: Parameters<typeof serve>[2]): Promise<string> {
  server = serve(routes, "t", faults);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const token = (): Promise<string> => Promise.resolve("t");

test("reads all pages", async () => {
  const all = Array.from({ length: 431 }, (_, id) => ({ id, slug: `i${id}` }));
  const url = await listen([["GET", "/v2/images", (call: Call): Reply => page(call, "images", all)]]);
  const client = await digitalOcean({ url, token });
  expect((await client.images.list()).map((image) => image.id)).toEqual(all.map((image) => image.id));
});

test("waits as long as Retry-After says, then goes on", async () => {
  const clock = hurriedClock();
  const spoiled = [7, 3];
  const account = { email: "a", droplet_limit: 1, status: "active" };
  const url = await listen([["GET", "/v2/account", () => ({ status: 200, body: { account } })]], () => {
    const retryAfterSeconds = spoiled.shift();
    return retryAfterSeconds === undefined ? undefined : { status: 429, when: "before", retryAfterSeconds };
  });
  const client = await digitalOcean({ url, token, clock });
  expect((await client.account.get()).status).toBe("active");
  expect(clock.slept).toHaveLength(2);
  expect(clock.slept[0]).toBeGreaterThanOrEqual(7_000);
  expect(clock.slept[0]).toBeLessThanOrEqual(8_000);
  expect(clock.slept[1]).toBeGreaterThanOrEqual(3_000);
});

test("tells a wrong token, a refusal, a stranger and no network apart, with the request's id", async () => {
  const url = await listen([
    [
      "GET",
      "/v2/droplets/:id",
      () =>
        Promise.reject(
          new Refusal(422, "unprocessable_entity", "creating this/these droplet(s) will exceed your droplet limit"),
        ),
    ],
    ["GET", "/v2/account", () => ({ status: 200, body: { hello: "world" } })],
  ]);
  const client = await digitalOcean({ url, token });
  await expect(client.droplets.get(1)).rejects.toMatchObject({
    code: "quota.exceeded",
    message: expect.stringMatching(/exceed your droplet limit \(422 at GET \/v2\/droplets\/1, request [0-9a-f-]{36}\)/),
  });
  await expect(client.account.get()).rejects.toMatchObject({ code: "cloud.unexpected" });
  const wrong = await digitalOcean({ url, token: () => Promise.resolve("other-secret") });
  await expect(wrong.account.get()).rejects.toMatchObject({ code: "token.refused", status: 401 });
  await expect(wrong.account.get()).rejects.not.toThrow("other-secret");
  const nobody = await digitalOcean({ url: "http://127.0.0.1:9", token, clock: hurriedClock() });
  await expect(nobody.account.get()).rejects.toMatchObject({
    code: "network.none",
    message: expect.stringContaining("127.0.0.1:9"),
  });
  const stopped = await digitalOcean({ url, token, signal: AbortSignal.abort(new Error("enough")) });
  await expect(stopped.account.get()).rejects.toThrow("enough");
});

test("a droplet is at DigitalOcean or local, and the vault's token is asked for", async () => {
  const secret = new Secret("digitalocean.token");
  const there = droplet({ token: secret, region: "fra1", size: "s-2vcpu-4gb" });
  expect(there).toMatchObject({ provider: "digitalocean", spec: { size: "s-2vcpu-4gb", tags: [] } });
  const here = droplet({ cloud: "local", region: "fra1", size: "s-2vcpu-4gb" });
  // @ts-expect-error a name is no secret
  droplet({ token: { name: "digitalocean.token" }, region: "fra1", size: "s-2vcpu-4gb" });
  // @ts-expect-error one place, not two
  droplet({ token: secret, cloud: "local", region: "fra1", size: "s-2vcpu-4gb" });
  // @ts-expect-error there is no such region
  droplet({ cloud: "local", region: "moon1", size: "s-2vcpu-4gb" });
  // @ts-expect-error no size of DigitalOcean is called so
  droplet({ cloud: "local", region: "fra1", size: "huge" });
  await expect(
    openCloud(
      [
        { name: "a", on: there },
        { name: "b", on: here },
      ],
      { name: "x" },
    ),
  ).rejects.toMatchObject({
    message: expect.stringContaining("different clouds"),
  });
  await expect(openCloud([{ name: "a", on: there }], { name: "x" })).rejects.toMatchObject({ code: "token.refused" });
  const url = await listen([["GET", "/v2/droplets", () => ({ status: 200, body: { droplets: [] } })]]);
  const secrets = { reveal: (asked: Secret) => Promise.resolve(asked === secret ? "t" : "") };
  await using cloud = await openCloud([{ name: "a", on: there }], { name: "x", url, secrets });
  expect(await cloud.provider.machines()).toEqual([]);
});
