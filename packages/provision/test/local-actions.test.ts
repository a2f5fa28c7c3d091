import { describe, expect, test } from "vitest";
import { readAction, readPolicy } from "../src/local/action-request.ts";
import { actionBody, backupWindow, dropletBody } from "../src/local/bodies.ts";
import { images } from "../src/local/catalog.ts";
import { engineLimits } from "../src/local/container.ts";
import type { OwnImage } from "../src/local/own-images.ts";
import { type DropletRecord, successorLabels } from "../src/local/store.ts";

const droplet: DropletRecord = {
  id: 5,
  container: "c",
  name: "web",
  status: "off",
  createdAt: "2026-01-01T00:00:00Z",
  region: "lon1",
  size: "s-1vcpu-2gb",
  image: "debian-12-x64",
  tags: ["a"],
  rootKeys: [],
  userData: "#cloud-config\n",
  options: { disk: 50 },
  address: "10.128.0.2",
  volumes: [],
  vpc: "",
  privateAddress: "",
  createAction: 6,
  labels: { "slipway.address": "10.128.0.2", "slipway.other": "kept", "slipway.image": "debian-12-x64" },
  generation: 1,
  madeBy: 0,
  booted: true,
  next: undefined,
};
const snapshot: OwnImage = {
  id: 77,
  name: "s",
  type: "snapshot",
  distribution: "Debian",
  regions: ["lon1"],
  minDisk: 60,
  description: "",
  tags: [],
  droplet: 5,
  createdAt: "2026-01-01T00:00:00Z",
  status: "available",
  gigabytes: 0.2,
};
const read = (body: object, change: Partial<DropletRecord> = {}) =>
  readAction({ ...body }, { droplet: { ...droplet, ...change }, offered: images, own: [snapshot], newId: () => 9 });

describe("an action is read", () => {
  test.each([
    [{ type: "reboot" }, { type: "reboot" }],
    [
      { type: "rename", name: "web-2" },
      { type: "rename", name: "web-2" },
    ],
    [
      { type: "resize", size: "s-2vcpu-2gb" },
      { type: "resize", size: "s-2vcpu-2gb", disk: "" },
    ],
    [
      { type: "resize", size: "s-2vcpu-2gb", disk: true },
      { type: "resize", size: "s-2vcpu-2gb", disk: "60" },
    ],
    [
      { type: "resize", size: "s-2vcpu-2gb", disk: "true" },
      { type: "resize", size: "s-2vcpu-2gb", disk: "60" },
    ],
    [
      { type: "snapshot", name: "n" },
      { type: "snapshot", name: "n", image: "9" },
    ],
    [
      { type: "restore", image: 77 },
      { type: "restore", image: "77" },
    ],
    [
      { type: "rebuild", image: 130_000_013 },
      { type: "rebuild", image: "debian-13-x64" },
    ],
  ])("%j", (body, data) => expect(read(body)).toEqual(data));

  test.each([
    [{}, "not a valid action type"],
    [{ type: "explode" }, "explode is not a valid action type"],
    [{ type: "rename", name: "a_b" }, "Only valid hostname characters"],
    [{ type: "resize", size: "huge" }, "invalid size"],
    [{ type: "resize", size: "s-1vcpu-1gb" }, "Size can not decrease size of Droplet's disk image"],
    [{ type: "snapshot", name: " " }, "Name can't be blank"],
    [{ type: "restore", image: 78 }, "invalid image"],
    [{ type: "rebuild", image: "plan9" }, "invalid image"],
    // Its disk is of 50 gigabytes, the image's of 60.
    [{ type: "rebuild", image: 77 }, "larger disk"],
    [{ type: "change_kernel", kernel: 1 }, "kernel"],
    [{ type: "change_backup_policy", backup_policy: { plan: "daily" } }, "not enabled"],
    [{ type: "enable_backups", backup_policy: { plan: "hourly" } }, "policy is invalid"],
    [{ type: "password_reset" }, "currently off"],
  ])("%j is refused", (body, why) => expect(read(body)).toEqual({ refused: expect.stringContaining(why) }));

  test("only a droplet that is off is resized, and only its own images restore it", () => {
    expect(read({ type: "resize", size: "s-2vcpu-2gb" }, { status: "active" })).toEqual({
      refused: "Droplet is currently on. Please power it off to run this event.",
    });
    expect(read({ type: "restore", image: 77 }, { id: 6 })).toHaveProperty("refused");
  });
});

test("backups are made in the next window of their policy", () => {
  const now = new Date("2026-11-26T21:30:00Z"); // a Thursday
  expect(backupWindow({ plan: "daily", hour: 20 }, now).start).toBe("2026-11-27T20:00:00Z");
  expect(backupWindow({ plan: "weekly", weekday: "MON", hour: 4 }, now)).toEqual({
    start: "2026-11-30T04:00:00Z",
    end: "2026-11-30T08:00:00Z",
  });
  expect(readPolicy(undefined)).toEqual({ plan: "daily", hour: 0 });
  expect(readPolicy({ plan: "weekly", weekday: "XXX", hour: 4 })).toBeUndefined();
  expect(readPolicy({ plan: "daily", hour: 5 })).toBeUndefined();
});

test("what takes a container's place keeps its labels, and says what it is", () => {
  expect(successorLabels("c", droplet, { image: "77", action: 8 })).toMatchObject({
    "slipway.other": "kept",
    "slipway.address": "10.128.0.2",
    "slipway.droplet": "5",
    "slipway.created": "2026-01-01T00:00:00Z",
    "slipway.image": "77",
    "slipway.generation": "2",
    "slipway.made-by": "8",
  });
});

test("a droplet shows what it has, and new ones no address", () => {
  const options = { disk: 50, ipv6: true, monitoring: true, backups: { plan: "daily", hour: 0 } } as const;
  expect(dropletBody({ ...droplet, options }, false, [snapshot])).toMatchObject({
    memory: 2048,
    disk: 50,
    features: ["backups", "ipv6", "monitoring", "private_networking"],
    snapshot_ids: [77],
    next_backup_window: { start: expect.any(String) },
    image: { slug: "debian-12-x64" },
    networks: { v6: [{ ip_address: "fd00:80:0::2", netmask: 64 }] },
  });
  expect(dropletBody({ ...droplet, options, status: "new" }, true, [])).toMatchObject({ networks: { v4: [], v6: [] } });
  expect(engineLimits({ memory: 512, vcpus: 2 })).toEqual({
    Memory: 536_870_912,
    MemorySwap: 536_870_912,
    CpuPeriod: 100_000,
    CpuQuota: 200_000,
  });
});

test.each([
  ["2604:a880::9f3a", 0x9f3a],
  ["2604:a880::a12", 0xa12],
  ["2604:a880::", 0],
  ["10.0.0.1", 0x0a000001],
])("an action of the address %s names it by a number", (ip, resource) => {
  const at = "2026-01-01T00:00:00Z";
  const record = { id: 1, type: "assign_ip", droplet: 5, status: "completed", startedAt: at, completedAt: at } as const;
  expect(actionBody({ ...record, region: "lon1", data: { ip } })).toMatchObject({ resource_id: resource });
});
