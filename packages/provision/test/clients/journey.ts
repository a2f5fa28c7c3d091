import { setTimeout } from "node:timers/promises";
import { ssh } from "@slipway/connection";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generateSshKey } from "../../src/index.ts";
import { type LocalCloud, startLocalCloud } from "../../src/local/cloud.ts";
import { noLimits } from "../../src/local/limits.ts";
import { heldBy, nothing } from "../support/cloud.ts";
import type { Shown, Traveller } from "./traveller.ts";

const region = "lon1";
const operator = generateSshKey("operator");
const hostKey = generateSshKey("host");
const userData = `#cloud-config\n${JSON.stringify({
  ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
  runcmd: ["echo it ran > /root/ran"],
})}`;

/** Asks until the answer is as wished, as the users of these libraries do; the test's own deadline ends it. */
async function until<T>(ask: () => Promise<T>, is: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask();
    if (is(value)) return value;
    await setTimeout(100);
  }
}

/** Standard output of a script, run as root on the machine. */
async function said(address: string, script: string): Promise<string> {
  await using connection = await ssh(
    { host: "web", address, port: 22, user: "root", hostKeys: [hostKey.sha256] },
    { privateKey: operator.privateKey },
    { waitMs: 30_000 },
  );
  return (await connection.exec(["sh", "-c", script])).stdout.trim();
}

/** One journey through the local cloud for every library: all that it can, on real machines, until nothing is left. */
export function travels(library: string, setOut: (cloud: LocalCloud) => Promise<Traveller>): void {
  const name = `${library.replaceAll(/[^a-z]/g, "")}-${process.pid}`;
  let cloud: LocalCloud;
  let by: Traveller;
  let web: Shown;
  let other: Shown;
  let project: string | undefined;

  const removeProject = async (id: string): Promise<void> => {
    const headers = { authorization: `Bearer ${cloud.token}` };
    await fetch(`${cloud.url}/v2/projects/${id}`, { method: "DELETE", headers });
  };
  const free = (id: number): Promise<Shown> =>
    until(
      () => by.droplets.one(id),
      (droplet) => !droplet.locked,
    );

  describe(`${library}, unmodified`, () => {
    beforeAll(async () => {
      cloud = await startLocalCloud({ name, limits: noLimits });
      by = await setOut(cloud);
      const key = await by.keys.add("operator", operator.publicKey);
      const droplet = { region, size: "s-1vcpu-1gb", image: "debian-12-x64", key, userData };
      const ids = [
        await by.droplets.create({ ...droplet, name: "web", tags: ["role:web", "both"] }),
        await by.droplets.create({ ...droplet, name: "other", tags: ["both"] }),
      ];
      const ready = (id: number): Promise<Shown> =>
        until(
          () => by.droplets.one(id),
          (one) => one.status === "active" && one.address !== "" && !one.locked,
        );
      [web, other] = (await Promise.all(ids.map(ready))) as [Shown, Shown];
    });
    afterAll(async () => {
      for (const { id } of await by.droplets.list()) await by.droplets.remove(id);
      await until(
        () => by.droplets.list(),
        (all) => all.length === 0,
      );
      for (const { id } of await by.keys.list()) await by.keys.remove(id);
      // Only now, as a project must be empty.
      if (project !== undefined) await (by.projects?.remove ?? removeProject)(project);
      await by[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
      expect(await heldBy(name)).toEqual(nothing);
    });

    test("makes machines that can be logged into, and lists them", async () => {
      expect(web).toMatchObject({ name: "web", status: "active", tags: expect.arrayContaining(["role:web", "both"]) });
      expect((await by.droplets.list()).map((one) => one.name).toSorted()).toEqual(["other", "web"]);
      expect((await by.keys.list()).map((key) => key.name)).toEqual(["operator"]);
      expect(await said(web.address, "cloud-init status --wait; hostname; cat /root/ran")).toBe(
        "status: done\nweb\nit ran",
      );
    });

    test("acts on them: rename, reboot, shutdown, power on", async () => {
      await by.droplets.act(other.id, { type: "rename", name: "other-2" });
      await until(
        () => by.droplets.one(other.id),
        (one) => one.name === "other-2" && !one.locked,
      );
      const started = "cut -d' ' -f22 /proc/1/stat";
      const before = await said(other.address, started);
      await by.droplets.act(other.id, { type: "reboot" });
      await free(other.id);
      expect(await said(other.address, started)).not.toBe(before);
      await by.droplets.act(other.id, { type: "shutdown" });
      expect((await free(other.id)).status).toBe("off");
      await by.droplets.act(other.id, { type: "power_on" });
      expect(await free(other.id)).toMatchObject({ status: "active", address: other.address });
    });

    test("makes a snapshot, and removes it", async () => {
      await by.droplets.act(other.id, { type: "snapshot", name: "kept" });
      await free(other.id);
      const [made] = await until(
        () => by.snapshots.list(),
        (all) => all.length > 0,
      );
      expect(made).toMatchObject({ name: "kept" });
      await by.snapshots.remove(made?.id ?? "");
      expect(await by.snapshots.list()).toEqual([]);
    });

    test("changes tags", async () => {
      const { tags } = by;
      if (tags === undefined) return;
      await tags.put("colour:blue", web.id);
      expect((await by.droplets.one(web.id)).tags.toSorted()).toEqual(["both", "colour:blue", "role:web"]);
      await tags.take("colour:blue", web.id);
      expect((await by.droplets.one(web.id)).tags.toSorted()).toEqual(["both", "role:web"]);
      await tags.remove("colour:blue");
      await tags.remove("both");
      expect((await by.droplets.list()).flatMap((one) => one.tags)).toEqual(["role:web"]);
    });

    test("attaches a volume, and takes it away", async () => {
      const { volumes } = by;
      if (volumes === undefined) return;
      const id = await volumes.create({ name: "data", region, gigabytes: 1 });
      const volume = async (): Promise<{ droplets: readonly number[] } | undefined> =>
        (await volumes.list()).find((one) => one.name === "data");
      expect(await volume()).toMatchObject({ id, droplets: [] });
      await volumes.attach(id, web.id);
      await until(volume, (one) => one?.droplets.includes(web.id) === true);
      await free(web.id);
      await volumes.detach(id, web.id);
      await until(volume, (one) => one?.droplets.length === 0);
      await free(web.id);
      await volumes.remove(id);
      expect(await volume()).toBeUndefined();
    });

    test("puts a firewall before a machine, and changes it", async () => {
      const { firewalls } = by;
      if (firewalls === undefined) return;
      const id = await firewalls.create("front", web.id);
      expect(await firewalls.list()).toMatchObject([{ id, name: "front", ports: ["22"] }]);
      await firewalls.open(id, 8080);
      expect((await firewalls.list())[0]?.ports.toSorted()).toEqual(["22", "8080"]);
      await firewalls.remove(id);
      expect(await firewalls.list()).toEqual([]);
    });

    test("gives a machine a floating address", async () => {
      const { addresses } = by;
      if (addresses === undefined) return;
      const ip = await addresses.create(region);
      expect(await addresses.list()).toEqual([{ ip, droplet: undefined }]);
      await addresses.assign(ip, web.id);
      await until(addresses.list, ([one]) => one?.droplet === web.id);
      await free(web.id);
      expect(await said(ip, "hostname")).toBe("web");
      await addresses.unassign(ip, web.id);
      await until(addresses.list, ([one]) => one?.droplet === undefined);
      await free(web.id);
      await addresses.remove(ip);
      await until(addresses.list, (all) => all.length === 0);
    });

    test("keeps a domain and its records", async () => {
      const { domains } = by;
      if (domains === undefined) return;
      const zone = `${name}.example.org`;
      await domains.create(zone, web.address);
      expect(await domains.list()).toEqual([zone]);
      const www = await domains.add(zone, { type: "A", name: "www", data: web.address });
      const text = await domains.add(zone, { type: "TXT", name: "@", data: "it is here" });
      await domains.change(zone, www, { type: "A", name: "www", data: other.address });
      const records = async (): Promise<readonly unknown[]> =>
        (await domains.records(zone)).filter(({ type }) => type === "A" || type === "TXT");
      expect(await records()).toHaveLength(3);
      expect(await records()).toEqual(
        expect.arrayContaining([
          { id: expect.any(Number), type: "A", name: "@", data: web.address },
          { id: www, type: "A", name: "www", data: other.address },
          { id: text, type: "TXT", name: "@", data: "it is here" },
        ]),
      );
      await domains.drop(zone, text);
      expect(await records()).toHaveLength(2);
      await domains.remove(zone);
      expect(await domains.list()).toEqual([]);
    });

    test("keeps a project", async () => {
      const { projects } = by;
      if (projects === undefined) return;
      const id = await projects.create("shop");
      expect(await projects.list()).toContainEqual({ id, name: "shop" });
      await projects.put(id, `do:droplet:${web.id}`);
      expect(await projects.holds(id)).toEqual([`do:droplet:${web.id}`]);
      project = id;
    });
  });
}
