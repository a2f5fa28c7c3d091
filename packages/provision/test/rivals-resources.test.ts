import { describe, expect, test } from "vitest";
import { domainsOf } from "../src/digitalocean/domains.ts";
import { firewallsOf } from "../src/digitalocean/firewalls.ts";
import { projectsOf } from "../src/digitalocean/projects.ts";
import { reservedIpsOf } from "../src/digitalocean/reserved-ips.ts";
import { volumesOf } from "../src/digitalocean/volumes.ts";
import { planProvision, type Seen, type Wanted, type WantedOf } from "../src/index.ts";
import { type Answering, answering } from "./support/answering.ts";
import { cloud, made } from "./support/resources.ts";

// Another operator of the stack makes the same thing at the same moment, by a plan that was as true.

const intent = { id: "0123456789abcdef", begun: false };
const web = made("web", 7);
const links = new Map<string, Seen>([["machine web", web]]);
const taken = (message: string) => [409, { id: "conflict", message }] as const;
const changing = ({ calls }: Answering): readonly string[] => calls.filter((call) => !call.startsWith("GET "));

describe("records that say the same", () => {
  const wanted: WantedOf<"record"> = {
    kind: "record",
    name: "example.org @ TXT",
    domain: "example.org",
    host: "@",
    type: "TXT",
    data: "here",
    ttl: 60,
  };
  const row = (id: number, data = "here", more: object = {}) => ({
    id,
    type: "TXT",
    name: "@",
    data,
    ttl: 60,
    ...more,
  });
  const marker = { id: 3, type: "TXT", name: "_slipway", data: "" };
  /** A zone that shows these records once one was made. */
  const zone = (mine: number, others: readonly object[]) => {
    const records: object[] = [];
    return answering((call, body) => {
      if (call.startsWith("DELETE")) return [204, undefined];
      if (call.startsWith("GET")) return [200, { domain_records: records }];
      const asked = body as { readonly name: string; readonly data: string };
      const record = asked.name === "@" ? row(mine) : { ...marker, data: asked.data };
      records.push(record, ...(asked.name === "@" ? others : []));
      return [201, { domain_record: record }];
    });
  };
  const create = async (world: Answering) =>
    (await domainsOf(world.context, "shop").record.create(wanted, new Map(), intent)).id;

  test("are settled at once: the one made later goes, whoever looks", async () => {
    const young = await zone(9, [row(5)]);
    expect(await create(young)).toBe("5");
    expect(changing(young).filter((call) => call.startsWith("DELETE"))).toEqual([
      "DELETE /v2/domains/example.org/records/9",
    ]);
    const old = await zone(5, [row(9)]);
    expect(await create(old)).toBe("5");
    expect(changing(old).filter((call) => call.startsWith("DELETE"))).toEqual([]);
  });

  test("and those that say something else stay", async () => {
    const world = await zone(9, [row(5, "there"), row(6, "here", { ttl: 90 })]);
    expect(await create(world)).toBe("9");
    expect(changing(world).filter((call) => call.startsWith("DELETE"))).toEqual([]);
  });

  test("and those that lists did not show are settled by the next plan", () => {
    const seen = (id: string, more: object = {}): Seen<"record"> => ({
      ...wanted,
      data: "here",
      name: "example.org @ TXT here",
      id,
      ours: true,
      dollarsMonthly: 0,
      ...more,
    });
    const zone: Wanted = { kind: "domain", name: "example.org" };
    const there: Seen = { ...zone, id: "example.org", ours: true, dollarsMonthly: 0, empty: false };
    const of = (records: readonly Seen[]) =>
      planProvision([zone, wanted], cloud([there, ...records]), { stack: "shop" }).steps.map((step) => [
        step.do,
        step.cloudId,
      ]);
    const settled = [
      ["keep", "example.org"],
      ["keep", "9"],
      ["delete", "12"],
    ];
    expect(of([seen("12"), seen("9")])).toEqual(settled);
    expect(of([seen("9"), seen("12")])).toEqual(settled);
    expect(of([seen("9"), seen("12", { ours: false })])).toEqual(settled.slice(0, 2));
    expect(of([seen("9"), seen("12", { priority: 5 })])).toEqual(settled.slice(0, 2));
  });
});

describe("a domain that is there already when it is made", () => {
  const create = async (records: readonly object[] | undefined, begun = false) => {
    const world = await answering((call, body) => {
      if (call === "POST /v2/domains") return [422, { message: "domain 'example.org': name already exists" }];
      if (call.startsWith("POST")) return [201, { domain_record: { id: 9, ...(body as object) } }];
      return records === undefined ? [404, { message: "not found" }] : [200, { domain_records: records }];
    });
    const domain = domainsOf(world.context, "shop").domain;
    const ended = await domain.create({ kind: "domain", name: "example.org" }, new Map(), { ...intent, begun }).then(
      ({ ours }) => ours,
      (error: { code: string }) => error.code,
    );
    return [ended, changing(world).slice(1)];
  };
  const marker = (stack: string) => ({ id: 1, type: "TXT", name: "_slipway", data: `slipway:${stack}:domain` });
  const mark = "POST /v2/domains/example.org/records";

  test("is the stack's when its mark is on it, or nothing is in it", async () => {
    expect(await create([marker("shop"), { id: 2, type: "A", name: "@", data: "192.0.2.1" }])).toEqual([true, []]);
    expect(await create([])).toEqual([true, [mark]]);
  });
  test("is left as it is when it is somebody else's", async () => {
    expect(await create([marker("blog")])).toEqual(["plan.stale", []]);
    expect(await create([{ id: 2, type: "A", name: "@", data: "192.0.2.1" }])).toEqual(["plan.stale", []]);
    expect(await create(undefined)).toEqual(["name.taken", []]);
  });
});

test("a firewall of the name is brought to what is wanted", async () => {
  const firewall = { id: "f1", name: "slipway-shop.edge", inbound_rules: [], outbound_rules: [] };
  const world = await answering((call) => {
    if (call === "POST /v2/firewalls") return taken("duplicate name");
    if (call.startsWith("POST /v2/tags")) return [201, { tag: { name: "t" } }];
    return [200, call.startsWith("GET /v2/firewalls?") ? { firewalls: [firewall] } : { firewall }];
  });
  const wanted = { kind: "firewall", name: "edge", machines: [], inbound: [], outbound: [] } as const;
  expect(await firewallsOf(world.context, "shop").create(wanted, links, intent)).toMatchObject({
    id: "f1",
    ours: true,
  });
  expect(changing(world).at(-1)).toBe("PUT /v2/firewalls/f1");
});

test("a project of the name is taken when it is the stack's, and left when it is not", async () => {
  const create = async (description: string) => {
    const world = await answering((call) =>
      call.startsWith("GET")
        ? [200, { projects: [{ id: "p1", name: "shop", description }] }]
        : taken("a project with this name already exists"),
    );
    const wanted = { kind: "project", name: "shop", purpose: "x", environment: "Staging", members: [] } as const;
    return projectsOf(world.context, "shop").create(wanted, links, intent);
  };
  expect(await create("[slipway:shop]")).toMatchObject({ id: "p1", ours: true });
  await expect(create("by hand")).rejects.toMatchObject({ code: "name.taken" });
});

describe("a volume of the name", () => {
  const wanted = {
    kind: "volume",
    name: "data",
    region: "lon1",
    gigabytes: 1,
    machine: "web",
    protect: false,
  } as const;
  const create = async (droplets: readonly number[], tags = ["slipway:stack:shop", "slipway:volume:data"]) => {
    const volume = { id: "v1", name: "shop-data", size_gigabytes: 1, droplet_ids: droplets, tags };
    const action = { id: 1, type: "attach", status: "completed", started_at: "2026-01-01T00:00:00Z" };
    const world = await answering((call) => {
      if (call === "POST /v2/volumes") return taken("already exists");
      if (call.startsWith("GET /v2/volumes/v1/actions")) return [200, { actions: [] }];
      if (call.startsWith("POST")) return [202, { action }];
      return [200, call.startsWith("GET /v2/volumes?") ? { volumes: [volume] } : { volume }];
    });
    const ended = await volumesOf(world.context, "shop")
      .create(wanted, links, intent)
      .then(
        ({ id }) => id,
        (error: { code: string }) => error.code,
      );
    return [ended, changing(world).slice(1)];
  };

  test("is taken where it is at the machine, and led there where it is at none", async () => {
    expect(await create([7])).toEqual(["v1", []]);
    expect(await create([])).toEqual(["v1", ["POST /v2/volumes/v1/actions"]]);
  });
  test("is not taken from another machine, nor from another stack", async () => {
    expect(await create([8])).toEqual(["plan.stale", []]);
    expect(await create([7], [])).toEqual(["name.taken", []]);
  });
});

describe("a reserved address", () => {
  const wanted = { kind: "reserved-ip", name: "front", machine: "web" } as const;
  /** `lead` is the droplet that each address leads to. */
  const create = async (
    answer: (call: string, lead: Map<string, number | undefined>) => readonly [number, object | undefined] | undefined,
  ) => {
    const lead = new Map<string, number | undefined>();
    const shown = (ip: string) => ({ ip, droplet: lead.get(ip) === undefined ? null : { id: lead.get(ip) } });
    const world = await answering((call) => {
      const own = answer(call, lead);
      if (own !== undefined) return own;
      if (call.startsWith("POST /v2/tags")) return [201, { tag: { name: "t" } }];
      if (call.startsWith("GET /v2/reserved_ips?")) return [200, { reserved_ips: [...lead.keys()].map(shown) }];
      const [, ip] = /^GET \/v2\/reserved_ips\/([\d.]+)$/.exec(call) ?? [];
      if (ip !== undefined) return [200, { reserved_ip: shown(ip) }];
      if (call.startsWith("GET")) return [200, { actions: [] }];
      return [204, undefined];
    });
    const { address } = await reservedIpsOf(world.context, "shop").create(wanted, links, intent);
    return { address, removed: changing(world).filter((call) => call.startsWith("DELETE")), lead };
  };
  const full = [422, { message: "The Droplet already has a reserved IP." }] as const;

  test("that another operator's came before is refused, and that one is taken", async () => {
    const { address, removed } = await create((call, lead) => {
      if (call !== "POST /v2/reserved_ips") return undefined;
      lead.set("192.0.2.5", 7);
      return full;
    });
    expect([address, removed]).toEqual(["192.0.2.5", []]);
  });

  test("that the machine did not take is given back, and the other one taken", async () => {
    const { address, removed } = await create((call, lead) => {
      if (call === "POST /v2/reserved_ips") {
        lead.set("192.0.2.9", undefined);
        lead.set("192.0.2.5", 7);
        return [202, { reserved_ip: { ip: "192.0.2.9", droplet: null } }];
      }
      return call.startsWith("POST /v2/reserved_ips/192.0.2.9/actions") ? full : undefined;
    });
    expect(address).toBe("192.0.2.5");
    expect(removed.map(decodeURIComponent)).toEqual([
      "DELETE /v2/reserved_ips/192.0.2.9",
      "DELETE /v2/tags/slipway:ip:shop:front:192-0-2-9",
    ]);
  });

  test("that was left beside the one that leads to the machine goes by the next plan", () => {
    const seen = (id: string, assignedTo: string): Seen<"reserved-ip"> => ({
      ...wanted,
      id,
      address: id,
      ours: true,
      dollarsMonthly: 0,
      region: "lon1",
      assignedTo,
    });
    const steps = (...all: readonly Seen[]) =>
      planProvision([wanted], cloud([web, ...all]), { stack: "shop" }).steps.map((step) => [step.do, step.cloudId]);
    expect(steps(seen("192.0.2.9", ""), seen("192.0.2.5", "7"))).toEqual([
      ["keep", "192.0.2.5"],
      ["delete", "192.0.2.9"],
    ]);
    expect(steps(seen("192.0.2.9", "8"), seen("192.0.2.5", "7"))).toEqual([]);
  });
});
