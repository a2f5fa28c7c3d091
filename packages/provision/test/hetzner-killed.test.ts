import { expect, test } from "vitest";
import { hetzner } from "../src/hetzner/client.ts";
import { reservedIpsOf } from "../src/hetzner/reserved-ips.ts";
import { volumesOf } from "../src/hetzner/volumes.ts";
import type { Seen, SeenMachine, WantedReservedIp, WantedVolume } from "../src/resource.ts";
import { hurriedClock } from "./support/clock.ts";

// A run was killed with its request on the way. The next one is told that the resource is locked, and when it no longer is, that all is so already.
const machine = { kind: "machine", name: "web", id: "7", region: "nbg1" } as SeenMachine;
const links = new Map<string, Seen>([["machine web", machine]]);
const one = { id: 5, name: "n", protection: { delete: false }, labels: {} };

/** A context whose cloud is asked to act: it is busy first, then refuses as it says; after that the thing is at this server, or still at `before`. */
async function cloud(
  path: string,
  says: string,
  at: { readonly before: number | null; readonly after: number | null },
) {
  const calls: string[] = [];
  let asked = 0;
  const clock = hurriedClock();
  const client = await hetzner({
    url: "http://cloud.test",
    token: () => Promise.resolve("t"),
    clock,
    fetch: (url, { method }) => {
      const { pathname } = new URL(url);
      calls.push(`${method} ${pathname}`);
      const say = (status: number, body?: object): Promise<Response> =>
        Promise.resolve(new Response(body === undefined ? null : JSON.stringify(body), { status }));
      if (method === "DELETE") return say(204);
      if (pathname === `/v1/${path}`)
        return asked++ === 0
          ? say(423, { error: { code: "locked", message: "busy" } })
          : say(422, { error: { code: says, message: says } });
      const server = asked > 1 ? at.after : at.before;
      const volume = { ...one, server, location: { name: "nbg1" }, size: 10 };
      const address = { ...one, server, ip: "198.51.100.9", type: "ipv4", home_location: { name: "nbg1" } };
      if (pathname === "/v1/volumes/5") return say(200, { volume });
      return say(200, { floating_ips: [address], meta: { pagination: { next_page: null, total_entries: 1 } } });
    },
  });
  return { context: { client, stack: "shop", clock, signal: undefined }, calls };
}

const volume = { kind: "volume", name: "data", id: "5", region: "nbg1", protect: false } as Seen<"volume">;
const wantedVolume = { kind: "volume", name: "data", machine: "web" } as WantedVolume;
const attach = "volumes/5/actions/attach";
const address = { kind: "reserved-ip", name: "front", id: "5", assignedTo: "7" } as Seen<"reserved-ip">;
const wantedAddress: WantedReservedIp = { kind: "reserved-ip", name: "front", machine: "web" };

test("a volume that a killed run attached meanwhile is attached", async () => {
  const { context, calls } = await cloud(attach, "volume_already_attached", { before: null, after: 7 });
  await volumesOf(context).update(volume, wantedVolume, ["machine"], links);
  expect(calls.filter((call) => call.endsWith("attach"))).toHaveLength(2);
});

test("a volume that is elsewhere is not", async () => {
  const { context } = await cloud(attach, "volume_already_attached", { before: null, after: 8 });
  const led = volumesOf(context).update(volume, wantedVolume, ["machine"], links);
  await expect(led).rejects.toThrow("volume_already_attached");
});

test("a volume that a killed run detached meanwhile is removed", async () => {
  const { context, calls } = await cloud("volumes/5/actions/detach", "invalid_input", { before: 7, after: null });
  await volumesOf(context).remove(volume);
  expect(calls.at(-1)).toBe("DELETE /v1/volumes/5");
});

test("an address that a killed run assigned or freed meanwhile is so", async () => {
  const assigned = await cloud("floating_ips/5/actions/assign", "invalid_input", { before: null, after: 7 });
  await reservedIpsOf(assigned.context).update(address, wantedAddress, ["machine"], links);
  const freed = await cloud("floating_ips/5/actions/unassign", "invalid_input", { before: 7, after: null });
  await reservedIpsOf(freed.context).remove(address);
  expect(freed.calls.at(-1)).toBe("DELETE /v1/floating_ips/5");
});
