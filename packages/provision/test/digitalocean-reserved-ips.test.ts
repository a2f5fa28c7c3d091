import { expect, test } from "vitest";
import { addressesOf, reservedIpsOf } from "../src/digitalocean/reserved-ips.ts";
import { volumesOf } from "../src/digitalocean/volumes.ts";
import type { Seen, SeenMachine, WantedReservedIp, WantedVolume } from "../src/resource.ts";
import { answering } from "./support/answering.ts";

// A run was killed with its request on the way. The next one is told that the machine is busy, and when it no longer is, that all is so already.
const machine = { kind: "machine", name: "web", id: "7", region: "lon1" } as SeenMachine;
const links = new Map<string, Seen>([["machine web", machine]]);
const ip = "198.51.100.9";
const busy = [422, { id: "unprocessable_entity", message: "Droplet already has a pending event." }] as const;
const address = (droplet: number | undefined) => ({
  ip,
  region: { slug: "lon1" },
  droplet: droplet && { id: droplet },
});
const seen = (assignedTo: string): Seen<"reserved-ip"> => ({
  kind: "reserved-ip",
  name: "front",
  machine: "",
  id: ip,
  ours: true,
  dollarsMonthly: 0,
  address: ip,
  region: "lon1",
  assignedTo,
});
const wanted: WantedReservedIp = { kind: "reserved-ip", name: "front", machine: "web" };

/** A cloud whose answers to such calls are one after the other, and which the address leads to its machine in, or to none. */
const cloud = (post: string, told: readonly (readonly [number, object])[], droplet: number | undefined) => {
  let asked = 0;
  return answering((call) => {
    if (call === post) return told[asked++] ?? [500, {}];
    if (call.includes("/actions")) return [200, { actions: [] }];
    if (call === "GET /v2/tags") return [200, { tags: [] }];
    if (call.startsWith("POST /v2/tags"))
      return call === "POST /v2/tags" ? [201, { tag: { name: "t" } }] : [204, undefined];
    if (call === `GET /v2/reserved_ips/${ip}`) return [200, { reserved_ip: address(droplet) }];
    if (call.startsWith("GET /v2/reserved_ips")) return [200, { reserved_ips: asked < 2 ? [] : [address(droplet)] }];
    return [204, undefined];
  });
};
const refused = (message: string) => [422, { id: "unprocessable_entity", message }] as const;
const acts = `POST /v2/reserved_ips/${ip}/actions`;

test("an address that a killed run assigned meanwhile is assigned", async () => {
  const told = [busy, refused("The reserved IP is already assigned to this Droplet.")];
  const { context, calls } = await cloud(acts, told, 7);
  await reservedIpsOf(context, "shop").update(seen(""), wanted, ["machine"], links);
  expect(calls.filter((call) => call === acts)).toHaveLength(2);
});

test("an address that leads elsewhere is not", async () => {
  const { context } = await cloud(acts, [busy, refused("The reserved IP cannot be assigned.")], 8);
  const assigned = reservedIpsOf(context, "shop").update(seen(""), wanted, ["machine"], links);
  await expect(assigned).rejects.toMatchObject({ code: "cloud.refused" });
});

test("an address that a killed run freed meanwhile is removed", async () => {
  const told = [busy, refused("The reserved IP is not assigned to a Droplet.")];
  const { context, calls } = await cloud(acts, told, undefined);
  await reservedIpsOf(context, "shop").remove(seen("7"));
  expect(calls).toContain(`DELETE /v2/reserved_ips/${ip}`);
});

test("an address that a killed run made meanwhile is the one", async () => {
  const told = [busy, refused("The Droplet already has a reserved IP.")];
  const { context } = await cloud("POST /v2/reserved_ips", told, 7);
  const made = await reservedIpsOf(context, "shop").create(wanted, links, { id: "i", begun: false });
  expect(made).toMatchObject({ address: ip, assignedTo: "7" });
});

test("a volume that a killed run attached meanwhile is attached", async () => {
  let looks = 0;
  let asked = 0;
  const { context } = await answering((call) => {
    if (call === "POST /v2/volumes/v1/actions")
      return asked++ === 0 ? busy : refused("volume is already attached to a Droplet");
    if (call.includes("/actions")) return [200, { actions: [] }];
    const droplet_ids = ++looks < 3 ? [] : [7];
    return [200, { volume: { id: "v1", name: "shop-data", size_gigabytes: 1, droplet_ids, tags: [] } }];
  });
  const volume = { kind: "volume", name: "data", id: "v1", region: "lon1" } as Seen<"volume">;
  const asks = { kind: "volume", name: "data", region: "lon1", machine: "web" } as WantedVolume;
  await volumesOf(context, "shop").update(volume, asks, ["machine"], links);
  expect(asked).toBe(2);
});

test("an address that somebody led to the machine by hand is theirs, unless the machine waits for its own", () => {
  const own = { ip: "192.0.2.9", droplet: undefined };
  const theirs = { ip: "192.0.2.5", droplet: 7 };
  const tags = ["slipway:ip:shop:front", "slipway:ip:shop:front:192-0-2-9"];
  const ours = (all: Parameters<typeof addressesOf>[0], marks: readonly string[]) =>
    addressesOf(all, "shop", [{ machine, tags: marks }], { adopted: () => undefined, others: [] }).map(({ id }) => id);
  expect(ours([own, theirs], tags)).toEqual(["192.0.2.9"]);
  expect(ours([theirs], tags)).toEqual(["192.0.2.5"]);
  expect(ours([own, theirs], ["slipway:ip:shop:front"])).toEqual(["192.0.2.5"]);
});
