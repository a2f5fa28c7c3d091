import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  destroyStack,
  generateSshKey,
  type Intent,
  type Links,
  observe,
  type Provider,
  planProvision,
  refOf,
  type Seen,
  type SeenMachine,
  type Wanted,
  type WantedMachine,
} from "../../src/index.ts";

export interface Subject {
  /** The cloud as another process sees it: nothing is kept in a provider. `stack` is another one in the same cloud. */
  readonly open: (stack?: string) => Promise<{ readonly provider: Provider } & AsyncDisposable>;
  /** Something that the cloud takes. */
  readonly machine: Pick<WantedMachine, "region" | "size" | "image"> & { readonly otherRegion: string };
}

/** Never resolves sooner than the cloud is done; every wait of a provider has its own deadline. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));
const intent = (begun = false): Intent => ({ id: randomBytes(8).toString("hex"), begun });
const noLinks: Links = new Map();

/** What every provider keeps, whoever's it is. */
export function providerContract(name: string, subject: Subject): void {
  describe(`${name} keeps the contract of a provider`, () => {
    const { otherRegion, ...place } = subject.machine;
    const operator = generateSshKey("operator");
    const key = { kind: "key", name: "operator", publicKey: operator.publicKey } as const;
    const want = (more: Partial<WantedMachine> = {}): WantedMachine => ({
      kind: "machine",
      name: "one",
      tags: ["env:test"],
      protect: false,
      backups: false,
      firewalls: [],
      ...place,
      ...more,
    });
    let opened: Awaited<ReturnType<Subject["open"]>>;
    let provider: Provider;
    beforeAll(async () => {
      opened = await subject.open();
      ({ provider } = opened);
    });
    afterAll(async () => {
      await destroyStack({ provider });
      await opened[Symbol.asyncDispose]();
    });
    const makes = (): Required<Pick<Provider["makes"], "key" | "machine">> => {
      const { key: keys, machine } = provider.makes;
      if (keys === undefined || machine === undefined) throw new Error("a provider has keys and machines at least");
      return { key: keys, machine };
    };
    const seen = async <K extends Seen["kind"]>(kind: K, wanted: readonly Wanted[] = []): Promise<readonly Seen<K>[]> =>
      (await provider.observe({ wanted, all: true })).filter((one): one is Seen<K> => one.kind === kind);
    const active = async (id: string): Promise<SeenMachine> => {
      for (;;) {
        const found = (await provider.machines()).find((one) => one.id === id);
        if (found?.status === "active" && found.address !== "") return found;
        await pause();
      }
    };
    const now = async (id: string): Promise<SeenMachine | undefined> =>
      (await provider.machines()).find((one) => one.id === id);

    test("its catalog has what machines are made of, with prices", async () => {
      const catalog = await provider.catalog({ wanted: [want()] });
      expect(catalog.regions.find((one) => one.slug === place.region)?.available).toBe(true);
      expect(catalog.regions.map((one) => one.slug)).toContain(otherRegion);
      const size = catalog.sizes.find((one) => one.slug === place.size);
      expect(size?.monthly).toBeGreaterThan(0);
      expect(size?.regions).toContain(place.region);
      expect(catalog.images.map((one) => one.slug)).toContain(place.image);
      for (const { most, there } of Object.values(await provider.room(["machine"])))
        expect(most).toBeGreaterThan(there);
      expect(["$", "€"]).toContain(catalog.currency);
      expect(new Set(Object.keys(provider.makes))).toEqual(new Set(provider.traits.kinds));
    });

    test("a key is made once, seen as ours, and removed as often as one likes", async () => {
      const keys = makes().key;
      const made = await keys.create(key, noLinks, intent());
      expect(made).toMatchObject({ kind: "key", name: "operator", ours: true });
      expect((await keys.create(key, noLinks, intent())).id).toBe(made.id);
      expect((await seen("key", [key])).map((one) => one.id)).toEqual([made.id]);
      await keys.remove(made);
      await keys.remove(made);
      expect(await seen("key", [key])).toEqual([]);
    });

    test("a machine is made once for an intent, and tells all that a plan compares", async () => {
      const { key: keys, machine } = makes();
      const links = new Map([[refOf(key), await keys.create(key, noLinks, intent())]]);
      const asked = intent();
      const made = await machine.create(want(), links, asked);
      expect(made).toMatchObject({ name: "one", ours: true, fresh: true });
      // As a run that died before it saw the answer.
      expect((await machine.create(want(), links, { ...asked, begun: true })).id).toBe(made.id);
      const there = await active(made.id);
      expect(there.hostKeys).toHaveLength(1);
      expect(there.hostPublicKeys[0]).toMatch(/^ssh-ed25519 AAAA\S+$/);
      expect(there).toMatchObject({ ...place, name: "one", label: "one", ours: true, retired: false });
      const wanted = [key, want()];
      const plan = planProvision(wanted, await observe(provider, { wanted }), { stack: provider.stack });
      expect(plan.problems).toEqual([]);
      expect(plan.steps.filter((step) => step.do !== "keep")).toEqual([]);
      // Another process sees the same.
      await using other = await subject.open();
      expect(await other.provider.machines()).toEqual(await provider.machines());
    });

    test("host keys are pinned: two while one is renewed, then the new one", async () => {
      const [before] = await provider.machines();
      if (before === undefined) throw new Error("the machine is gone");
      const next = generateSshKey("next");
      const bare = next.publicKey.split(" ").slice(0, 2).join(" ");
      await provider.pin(before, [...before.hostPublicKeys, bare], true);
      const both = await now(before.id);
      expect(new Set(both?.hostKeys)).toEqual(new Set([...before.hostKeys, next.sha256]));
      expect(both?.fresh).toBe(true);
      if (both === undefined) return;
      await provider.pin(both, [bare], false);
      expect(await now(before.id)).toMatchObject({ hostKeys: [next.sha256], hostPublicKeys: [bare], fresh: false });
      await expect(provider.pin(both, [], false)).rejects.toMatchObject({ code: "machine.hostkey" });
    });

    test("changes are made in place, and making them again changes nothing", async () => {
      const [before] = await provider.machines();
      if (before === undefined) throw new Error("the machine is gone");
      const wanted = want({ tags: ["env:prod", "lone"], protect: true });
      for (const _again of [1, 2]) await makes().machine.update(before, wanted, ["tags", "protect"], noLinks);
      const after = await now(before.id);
      expect(after).toMatchObject({ protect: true, hostKeys: before.hostKeys });
      expect(new Set(after?.tags)).toEqual(new Set(["env:prod", "lone"]));
      // What was applied of the file is what it was: protecting is no part of that.
      if (after === undefined) return;
      await makes().machine.update(after, want({ tags: ["by-hand"], protect: true }), ["protect"], noLinks);
      const drifted = await now(before.id);
      expect(drifted).toMatchObject({ protect: true, tags: ["by-hand"], spec: after.spec });
      const told = planProvision([wanted], await observe(provider, { wanted: [wanted] }), { stack: provider.stack });
      expect(told.drift).toEqual([expect.stringContaining("somebody changed tags to by-hand")]);
      if (drifted !== undefined) await makes().machine.update(drifted, wanted, ["tags"], noLinks);
      // Protection stays unless that is what changes.
      await makes().machine.update(after, want(), ["tags"], noLinks);
      const kept = await now(before.id);
      expect(kept).toMatchObject({ protect: true, tags: ["env:test"] });
      // Whatever was seen before, it is not removed while it is protected.
      await expect(makes().machine.remove(before)).rejects.toMatchObject({ code: "cloud.protected" });
      expect(await now(before.id)).toEqual(kept);
      if (kept !== undefined) await makes().machine.update(kept, want(), ["protect"], noLinks);
      expect((await now(before.id))?.protect).toBe(false);
    });

    test("another stack cannot adopt it, nor sees it as its own", async () => {
      const [theirs] = await provider.machines();
      if (theirs === undefined) throw new Error("the machine is gone");
      await using other = await subject.open(`${provider.stack}-b`);
      expect(await other.provider.machines()).toEqual([]);
      const wanted = [want({ tags: [] })];
      const adopt = [{ ref: "machine one", id: theirs.id, hostKey: theirs.hostPublicKeys[0] ?? "" }] as const;
      const observed = await observe(other.provider, { wanted, adopt });
      const plan = planProvision(wanted, observed, { stack: other.provider.stack, adopt });
      expect(plan.problems).toEqual([
        `machine one: ${theirs.id} cannot be adopted, it belongs to stack ${provider.stack}; release it there first`,
      ]);
      const found = observed.seen.find((one): one is SeenMachine => one.kind === "machine" && one.id === theirs.id);
      if (found === undefined) throw new Error("what is to be adopted is not seen");
      expect(found).toMatchObject({ ours: false, owners: [provider.stack] });
      // Marked since it was planned.
      await expect(other.provider.makes.machine?.adopt(found, want(), noLinks)).rejects.toMatchObject({
        code: "plan.stale",
        message: expect.stringContaining(`stack ${provider.stack}`) as unknown,
      });
      expect(await destroyStack({ provider: other.provider })).toEqual({ removed: [] });
      expect(await provider.machines()).toEqual([theirs]);
    });

    test("two may stand side by side while one goes, under the name of one host", async () => {
      const [old] = await provider.machines();
      if (old === undefined) throw new Error("the machine is gone");
      await provider.retire(old);
      await provider.retire(old);
      const made = await makes().machine.create(want({ region: otherRegion }), noLinks, intent());
      const next = await active(made.id);
      expect(next).toMatchObject({ name: "one", label: "one", region: otherRegion, retired: false });
      expect((await now(old.id))?.retired).toBe(true);
      const wanted = [want({ region: otherRegion })];
      const plan = planProvision(wanted, await observe(provider, { wanted }), { stack: provider.stack });
      expect(plan.steps.filter((step) => step.do !== "keep").map((step) => step.id)).toEqual([
        `delete machine one ${old.id}`,
      ]);
      for (const _again of [1, 2]) await makes().machine.remove(old);
      expect((await provider.machines()).map((one) => one.id)).toEqual([made.id]);
    });

    test("volumes, firewalls and reserved addresses are as they were asked for, and change in place", async () => {
      const [machine] = await provider.machines();
      const { volume, firewall, "reserved-ip": reserved } = provider.makes;
      if (machine === undefined || volume === undefined || firewall === undefined || reserved === undefined) return;
      const everywhere = ["0.0.0.0/0", "::/0"];
      const rule = { protocol: "tcp", ports: "22", addresses: everywhere, machines: [] } as const;
      const all = (["tcp", "udp", "icmp"] as const).map((protocol) => ({
        protocol,
        ports: "all",
        addresses: everywhere,
        machines: [],
      }));
      const host = want({ region: otherRegion, firewalls: ["front"] });
      const front = { kind: "firewall", name: "front", machines: ["one"], inbound: [rule], outbound: all } as const;
      const data = {
        kind: "volume",
        name: "data",
        region: otherRegion,
        gigabytes: 10,
        filesystem: "ext4",
        machine: "one",
        protect: false,
      } as const;
      const stable = { kind: "reserved-ip", name: "stable", machine: "one" } as const;
      const links = new Map<string, Seen>([[refOf(host), machine]]);
      const changes = async (wanted: readonly Wanted[]): Promise<readonly string[]> => {
        const plan = planProvision(wanted, await observe(provider, { wanted }), { stack: provider.stack });
        expect(plan.problems).toEqual([]);
        return plan.steps.filter((step) => step.do !== "keep").map((step) => step.id);
      };

      const asked = [intent(), intent(), intent()] as const;
      for (const begun of [false, true]) {
        // Twice, the second time as after a run that died before it saw the answer.
        await firewall.create(front, links, { ...asked[0], begun });
        await volume.create(data, links, { ...asked[1], begun });
        await reserved.create(stable, links, { ...asked[2], begun });
      }
      await makes().machine.update(machine, host, ["firewalls"], links);
      expect(await changes([host, front, data, stable])).toEqual([]);
      const [address] = await seen("reserved-ip");
      expect(address).toMatchObject({ ours: true, assignedTo: machine.id, machine: "one" });
      expect(address?.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);

      // Rules may name machines, also such as are not there.
      const inner = { ...rule, ports: "8000-8010", addresses: [], machines: ["one"] };
      const closed = { ...front, inbound: [rule, inner], outbound: [{ ...rule, ports: "443" }] };
      const larger = { ...data, gigabytes: 20, protect: true };
      expect(await changes([host, closed, larger, stable])).toEqual(["update firewall front", "update volume data"]);
      const [wall] = await seen("firewall");
      const [disk] = await seen("volume");
      if (wall === undefined || disk === undefined) throw new Error("the firewall or the volume is gone");
      expect(disk).toMatchObject({ filesystem: "ext4", gigabytes: 10 });
      await firewall.update(wall, closed, ["inbound", "outbound"], links);
      await volume.update(disk, larger, ["gigabytes", "protect"], links);
      expect(await changes([host, closed, larger, stable])).toEqual([]);

      await expect(volume.remove(disk)).rejects.toMatchObject({ code: "cloud.protected" });
      // Without its machine a volume stays; protected it is, until that is taken away.
      const { machine: _off, ...alone } = larger;
      for (const _again of [1, 2]) await volume.update(disk, alone, ["machine"], links);
      expect(await changes([host, closed, alone, stable])).toEqual([]);
      await volume.update(disk, { ...alone, protect: false }, ["protect"], links);
      expect((await seen("volume"))[0]).toMatchObject({ protect: false, attachedTo: "", gigabytes: 20 });
    });

    test("a stack that is destroyed leaves nothing", async () => {
      const { removed } = await destroyStack({ provider });
      expect(removed).toContain("machine one");
      expect(await provider.observe({ wanted: [key, want()], all: true })).toEqual([]);
      await provider.forget();
    });
  });
}
