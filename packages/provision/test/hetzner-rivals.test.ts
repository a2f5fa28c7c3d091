import { expect, test } from "vitest";
import { hetzner } from "../src/hetzner/client.ts";
import { hetznerProvider } from "../src/hetzner/provider.ts";
import type { Seen } from "../src/index.ts";
import { hurriedClock } from "./support/clock.ts";
import { made } from "./support/resources.ts";

// Another operator of the stack made it at the same moment: its name is taken.

const links = new Map<string, Seen>([["machine web", made("web", 7)]]);
const intent = { id: "0123456789abcdef", begun: false };
const common = { id: 5, protection: { delete: false }, labels: { "slipway.stack": "shop" } };

/** A project that holds one thing of a kind already; gives what was asked of it besides lists. */
async function holding(kind: string, one: object, thing: object) {
  const clock = hurriedClock();
  const asked: string[] = [];
  const action = { id: 1, command: "x", status: "success" };
  const client = await hetzner({
    url: "https://hetzner.test",
    token: () => Promise.resolve("t"),
    clock,
    lagMs: 1_000,
    fetch: (url, init) => {
      const { pathname } = new URL(url);
      const say = (status: number, body: object): Promise<Response> =>
        Promise.resolve(new Response(JSON.stringify(body), { status }));
      if (init.method !== "GET") asked.push(`${init.method} ${pathname}`);
      if (init.method === "POST" && pathname === `/v1/${kind}`)
        return say(409, { error: { code: "uniqueness_error", message: "name is already used" } });
      if (init.method === "POST") return say(201, { action, actions: [action] });
      return say(200, pathname === `/v1/${kind}` ? { [kind]: [thing] } : { servers: [], ...one });
    },
  });
  return { makes: hetznerProvider(client, { stack: "shop", clock }).makes, asked };
}
const ended = (work: Promise<Seen> | undefined): Promise<unknown> =>
  Promise.resolve(work).then(
    (seen) => seen?.id,
    (error: { code: string }) => error.code,
  );

test("a volume is taken where it is at the server or at none, and from no other", async () => {
  const wanted = {
    kind: "volume",
    name: "data",
    region: "nbg1",
    gigabytes: 10,
    machine: "web",
    protect: false,
  } as const;
  const create = async (server: number | null, name = "shop-data") => {
    const volume = { ...common, name, server, location: { name: "nbg1" }, size: 10 };
    const { makes, asked } = await holding("volumes", { volume }, volume);
    return [await ended(makes.volume?.create(wanted, links, intent)), asked.slice(1)];
  };
  expect(await create(7)).toEqual(["5", []]);
  expect(await create(null)).toEqual(["5", ["POST /v1/volumes/5/actions/attach"]]);
  expect(await create(8)).toEqual(["plan.stale", []]);
  expect(await create(7, "other")).toEqual(["name.taken", []]);
});

test("so is an address", async () => {
  const wanted = { kind: "reserved-ip", name: "front", machine: "web" } as const;
  const create = async (server: number | null) => {
    const address = { ...common, name: "shop-front", ip: "192.0.2.5", type: "ipv4", server };
    const floating_ip = { ...address, home_location: { name: "nbg1" } };
    const { makes, asked } = await holding("floating_ips", { floating_ip }, floating_ip);
    return [await ended(makes["reserved-ip"]?.create(wanted, links, intent)), asked.slice(1)];
  };
  expect(await create(7)).toEqual(["5", []]);
  expect(await create(null)).toEqual(["5", ["POST /v1/floating_ips/5/actions/assign"]]);
  expect(await create(8)).toEqual(["plan.stale", []]);
});

test("a firewall is brought to what is wanted", async () => {
  const firewall = { ...common, name: "shop-edge", rules: [], applied_to: [] };
  const { makes, asked } = await holding("firewalls", { firewall }, firewall);
  const wanted = { kind: "firewall", name: "edge", machines: [], inbound: [], outbound: [] } as const;
  expect(await ended(makes.firewall?.create(wanted, links, intent))).toBe("5");
  expect(asked.slice(1)).toEqual([
    "POST /v1/firewalls/5/actions/apply_to_resources",
    "POST /v1/firewalls/5/actions/set_rules",
  ]);
});
