import { ssh } from "@slipway/connection";
import { afterAll, expect, test } from "vitest";
import {
  applyProvision,
  changesOf,
  destroyStack,
  droplet,
  generateSshKey,
  knownHosts,
  listMachines,
  observe,
  openCloud,
  type Provider,
  type ProvisionEvent,
  type ProvisionPlan,
  planProvision,
  sshConfig,
  wantedOf,
} from "../src/index.ts";
import { heldBy, nothing } from "./support/cloud.ts";

const stack = `t${process.pid}`;
const operator = generateSshKey("operator");
const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb", tags: ["env:test"] });
const hosts = [
  { name: "app", on },
  { name: "ci", on },
];

const wanted = wantedOf(hosts, [], operator.publicKey);
const plan = async (provider: Provider): Promise<ProvisionPlan> =>
  planProvision(wanted, await observe(provider, { wanted }), { stack });

afterAll(async () => {
  await using cloud = await openCloud(hosts, { name: stack });
  await destroyStack({ provider: cloud.provider });
});

test("provisions two hosts, a second run changes nothing, and destroying leaves nothing", async () => {
  await using cloud = await openCloud(hosts, { name: stack });
  const { provider } = cloud;
  const connect: Parameters<typeof applyProvision>[1]["connect"] = (address, signal) =>
    ssh(address, { privateKey: operator.privateKey }, { signal });

  const first = await plan(provider);
  expect(first.problems).toEqual([]);
  expect(changesOf(first)).toBe(3);
  const events: ProvisionEvent[] = [];
  const result = await applyProvision(first, { provider, connect, onEvent: (event) => events.push(event) });
  expect(result.failed).toEqual([]);
  expect(result.changes).toBe(3);
  expect(events.filter((event) => event.name === "app").map((event) => event.step)).toEqual([
    "creating",
    "created",
    "active",
    "answers",
    "verified",
    "initialized",
    "rekeyed",
    "ready",
  ]);

  // The key that came by user data is no longer used nor accepted.
  const injected = events.find((event) => event.name === "app" && event.step === "verified")?.detail;
  expect(injected).toMatch(/^[0-9a-f]{64}$/);
  expect(result.machines[0]?.hostKeys).toHaveLength(1);
  expect(result.machines[0]?.hostKeys).not.toContain(injected);

  const second = await plan(provider);
  expect(changesOf(second)).toBe(0);
  const again = await applyProvision(second, { provider, connect });
  expect(again).toMatchObject({ changes: 0, failed: [] });
  expect(again.machines).toEqual(result.machines);

  await expect(applyProvision(first, { provider, connect })).rejects.toMatchObject({ code: "plan.stale", exitCode: 5 });

  // Another process sees the same cloud: nothing is kept outside the engine.
  await using other = await openCloud(hosts, { name: stack });
  expect(await listMachines(other.provider)).toEqual(result.machines);

  const files = { identity: "/k", knownHosts: "/h" };
  expect(sshConfig(result.machines, files)).toContain("Host app\n");
  expect(knownHosts(result.machines)).toContain(`app,${result.machines[0]?.address} ssh-ed25519 `);

  const wrong = { ...operator, ...generateSshKey("other") };
  const [app] = result.machines;
  await expect(
    ssh(
      { host: "app", address: app?.address ?? "", port: 22, user: "root", hostKeys: [wrong.sha256] },
      { privateKey: operator.privateKey },
    ),
  ).rejects.toMatchObject({ code: "connection.host-key", exitCode: 5 });

  expect(await destroyStack({ provider })).toEqual({ removed: ["key operator", "machine app", "machine ci"] });
  expect(await heldBy(stack)).toEqual(nothing);
});
