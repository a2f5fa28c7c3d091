import { expect, test } from "vitest";
import { firewallOf, firewallsOf } from "../src/digitalocean/firewalls.ts";
import type { FirewallRule, WantedFirewall } from "../src/index.ts";
import { answering } from "./support/answering.ts";

const rule = (protocol: "tcp" | "udp" | "icmp", ports: string): FirewallRule => ({
  protocol,
  ports,
  addresses: ["0.0.0.0/0"],
  machines: [],
});
const edge: WantedFirewall = {
  kind: "firewall",
  name: "edge",
  machines: ["web"],
  inbound: [rule("tcp", "443"), rule("tcp", "all")],
  outbound: [rule("udp", "all"), rule("icmp", "all")],
};
const anywhere = { addresses: ["0.0.0.0/0"] };
const there = {
  id: "f1",
  name: "slipway-shop.edge",
  droplet_ids: [7],
  tags: ["slipway:firewall:shop:edge", "byhand"],
  inbound_rules: [
    { protocol: "tcp", ports: "443", sources: { addresses: ["10.0.0.0/8"], load_balancer_uids: ["lb"] } },
    { protocol: "tcp", ports: "8000-9000", sources: { kubernetes_ids: ["k8s"] } },
  ],
  outbound_rules: [
    { protocol: "tcp", ports: "all", destinations: anywhere },
    { protocol: "udp", ports: "0", destinations: anywhere },
    { protocol: "tcp", ports: "1-65535", destinations: anywhere },
  ],
};
const cloud = () =>
  answering((call) => (call.includes("/v2/tags") ? [201, { tag: { name: "t" } }] : [200, { firewall: there }]));

test("a change keeps the droplets, tags, load balancers and clusters that a firewall has besides", async () => {
  const { client, context, sent } = await cloud();
  const seen = firewallOf(await client.firewalls.get("f1"), "shop");
  await firewallsOf(context, "shop").update(seen, edge, ["inbound"], new Map());
  expect(sent("PUT /v2/firewalls/f1")).toEqual({
    name: "slipway-shop.edge",
    droplet_ids: [7],
    tags: ["slipway:firewall:shop:edge", "byhand"],
    inbound_rules: [
      { protocol: "tcp", ports: "443", sources: { ...anywhere, load_balancer_uids: ["lb"] } },
      { protocol: "tcp", ports: "1-65535", sources: anywhere },
      { protocol: "tcp", ports: "8000-9000", sources: { kubernetes_ids: ["k8s"] } },
    ],
    outbound_rules: [
      { protocol: "udp", ports: "1-65535", destinations: anywhere },
      { protocol: "icmp", ports: "0", destinations: anywhere },
    ],
  });
});

test("rules are read without what no file can say, and all ports in each way of saying so", async () => {
  const { client } = await cloud();
  const seen = firewallOf(await client.firewalls.get("f1"), "shop");
  expect(seen.inbound).toEqual([{ ...rule("tcp", "443"), addresses: ["10.0.0.0/8"] }]);
  expect(seen.outbound.map((one) => one.ports)).toEqual(["all", "all", "all"]);
});
