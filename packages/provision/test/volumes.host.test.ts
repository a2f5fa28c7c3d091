import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { detachDisks } from "../src/local/disks.ts";
import { engineAt } from "../src/local/engine.ts";
import { heldBy, nothing } from "./support/cloud.ts";
import { type Api, api, type Droplet } from "./support/raw-cloud.ts";

const name = `v${process.pid}`;
let cloud: Api;
let one: Droplet;
let two: Droplet;

/** Files behind the loop devices of this machine that are of these volumes. */
async function loops(...ids: string[]): Promise<string[]> {
  const all = await readdir("/sys/block");
  const files = await Promise.all(
    all.map((device) => readFile(`/sys/block/${device}/loop/backing_file`, "utf8").catch(() => "")),
  );
  return files.map((file) => file.trim()).filter((file) => ids.some((id) => file.includes(id)));
}

beforeAll(async () => {
  cloud = await api({ name });
  [one, two] = await Promise.all([cloud.create("one"), cloud.create("two")]);
});
afterAll(async () => {
  for (const { id } of (await cloud.ok("GET", "/v2/droplets")).droplets) await cloud.ok("DELETE", `/v2/droplets/${id}`);
  for (const { id } of (await cloud.ok("GET", "/v2/snapshots")).snapshots)
    await cloud.ok("DELETE", `/v2/snapshots/${id}`);
  for (const { id } of (await cloud.ok("GET", "/v2/volumes")).volumes) await cloud.ok("DELETE", `/v2/volumes/${id}`);
  await cloud[Symbol.asyncDispose]();
  expect(await heldBy(name)).toEqual(nothing);
});

const good = { name: "data-1", region: "lon1", size_gigabytes: 2, filesystem_type: "ext4", filesystem_label: "data" };
const disk = "/dev/disk/by-id/scsi-0DO_Volume_data-1";

test("volumes are made, found, refused", async () => {
  expect(await cloud.message(422, "POST", "/v2/volumes", { ...good, region: "moon1" })).toMatch("region");
  expect(await cloud.message(422, "POST", "/v2/volumes", { ...good, name: "A_b" })).toMatch("lowercase");
  expect(await cloud.message(422, "POST", "/v2/volumes", { ...good, size_gigabytes: 0 })).toMatch("size");
  expect(await cloud.message(422, "POST", "/v2/volumes", { ...good, filesystem_type: "ntfs" })).toMatch("ext4");
  const { volume } = await cloud.ok("POST", "/v2/volumes", { ...good, tags: ["blue"], description: "d" });
  expect(volume).toMatchObject({
    droplet_ids: [],
    name: "data-1",
    description: "d",
    size_gigabytes: 2,
    region: { slug: "lon1" },
    tags: ["blue"],
    filesystem_type: "ext4",
    filesystem_label: "data",
  });
  expect(await cloud.message(409, "POST", "/v2/volumes", good)).toMatch("already exists");
  const other = (await cloud.ok("POST", "/v2/volumes", { ...good, region: "ams3" })).volume;
  expect((await cloud.ok("GET", "/v2/volumes?name=data-1")).volumes).toHaveLength(2);
  expect((await cloud.ok("GET", "/v2/volumes?name=data-1&region=ams3")).volumes).toMatchObject([{ id: other.id }]);
  expect(
    await cloud.message(422, "POST", `/v2/volumes/${other.id}/actions`, { type: "attach", droplet_id: one.id }),
  ).toMatch("same region");
  await cloud.ok("DELETE", "/v2/volumes?name=data-1&region=ams3");
  expect((await cloud.call("GET", `/v2/volumes/${other.id}`)).status).toBe(404);
});

test("an attached volume is a disk with the asked filesystem, and its data goes where it goes", async () => {
  const [volume] = (await cloud.ok("GET", "/v2/volumes?name=data-1&region=lon1")).volumes;
  const act = (body: object): Promise<{ action: { id: number } }> =>
    cloud.ok("POST", `/v2/volumes/${volume.id}/actions`, { region: "lon1", ...body });
  const { action } = await act({ type: "attach", droplet_id: one.id });
  expect(action).toMatchObject({ status: "in-progress", type: "attach_volume", resource_type: "volume" });
  expect(await cloud.message(422, "POST", `/v2/droplets/${one.id}/actions`, { type: "reboot" })).toMatch(
    "pending event",
  );
  expect(await cloud.ended(action)).toBe("completed");
  expect((await cloud.ok("GET", `/v2/volumes/${volume.id}`)).volume.droplet_ids).toEqual([one.id]);
  expect((await cloud.ok("GET", `/v2/droplets/${one.id}`)).droplet.volume_ids).toEqual([volume.id]);

  expect(await cloud.said(one, `findmnt -no FSTYPE,LABEL /mnt/data_1; stat -Lc %F ${disk}`)).toBe(
    "ext4   data\nblock special file",
  );
  expect(await cloud.said(one, "df -BG --output=size /mnt/data_1 | tail -1")).toMatch(/^ *2G$/);
  await cloud.said(one, "echo kept > /mnt/data_1/file && sync");
  expect(await cloud.message(409, "DELETE", `/v2/volumes/${volume.id}`)).toBe(
    "A volume that's attached to a Droplet cannot be deleted. Please detach it first before deleting.",
  );

  // Not of the folder /proc/1, which the kernel may make anew at any time.
  const started = "cut -d' ' -f22 /proc/1/stat";
  const before = await cloud.said(one, started);
  await cloud.said(one, "systemd-run --quiet systemctl reboot").catch(() => "");
  while ((await cloud.said(one, started).catch(() => before)) === before);
  expect(await cloud.said(one, "cat /mnt/data_1/file")).toBe("kept");

  // A program that has a file open there does not keep it, as when a disk is pulled out.
  await cloud.said(one, "systemd-run --quiet --unit hold sh -c 'exec sleep 1000 >> /mnt/data_1/file'");
  expect(await cloud.ended((await act({ type: "detach", droplet_id: one.id })).action)).toBe("completed");
  expect(await cloud.said(one, `findmnt /mnt/data_1; ls ${disk}; true`)).toBe("");
  const moved = await cloud.ok("POST", "/v2/volumes/actions", {
    type: "attach",
    volume_name: "data-1",
    region: "lon1",
    droplet_id: two.id,
  });
  expect(await cloud.ended(moved.action)).toBe("completed");
  expect(await cloud.said(two, "cat /mnt/data_1/file")).toBe("kept");
  expect(await loops(volume.id)).toHaveLength(2);
  await cloud.said(one, "systemctl stop hold");
  expect(await loops(volume.id)).toHaveLength(1);
  const { actions } = await cloud.ok("GET", `/v2/volumes/${volume.id}/actions`);
  expect(actions.map((each: { type: string }) => each.type).toSorted()).toEqual([
    "attach_volume",
    "attach_volume",
    "detach_volume",
  ]);

  expect(
    await cloud.message(422, "POST", `/v2/volumes/${volume.id}/actions`, { type: "resize", size_gigabytes: 1 }),
  ).toMatch("larger");
  expect(await cloud.ended((await act({ type: "resize", size_gigabytes: 3 })).action)).toBe("completed");
  const grow = `umount /mnt/data_1; e2fsck -fy ${disk}; resize2fs ${disk}; mount ${disk} /mnt/data_1`;
  expect(await cloud.said(two, `(${grow}) 2>&1; df -BG --output=size /mnt/data_1 | tail -1`)).toMatch(/3G$/);

  await cloud.ok("DELETE", `/v2/droplets/${two.id}`);
  expect(await loops(volume.id)).toEqual([]);
  expect((await cloud.ok("GET", `/v2/volumes/${volume.id}`)).volume.droplet_ids).toEqual([]);
  const three = await cloud.create("three", { volumes: [volume.id] });
  expect(await cloud.said(three, "cat /mnt/data_1/file")).toBe("kept");
  expect(await loops(volume.id)).toHaveLength(1);
});

test("snapshots are copies", async () => {
  const [volume] = (await cloud.ok("GET", "/v2/volumes?name=data-1")).volumes;
  const { snapshot } = await cloud.ok("POST", `/v2/volumes/${volume.id}/snapshots`, { name: "s", tags: ["t"] });
  expect(snapshot).toMatchObject({
    name: "s",
    resource_id: volume.id,
    resource_type: "volume",
    regions: ["lon1"],
    min_disk_size: 3,
  });
  expect((await cloud.ok("GET", "/v2/snapshots?resource_type=volume")).snapshots).toEqual([snapshot]);
  expect((await cloud.ok("GET", "/v2/snapshots?resource_type=droplet")).snapshots).toEqual([]);
  expect((await cloud.ok("GET", `/v2/volumes/${volume.id}/snapshots`)).snapshots).toEqual([snapshot]);
  const copy = (
    await cloud.ok("POST", "/v2/volumes", { name: "copy", region: "lon1", size_gigabytes: 4, snapshot_id: snapshot.id })
  ).volume;
  await cloud.ok("DELETE", `/v2/volumes/snapshots/${snapshot.id}`);
  const { action } = await cloud.ok("POST", `/v2/volumes/${copy.id}/actions`, { type: "attach", droplet_id: one.id });
  expect(await cloud.ended(action)).toBe("completed");
  expect(await cloud.said(one, "cat /mnt/copy/file; blockdev --getsize64 /dev/disk/by-id/scsi-0DO_Volume_copy")).toBe(
    `kept\n${4 * 2 ** 30}`,
  );
});

test("disks are back when the engine's machine was restarted", async () => {
  const act = async (type: string): Promise<string> =>
    cloud.ended((await cloud.ok("POST", `/v2/droplets/${one.id}/actions`, { type })).action);
  const [copy] = (await cloud.ok("GET", "/v2/volumes?name=copy")).volumes;
  expect(await act("power_off")).toBe("completed");
  const image = execFileSync("docker", ["images", "-q", "slipway/host"], { encoding: "utf8" }).split("\n")[0] ?? "";
  await detachDisks({ engine: engineAt(), name, image: () => Promise.resolve(image) });
  expect(await loops(copy.id)).toEqual([]);
  await cloud.restart();
  await cloud.until(async () => ((await loops(copy.id)).length === 1 ? true : undefined));
  expect(await act("power_on")).toBe("completed");
  expect(await cloud.said(one, "cat /mnt/copy/file")).toBe("kept");
});
