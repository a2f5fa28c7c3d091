import { describe, expect, test } from "vitest";
import { hetzner } from "../src/hetzner/client.ts";
import { hetznerProvider } from "../src/hetzner/provider.ts";
import type { WantedMachine } from "../src/resource.ts";
import { hurriedClock } from "./support/clock.ts";

const wanted: WantedMachine = {
  kind: "machine",
  name: "web",
  region: "nbg1",
  size: "cx23",
  image: "debian-12",
  tags: [],
  protect: false,
  backups: false,
  firewalls: [],
};
const intent = { id: "0123456789abcdef", begun: false };

interface Made {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly user_data?: string;
}

/**
 * A project whose servers show in lists `lagMs` after they were made, and whose answers to a creation are lost as often as `lost` says: "before" the
 * work was done or "after".
 */
function project({
  lagMs = 0,
  lost = [],
  there = [],
}: {
  lagMs?: number;
  lost?: ("before" | "after")[];
  there?: Made[];
}) {
  const clock = hurriedClock();
  const servers = there.map((made) => ({ made, at: -1e9 }));
  const posts: Made[] = [];
  const body = ({ made }: { made: Made }, at: number): object => ({
    id: at + 1,
    name: made.name,
    labels: made.labels,
    image: { id: 9, name: "debian-12" },
    status: "running",
    created: "2026-01-01T00:00:00Z",
    public_net: { ipv4: { ip: "192.0.2.1" } },
    server_type: { name: "cx23" },
    location: { name: "nbg1" },
    locked: false,
    protection: { delete: false },
    primary_disk_size: 40,
  });
  const answer = (status: number, value: object): Promise<Response> =>
    Promise.resolve(new Response(JSON.stringify(value), { status }));
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    const { searchParams } = new URL(url);
    if (init.method === "POST") {
      const made = JSON.parse(init.body as string) as Made;
      posts.push(made);
      const fate = lost.shift();
      if (fate === "before") return answer(500, { error: { code: "server_error", message: "no" } });
      if (servers.some((one) => one.made.name === made.name))
        return answer(409, { error: { code: "uniqueness_error", message: "server name is already used" } });
      servers.push({ made, at: clock.monotonic() });
      if (fate === "after") return Promise.reject(new Error("reset"));
      const action = { id: 1, command: "create_server", status: "running" };
      return answer(201, { server: body({ made }, servers.length - 1), action });
    }
    const [key, value] = (searchParams.get("label_selector") ?? "").split("==");
    const name = searchParams.get("name");
    const listed = servers.flatMap((one, at) => {
      const fits = name === null ? one.made.labels[key ?? ""] === value : one.made.name === name;
      return fits && clock.monotonic() >= one.at + lagMs ? [body(one, at)] : [];
    });
    return answer(200, { servers: listed, meta: { pagination: { next_page: null, total_entries: listed.length } } });
  };
  return { clock, servers, posts, fetch };
}

async function create(of: ReturnType<typeof project>, begun = false): Promise<{ id: string; label: string }> {
  const token = (): Promise<string> => Promise.resolve("secret-token");
  const client = await hetzner({ url: "https://hetzner.test", token, clock: of.clock, fetch: of.fetch, lagMs: 10_000 });
  const { machine } = hetznerProvider(client, { stack: "prod", clock: of.clock }).makes;
  if (machine === undefined) throw new Error("Hetzner makes machines");
  return machine.create(wanted, new Map(), { ...intent, begun });
}

describe("a server is made once", () => {
  test("when the answer is lost after the work was done, however late lists show it", async () => {
    const of = project({ lagMs: 8_000, lost: ["after"] });
    expect((await create(of)).id).toBe("1");
    expect(of.posts).toHaveLength(1);
    expect(of.servers).toHaveLength(1);
  });

  test("when nothing came of the first calls", async () => {
    const of = project({ lost: ["before", "before"] });
    await create(of);
    expect(of.posts).toHaveLength(3);
    expect(of.servers).toHaveLength(1);
  });

  test("when lists show it later than they may: its name is taken by itself", async () => {
    const of = project({ lagMs: 15_000, lost: ["after"] });
    expect(await create(of)).toMatchObject({ id: "1", label: "web" });
    expect(of.servers).toHaveLength(1);
  });

  test("when a run that died began it", async () => {
    const of = project({ lagMs: 5_000 });
    await create(of);
    expect((await create(of, true)).id).toBe("1");
    expect(of.servers).toHaveLength(1);
  });

  test("when a run that died and left no record began it under another intent", async () => {
    const labels = { "slipway.stack": "prod", "slipway.host": "web", "slipway.intent": "fedcba9876543210" };
    const of = project({ there: [{ name: "web", labels }] });
    expect((await create(of)).id).toBe("1");
    expect(of.servers).toHaveLength(1);
  });

  test.each([
    ["somebody else's", {}],
    ["another stack's", { "slipway.stack": "staging", "slipway.host": "web" }],
    ["one that goes", { "slipway.stack": "prod", "slipway.host": "web", "slipway.retired": "" }],
  ])("beside %s of the same name, under a spare one", async (_whose, labels) => {
    const of = project({ there: [{ name: "web", labels }] });
    expect(await create(of)).toMatchObject({ id: "2", label: "web" });
    expect(of.posts.at(-1)).toMatchObject({ name: "web-01234567", labels: { "slipway.host": "web" } });
    expect(of.posts.at(-1)?.user_data).toContain('"hostname":"web"');
  });
});
