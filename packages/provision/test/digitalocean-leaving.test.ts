import { expect, test } from "vitest";
import { projectsOf } from "../src/digitalocean/projects.ts";
import { reservedIpsOf } from "../src/digitalocean/reserved-ips.ts";
import { digitalOceanProvider, type Seen } from "../src/index.ts";
import { answering } from "./support/answering.ts";

const project: Seen<"project"> = {
  kind: "project",
  name: "Shop",
  id: "p1",
  ours: true,
  dollarsMonthly: 0,
  purpose: "",
  environment: "Development",
  members: [],
};
const resources = (...urns: readonly string[]) => ({ resources: urns.map((urn) => ({ urn })) });

test("a project that goes moves no address whose droplet moves, and looks again when something was gone", async () => {
  const bound = ["do:droplet:7", "do:floatingip:198.51.100.9", "do:reservedip:198.51.100.8"];
  let moves = 0;
  const { context, calls, sent } = await answering((call) => {
    if (call.startsWith("GET /v2/projects/p1/resources"))
      return [200, moves === 0 ? resources(...bound, "do:volume:v1") : resources(...bound)];
    if (call.startsWith("GET /v2/reserved_ips"))
      return [
        200,
        {
          reserved_ips: [
            { ip: "198.51.100.9", region: { slug: "lon1" }, droplet: { id: 7 } },
            { ip: "198.51.100.8", region: { slug: "lon1" }, droplet: null },
          ],
        },
      ];
    if (call.startsWith("POST")) moves += 1;
    if (call.startsWith("POST")) return moves === 1 ? [404, { message: "volume not found" }] : [200, resources()];
    return call.startsWith("DELETE") && moves < 3 ? [412, { message: "the project is not empty" }] : [204, undefined];
  });
  await projectsOf(context, "shop").remove(project);
  expect(sent("POST /v2/projects/default/resources")).toEqual({
    resources: ["do:droplet:7", "do:reservedip:198.51.100.8"],
  });
  expect(calls.at(-1)).toBe("DELETE /v2/projects/p1");
  expect(moves).toBe(3);
});

test("a project that is gone is none", async () => {
  const { context, calls } = await answering(() => [404, { message: "gone" }]);
  await projectsOf(context, "shop").remove(project);
  expect(calls).toHaveLength(1);
});

test("a reserved address is removed when its last action is done", async () => {
  let deletes = 0;
  const { context, calls } = await answering((call) => {
    if (!call.startsWith("DELETE /v2/reserved_ips")) return [204, undefined];
    deletes += 1;
    return deletes === 1 ? [422, { message: "The reserved IP already has a pending event." }] : [204, undefined];
  });
  const seen: Seen<"reserved-ip"> = {
    kind: "reserved-ip",
    name: "front",
    machine: "web",
    id: "198.51.100.9",
    ours: true,
    dollarsMonthly: 0,
    address: "198.51.100.9",
    region: "lon1",
    assignedTo: "",
  };
  await reservedIpsOf(context, "shop").remove(seen);
  expect(calls.filter((call) => call === "DELETE /v2/reserved_ips/198.51.100.9")).toHaveLength(2);
});

test("what a stack leaves takes no mark off what another one makes at the same moment", async () => {
  // Nothing carries them as they are listed; what another stack marks by them now would lose them with the tag.
  const needed = ["protected", "fresh", "retired", "data:0123456789abcdef", "hostkey:ab", "hostpub:ab"];
  const names = ["stack:shop", "at:shop:web", "spec:0123456789abcdef", "host:web", ...needed, "stack:blog"];
  const { client, context, calls } = await answering((call) => {
    if (call.startsWith("GET /v2/tags"))
      return [200, { tags: names.map((name) => ({ name: `slipway:${name}`, resources: { count: 0 } })) }];
    return call.startsWith("GET") ? [200, { droplets: [], volumes: [] }] : [204, undefined];
  });
  await digitalOceanProvider(client, { stack: "shop", clock: context.clock }).forget();
  const removals = calls.filter((call) => call.startsWith("DELETE"));
  const gone = removals.map((call) => decodeURIComponent(call).split("slipway:")[1]);
  expect([...new Set(gone)]).toEqual(["stack:shop", "at:shop:web", "spec:0123456789abcdef", "host:web"]);
});
