import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ssh } from "@slipway/connection";
import { afterAll, expect, test } from "vitest";
import {
  applyProvision,
  changesOf,
  destroyStack,
  firewall,
  generateSshKey,
  observe,
  openCloud,
  type PlanOptions,
  type Provider,
  type ProvisionEvent,
  type ProvisionPlan,
  planProvision,
  reservedIp,
  server,
  volume,
  wantedOf,
} from "../src/index.ts";
import { heldBy, nothing } from "./support/cloud.ts";

// The same hosts, the same plan, the same apply: by Hetzner's API.
const stack = `hz${process.pid}`;
const operator = generateSshKey("operator");
const spec = { cloud: "local", location: "nbg1", type: "cpx11" } as const;
const appHost = { name: "app", on: server({ ...spec, tags: ["env:test", "lone"] }) };
const ciHost = { name: "ci.example.org", on: server(spec) };
const hosts = [appHost, ciHost];
type Hosts = Parameters<typeof openCloud>[0];

const folder = mkdtempSync(join(tmpdir(), "slipway-hetzner-"));
const keyFile = join(folder, "operator");
writeFileSync(keyFile, operator.privateKey, { mode: 0o600 });
writeFileSync(`${keyFile}.pub`, operator.publicKey);
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await using cloud = await openCloud(hosts, { name: stack });
  await destroyStack({ provider: cloud.provider });
});

const connect: Parameters<typeof applyProvision>[1]["connect"] = (address, signal) =>
  ssh(address, { privateKey: operator.privateKey }, { signal });

async function plan(provider: Provider, of: Hosts = hosts, more: Partial<PlanOptions> = {}): Promise<ProvisionPlan> {
  const wanted = wantedOf(of, [], operator.publicKey);
  return planProvision(wanted, await observe(provider, { wanted }), { stack, ...more });
}

test("two hosts are made, logged into, planned to nothing, changed, replaced, and destroyed", async () => {
  await using cloud = await openCloud(hosts, { name: stack });
  const { provider } = cloud;

  const first = await plan(provider);
  expect(first.problems).toEqual([]);
  expect(first).toMatchObject({ currency: "€", monthly: 10.98 });
  const events: ProvisionEvent[] = [];
  const made = await applyProvision(first, { provider, connect, onEvent: (event) => events.push(event) });
  expect(made.failed).toEqual([]);
  expect(made.changes).toBe(3);
  const steps = events.filter((event) => event.name === "ci.example.org").map((event) => event.step);
  expect(steps.slice(0, 3)).toEqual(["creating", "created", "active"]);
  expect(steps.slice(3)).toEqual(["answers", "verified", "initialized", "rekeyed", "ready"]);
  const injected = events.find((event) => event.name === "app" && event.step === "verified")?.detail;
  expect(made.machines[0]?.hostKeys).toHaveLength(1);
  expect(made.machines[0]?.hostKeys).not.toContain(injected);

  const second = await plan(provider);
  expect(changesOf(second)).toBe(0);
  expect(second.drift).toEqual([]);
  expect(await applyProvision(second, { provider, connect })).toMatchObject({ changes: 0, failed: [] });
  await expect(applyProvision(first, { provider, connect })).rejects.toMatchObject({ code: "plan.stale" });

  // In place: labels, protection and backups; with the server off: its type.
  const changed = [
    { name: "app", on: server({ ...spec, type: "cx23", tags: ["env:prod"], protect: true, backups: true }) },
    ...hosts.slice(1),
  ];
  const third = await plan(provider, changed);
  expect(third.problems).toEqual([]);
  expect(third.steps.filter((step) => step.do !== "keep").map((step) => step.id)).toEqual(["update machine app"]);
  expect(await applyProvision(third, { provider, connect })).toMatchObject({ changes: 1, failed: [] });
  expect(changesOf(await plan(provider, changed))).toBe(0);
  await expect(destroyStack({ provider })).rejects.toMatchObject({ code: "plan.problems" });

  // Another one in its place: names are unique, so the new one has a spare name, and its host the right one.
  const moved = [changed[0], { name: "ci.example.org", on: server({ ...spec, location: "hel1" }) }] as Hosts;
  const fourth = await plan(provider, moved, { replace: ["machine ci.example.org"] });
  expect(fourth.problems).toEqual([]);
  expect(await applyProvision(fourth, { provider, connect })).toMatchObject({ failed: [] });
  expect(changesOf(await plan(provider, moved))).toBe(0);
  const ci = (await provider.machines()).filter((machine) => machine.name === "ci.example.org");
  expect(ci).toMatchObject([{ region: "hel1", label: "ci.example.org" }]);
  await using login = await connect(
    { host: "ci", address: ci[0]?.address ?? "", port: 22, user: "root", hostKeys: ci[0]?.hostKeys ?? [] },
    AbortSignal.timeout(30_000),
  );
  expect((await login.exec(["hostname"])).stdout.trim()).toBe("ci.example.org");

  const bare = [
    { name: "app", on: server({ ...spec, type: "cx23", tags: ["env:prod"], backups: true }) },
    moved[1],
  ] as Hosts;
  const fifth = await plan(provider, bare, { unprotect: ["machine app"] });
  expect(await applyProvision(fifth, { provider, connect })).toMatchObject({ failed: [] });
  const { removed } = await destroyStack({ provider });
  expect(removed).toEqual(["key operator", "machine app", "machine ci.example.org"]);
  expect(await heldBy(stack)).toEqual(nothing);
});

test("a firewall that names machines, a volume and an address: one apply, then nothing to do", async () => {
  const name = `${stack}-r`;
  await using cloud = await openCloud(hosts, { name });
  const { provider } = cloud;
  const resources = [
    firewall("front", {
      on: [appHost],
      allows: [
        { tcp: 8000, from: [ciHost] },
        { udp: 53, from: "platform" },
      ],
    }),
    volume("data", { on: appHost, gigabytes: 10, filesystem: "ext4" }),
    reservedIp("stable", { on: appHost }),
  ];
  const wanted = wantedOf(hosts, resources, operator.publicKey);
  const look = async (): Promise<ProvisionPlan> =>
    planProvision(wanted, await observe(provider, { wanted }), { stack: name });
  try {
    const first = await look();
    expect(first.problems).toEqual([]);
    expect(await applyProvision(first, { provider, connect })).toMatchObject({ failed: [] });
    // The machine that a rule names was made after the rule; its address came in when it was ready.
    expect((await look()).steps.filter((step) => step.do !== "keep")).toEqual([]);
    const [front] = (await provider.observe({ wanted })).filter((one) => one.kind === "firewall");
    expect(front?.inbound.find((rule) => rule.ports === "8000")).toMatchObject({ machines: ["ci.example.org"] });
  } finally {
    const { removed } = await destroyStack({ provider });
    expect(removed).toHaveLength(6);
  }
  expect(await heldBy(name)).toEqual(nothing);
});

const program = fileURLToPath(new URL("./support/provision.ts", import.meta.url));
const begin = (name: string, what: string): ChildProcess =>
  spawn(process.execPath, ["--conditions=source", program, name, keyFile, what, "hetzner"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
/** The last line it prints; killed as soon as it prints one that begins so. */
async function run(name: string, what: string, until?: string): Promise<string> {
  const child = begin(name, what);
  const end = new Promise<number | null>((resolve) => child.once("close", resolve));
  let last = "";
  if (child.stdout !== null)
    for await (const line of createInterface(child.stdout)) {
      last = line;
      if (until !== undefined && line.startsWith(until)) child.kill("SIGKILL");
    }
  expect(await end).toBe(until === undefined ? 0 : null);
  return last;
}

const points = ["creating", "verified"] as const;

test.each(points)("killed at %s: the next run completes it, the one after changes nothing", async (point) => {
  const name = `${stack}-${points.indexOf(point)}`;
  try {
    await run(name, "provision", point);
    expect(await run(name, "provision")).toMatch(/^done 2 /);
    expect(await run(name, "provision")).toBe("done 2 0");
    // The two machines, and the one that answers for names.
    expect((await heldBy(name)).containers).toBe(3);
    await run(name, "destroy", "deleting");
  } finally {
    await run(name, "destroy");
  }
  expect(await heldBy(name)).toEqual(nothing);
});
