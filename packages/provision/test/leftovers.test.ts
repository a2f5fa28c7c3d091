import { describe, expect, test } from "vitest";
import { digitalOceanProvider } from "../src/digitalocean/provider.ts";
import { observe, planProvision, printPlan, type Wanted } from "../src/index.ts";
import { answering } from "./support/answering.ts";
import { want } from "./support/resources.ts";

const volume = (id: string, more: object = {}) => ({
  id,
  name: `shop-${id}`,
  size_gigabytes: 50,
  region: { slug: "lon1" },
  droplet_ids: [],
  tags: ["slipway:stack:shop", `slipway:volume:${id}`],
  ...more,
});

/** What an account of these volumes, addresses and tags comes to, and how it was asked. */
async function planned(
  wanted: readonly Wanted[],
  has: {
    readonly volumes?: readonly object[];
    readonly addresses?: readonly object[];
    readonly tags?: readonly string[];
    readonly droplets?: number;
    readonly account?: object;
  },
  unlisted: "keep" | "delete" = "keep",
) {
  const { client, context, calls } = await answering((call) => {
    const [, path = "", query = ""] = /^GET \/v2\/([a-z_/]+)(?:\?(.*))?$/.exec(call) ?? [];
    const answers: Readonly<Record<string, object>> = {
      droplets: query.includes("tag_name")
        ? { droplets: [] }
        : { droplets: [], links: {}, meta: { total: has.droplets ?? 0 } },
      sizes: {
        sizes: [
          {
            slug: "s-1vcpu-1gb",
            memory: 1024,
            vcpus: 1,
            disk: 25,
            price_monthly: 6,
            regions: ["lon1"],
            available: true,
          },
        ],
      },
      images: { images: [{ id: 1, slug: "debian-12-x64", min_disk_size: 7, tags: [] }] },
      account: { account: { email: "a", droplet_limit: 25, status: "active", ...has.account } },
      volumes: { volumes: has.volumes ?? [] },
      reserved_ips: { reserved_ips: has.addresses ?? [] },
      tags: { tags: (has.tags ?? []).map((name) => ({ name })) },
      "account/keys": { ssh_keys: [] },
      firewalls: { firewalls: [] },
      domains: { domains: [] },
      projects: { projects: [] },
    };
    return [answers[path] === undefined ? 404 : 200, answers[path] ?? {}];
  });
  const provider = digitalOceanProvider(client, { stack: "shop", clock: context.clock });
  const scope = { wanted, all: unlisted === "delete" };
  const plan = planProvision(wanted, await observe(provider, scope), { stack: "shop", unlisted });
  return { plan, calls, provider };
}

test("a volume of the stack that nothing asks for and nothing holds is told, with what it costs, and no other is", async () => {
  const others = [volume("theirs", { tags: ["slipway:stack:blog"] }), volume("plain", { tags: [] })];
  const { plan } = await planned([], { volumes: [volume("old"), ...others] });
  expect(plan.unlisted).toEqual([{ ref: "volume old", cloudId: "old", monthly: 5 }]);
  expect(printPlan(plan)).toContain("unlisted volume old  (old; nothing asks for it, $5 a month)");
  expect(plan.steps).toEqual([]);
});

describe("a reserved address whose machine was destroyed by hand", () => {
  const front: Wanted = { kind: "reserved-ip", name: "front", machine: "web" };
  const wanted = [want("web"), front];
  const loose = { ip: "192.0.2.9", droplet: null, region: { slug: "lon1" } };
  const tags = ["slipway:ip:shop:front:192-0-2-9", "slipway:ip:shop:front", "slipway:stack:shop"];

  test("is found by the tag that its machine had, and led to the new one", async () => {
    const { plan } = await planned(wanted, { addresses: [loose], tags });
    expect(plan.steps.map((step) => step.id)).toEqual(["create machine web", "update reserved-ip front"]);
    expect(plan.steps[1]).toMatchObject({ cloudId: "192.0.2.9", after: ["ready machine web"] });
  });

  test("goes with the stack, or when nothing asks for it", async () => {
    const { plan } = await planned([], { addresses: [loose], tags }, "delete");
    expect(plan.steps).toMatchObject([{ id: "delete reserved-ip front 192.0.2.9", change: -5 }]);
  });

  test("is nobody's when tags do not say so, those of two stacks do, or it leads somewhere", async () => {
    const other = { ...loose, ip: "192.0.2.7" };
    const steps = async (address: object, names: readonly string[]) =>
      (await planned(wanted, { addresses: [address, other], tags: names })).plan.steps.map((step) => step.id);
    const anew = ["create machine web", "create reserved-ip front"];
    expect(await steps(loose, ["slipway:ip:shop:front:192-0-2-8"])).toEqual(anew);
    expect(await steps(loose, [...tags, "slipway:ip:blog:front:192-0-2-9"])).toEqual(anew);
    expect(await steps({ ...loose, droplet: { id: 4 } }, tags)).toEqual(anew);
  });

  test("costs no call where no address leads nowhere", async () => {
    const { calls } = await planned(wanted, { addresses: [{ ...loose, droplet: { id: 4 } }], tags });
    expect(calls.filter((call) => call.includes("/v2/tags"))).toEqual([]);
  });
});

describe("what the account may have", () => {
  test("counts what it has in all, whosever it is", async () => {
    const web = [want("web"), want("db")];
    const problems = async (wanted: readonly Wanted[], has: Parameters<typeof planned>[1]) =>
      (await planned(wanted, has)).plan.problems;
    expect(await problems(web, { droplets: 23 })).toEqual([]);
    expect(await problems(web, { droplets: 24 })).toEqual([
      "the account may have 25 machines and has 24; this stack would take 2 more",
    ]);
    const data: Wanted = { kind: "volume", name: "data", region: "lon1", gigabytes: 1, protect: false };
    const volumes = [volume("a", { tags: [] })];
    expect(await problems([data], { volumes, account: { volume_limit: 2 } })).toEqual([]);
    expect(await problems([data], { volumes, account: { volume_limit: 1 } })).toEqual([
      "the account may have 1 volumes and has 1; this stack would take 1 more",
    ]);
    expect(await problems([data], { volumes })).toEqual([]);
    const front: Wanted = { kind: "reserved-ip", name: "front", machine: "web" };
    const addresses = [{ ip: "192.0.2.1", droplet: { id: 4 } }];
    expect(await problems([want("web"), front], { addresses, account: { floating_ip_limit: 1 } })).toEqual([
      "the account may have 1 reserved addresses and has 1; this stack would take 1 more",
    ]);
  });

  test("is asked for only where something is to be made", async () => {
    const asked = async (wanted: readonly Wanted[], has: Parameters<typeof planned>[1]) =>
      (await planned(wanted, has)).calls.filter((call) => /\/v2\/account$|droplets\?per_page=1&/.test(call));
    const data: Wanted = { kind: "volume", name: "data", region: "lon1", gigabytes: 50, protect: false };
    expect(await asked([data], { volumes: [volume("data")] })).toEqual([]);
    expect(await asked([data], {})).toEqual(["GET /v2/account"]);
    expect((await asked([want("web")], {})).sort()).toEqual(["GET /v2/account", "GET /v2/droplets?per_page=1&page=1"]);
  });
});
