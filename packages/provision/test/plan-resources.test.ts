import { describe, expect, test } from "vitest";
import { changesOf, type Seen, type Wanted, type WantedFirewall } from "../src/index.ts";
import { after, known, plan } from "./support/plans.ts";
import { made, want } from "./support/resources.ts";

describe("a firewall", () => {
  const rule = { protocol: "tcp", ports: "443", addresses: ["0.0.0.0/0", "::/0"], machines: [] } as const;
  const edge: WantedFirewall = { kind: "firewall", name: "edge", machines: ["web"], inbound: [rule], outbound: [] };
  const there: Seen<"firewall"> = { ...edge, ...known, id: "f1", machines: [] };

  test("is there before the machines that it protects, and stands whatever the order of its rules", () => {
    expect(after(plan([want("web", { firewalls: ["edge"] }), edge], []), "create machine web")).toEqual([
      "create firewall edge",
    ]);
    const turned = { ...there, inbound: [{ ...rule, addresses: ["::/0", "0.0.0.0/0"] }] };
    expect(changesOf(plan([want("web"), edge], [made("web", 1), turned]))).toBe(0);
  });

  test("changes its rules in place, and machines come behind it once it is there", () => {
    const opened = plan([want("web"), { ...edge, inbound: [] }], [made("web", 1), there]);
    expect(opened.steps[1]?.fields).toMatchObject([{ field: "inbound", from: "tcp 443: 0.0.0.0/0 ::/0", to: "" }]);
    const behind = plan([want("web", { firewalls: ["edge"] }), edge], [made("web", 1)]);
    expect(behind.steps.find((step) => step.ref === "machine web")).toMatchObject({
      do: "update",
      fields: [{ field: "firewalls", to: "edge" }],
      after: ["create firewall edge"],
    });
    expect(plan([edge], []).problems.join()).toMatch(/no machine web/);
  });

  test("goes after its machines", () => {
    const gone = plan([], [made("web", 1), there], { unlisted: "delete" });
    expect(after(gone, "delete firewall edge f1")).toEqual(["delete machine web 1"]);
  });
});

test("everything goes in an order in which nothing is orphaned", () => {
  const address: Seen<"reserved-ip"> = {
    kind: "reserved-ip",
    name: "front",
    id: "192.0.2.50",
    address: "192.0.2.50",
    region: "lon1",
    assignedTo: "1",
    machine: "web",
    ...known,
  };
  const project: Seen<"project"> = {
    kind: "project",
    name: "shop",
    id: "p",
    purpose: "",
    environment: "Staging",
    members: [],
    ...known,
  };
  const all = plan([], [project, address, made("web", 1)], { unlisted: "delete" });
  expect(after(all, "delete machine web 1")).toEqual(["delete reserved-ip front 192.0.2.50"]);
  expect(after(all, "delete project shop p")).toEqual(["delete machine web 1", "delete reserved-ip front 192.0.2.50"]);
  const edge: Wanted = { kind: "reserved-ip", name: "edge", machine: "web" };
  const renamed = plan([want("web"), edge], [address, made("web", 1)], { unlisted: "delete" });
  expect(after(renamed, "create reserved-ip edge")).toEqual(["delete reserved-ip front 192.0.2.50"]);
  const moved = plan(
    [want("web", { region: "ams3" }), { kind: "reserved-ip", name: "front", machine: "web" }],
    [address, made("web", 1)],
    {
      replace: ["machine web"],
    },
  );
  expect(moved.problems.join()).toMatch(/reserved address front is in lon1 and cannot lead to web in ams3/);
});

test("a project takes in what is made for it", () => {
  const wanted: Wanted = {
    kind: "project",
    name: "shop",
    purpose: "x",
    environment: "Staging",
    members: ["machine web"],
  };
  const seen: Seen<"project"> = { ...wanted, ...known, id: "p", members: [] };
  const joined = plan([want("web"), wanted], [made("web", 1), seen]);
  expect(joined.steps[1]?.fields).toMatchObject([{ field: "members", from: "", to: "machine web" }]);
  expect(
    changesOf(plan([want("web"), wanted], [made("web", 1), { ...seen, members: ["machine web", "volume other"] }])),
  ).toBe(0);
});
