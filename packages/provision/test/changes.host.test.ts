import { ssh } from "@slipway/connection";
import { debian } from "@slipway/model";
import { afterAll, expect, test } from "vitest";
import {
  applyProvision,
  changesOf,
  type DropletShape,
  destroyStack,
  droplet,
  generateSshKey,
  observe,
  openCloud,
  type PlanOptions,
  type Provider,
  type ProvisionPlan,
  planProvision,
  type SeenMachine,
  sshAddress,
  type Wanted,
  wantedOf,
} from "../src/index.ts";
import { heldBy, nothing } from "./support/cloud.ts";

const stack = `u${process.pid}`;
const operator = generateSshKey("operator");
const shape: DropletShape = { region: "lon1", size: "s-1vcpu-1gb" };
const wantedWith = (change: Partial<DropletShape>, distro = debian("12")): readonly Wanted[] =>
  wantedOf([{ name: "web", on: droplet({ cloud: "local", ...shape, ...change }), distro }], [], operator.publicKey);

const plan = async (
  provider: Provider,
  wanted: readonly Wanted[],
  more: Partial<PlanOptions> = {},
): Promise<ProvisionPlan> => planProvision(wanted, await observe(provider, { wanted }), { stack, ...more });
const apply = async (provider: Provider, of: ProvisionPlan): Promise<SeenMachine> => {
  expect(of.problems).toEqual([]);
  const { failed } = await applyProvision(of, {
    provider,
    connect: (address, signal) => ssh(address, { privateKey: operator.privateKey }, { signal }),
  });
  expect(failed).toEqual([]);
  const [machine, ...others] = await provider.machines();
  expect(others).toEqual([]);
  return machine ?? expect.unreachable();
};

const open = () => openCloud([{ name: "web", on: droplet({ cloud: "local", ...shape }) }], { name: stack });
afterAll(async () => {
  await using cloud = await open();
  const [machine] = await cloud.provider.machines();
  if (machine?.protect)
    await apply(cloud.provider, await plan(cloud.provider, wantedWith({}), { unprotect: ["machine web"] }));
  await destroyStack({ provider: cloud.provider });
  // Tags of the user's own stay in an account, as at DigitalOcean.
  expect(await heldBy(stack)).toEqual({ ...nothing, volumes: 1 });
});

test("a machine is changed in place where that can be, and another takes its place where it cannot", async () => {
  await using cloud = await open();
  const { provider } = cloud;
  const script = "#!/bin/sh\necho made > /root/told\n";
  const first = await apply(provider, await plan(provider, wantedWith({ userData: script })));
  await using host = await ssh(sshAddress(first), { privateKey: operator.privateKey });
  expect((await host.exec(["cat", "/root/told"])).stdout).toBe("made\n");

  // In place: tags and protection at once, the size while it is off.
  const changed = { userData: script, size: "s-2vcpu-2gb", tags: ["env:test"], protect: true } as const;
  const larger = await plan(provider, wantedWith(changed));
  expect(larger.steps.find((step) => step.ref === "machine web")).toMatchObject({
    do: "update",
    fields: [{ field: "size", how: "while off", by: "file" }, { field: "tags" }, { field: "protect" }],
  });
  const second = await apply(provider, larger);
  expect(second).toMatchObject({ id: first.id, size: "s-2vcpu-2gb", tags: ["env:test"], protect: true });
  expect(second.hostKeys).toEqual(first.hostKeys);
  expect(changesOf(await plan(provider, wantedWith(changed)))).toBe(0);

  // Protected, also without the file saying so.
  await expect(destroyStack({ provider })).rejects.toMatchObject({ code: "plan.problems" });
  const { protect: _on, ...bare } = changed;
  expect(changesOf(await plan(provider, wantedWith(bare)))).toBe(0);
  await apply(provider, await plan(provider, wantedWith(bare), { unprotect: ["machine web"] }));

  // Another image takes another machine, and somebody who allows it.
  const other = wantedWith(bare, debian("13"));
  expect((await plan(provider, other)).problems.join()).toMatch(/image is debian-12-x64, asked for debian-13-x64/);
  const third = await apply(provider, await plan(provider, other, { replace: ["machine web"] }));
  expect(third.id).not.toBe(first.id);
  expect(third).toMatchObject({ image: "debian-13-x64", retired: false, fresh: false });
  expect(changesOf(await plan(provider, other))).toBe(0);

  // One that somebody changed in the cloud is told apart from one that the file changes.
  const meddled = await plan(provider, wantedWith({ ...bare, tags: ["env:test"] }, debian("13")));
  expect(meddled.drift).toEqual([]);
});
