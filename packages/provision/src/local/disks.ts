import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Helped, help, removeHelperOn } from "./helper.ts";
import { exclusively } from "./lock.ts";
import { runLabel } from "./run-label.ts";
import type { Cloud } from "./state.ts";
import { cloudLabel } from "./store.ts";

/** The engine's volume that holds the disk of a volume or of a snapshot: one sparse file, named for its id. */
export const diskVolume = (cloud: string, id: string): string => `slipway.${cloud}.disk.${id}`;

const diskLabel = "slipway.disk";

export interface Disk {
  readonly id: string;
  readonly gigabytes: number;
  /** Made on the disk when it is new; "" leaves it empty. */
  readonly filesystem: string;
  readonly label: string;
  /** Id of the snapshot that a new disk begins as. */
  readonly snapshot?: string;
}

/**
 * A loop device is found by the name of the file behind it, which is unique and shown in every container alike. `$1` is what to do, `$2` the id,
 * then gigabytes, filesystem, label, the id of a snapshot that a new disk begins as and that of a copy to be made. May be repeated, whatever
 * the last one was killed at.
 */
const script = `set -e
do=$1 id=$2 gigabytes=$3 filesystem=$4 label=$5 snapshot=$6 copy=$7 file=/disk/$2.img
# Those that are on their way out count no more: something still holds what was mounted there.
loops() {
  for backing in /sys/block/loop*/loop/backing_file; do
    case "$(cat "$backing" 2>/dev/null)" in */"$id.img"|*/"$id.img (deleted)") loop=\${backing#/sys/block/}; [ "$(cat "\${backing%/*}/autoclear")" = 1 ] || echo "\${loop%%/*}" ;; esac
  done
}
node() { [ -b "/dev/$1" ] || mknod "/dev/$1" b $(tr : ' ' < "/sys/block/$1/dev"); }
make() {
  [ ! -e "$file" ] || return 0
  rm -f "$file.new"
  [ -z "$snapshot" ] || cp --sparse=always "/snapshot/$snapshot.img" "$file.new"
  truncate -s ">\${gigabytes}G" "$file.new"
  if [ -z "$snapshot" ]; then
    case "$filesystem" in
      ext4) mkfs.ext4 -q -F -L "$label" "$file.new" ;;
      xfs)
        # Not in the image, for all that it brings with it.
        command -v mkfs.xfs >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends xfsprogs; } >/dev/null 2>&1
        mkfs.xfs -q -f -L "$label" "$file.new"
        ;;
    esac
  fi
  sync "$file.new"
  mv "$file.new" "$file"
}
case "$do" in
  make) make ;;
  up)
    make
    truncate -s ">\${gigabytes}G" "$file"
    loop=$(loops)
    if [ -n "$loop" ]; then
      node "$loop"
      losetup -c "/dev/$loop"
      exit 0
    fi
    [ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
    # Others may take the free one at this moment.
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
      free=$(losetup -f)
      node "\${free#/dev/}"
      if losetup "$free" "$file"; then echo new; exit 0; fi
    done
    exit 1
    ;;
  down)
    for loop in $(loops); do
      node "$loop"
      losetup -d "/dev/$loop"
    done
    ;;
  sweep)
    for backing in /sys/block/loop*/loop/backing_file; do
      case "$(cat "$backing" 2>/dev/null)" in
        /????????-????-????-????-????????????.img" (deleted)")
          loop=\${backing#/sys/block/}
          node "\${loop%%/*}"
          losetup -d "/dev/\${loop%%/*}"
          ;;
      esac
    done
    ;;
  copy)
    make
    sync
    [ -e "/copy/$copy.img" ] || { cp --sparse=always "$file" "/copy/$copy.img.new" && mv "/copy/$copy.img.new" "/copy/$copy.img"; }
    ;;
esac`;

async function hold(cloud: Cloud, id: string): Promise<string> {
  const Name = diskVolume(cloud.name, id);
  const Labels = { [cloudLabel]: cloud.name, [diskLabel]: id, ...runLabel() };
  await cloud.engine.call("POST", "/volumes/create", { body: { Name, Labels } });
  return Name;
}

/** Nobody else touches the same disk meanwhile. */
async function on(cloud: Cloud, verb: "make" | "up" | "copy", disk: Disk, copy = ""): Promise<string> {
  return exclusively(`disk ${cloud.name} ${disk.id}`, async () => {
    const volumes: Record<string, string> = { "/disk": await hold(cloud, disk.id) };
    if (disk.snapshot !== undefined) volumes["/snapshot"] = diskVolume(cloud.name, disk.snapshot);
    if (copy !== "") volumes["/copy"] = await hold(cloud, copy);
    const args = [verb, disk.id, String(disk.gigabytes), disk.filesystem, disk.label, disk.snapshot ?? "", copy];
    // The network is for mkfs.xfs.
    return help(cloud, { on: `disk.${disk.id}`, script, args, volumes, network: disk.filesystem === "xfs" });
  });
}

/** Makes the disk unless it is there. */
export const makeDisk = async (cloud: Cloud, disk: Disk): Promise<void> => {
  await on(cloud, "make", disk);
};

/** Makes the disk, or makes it bigger, and puts it behind a loop device. True when it was behind none. */
export const diskUp = async (cloud: Cloud, disk: Disk): Promise<boolean> =>
  (await on(cloud, "up", disk)).endsWith("new");

/**
 * Whether the disk is seen to be behind a loop device, without asking the engine's machine, which mostly is this one. False says nothing.
 */
export async function isDiskUp(id: string): Promise<boolean> {
  const blocks = "/sys/block";
  const read = (name: string, file: string): Promise<string> =>
    readFile(join(blocks, name, "loop", file), "utf8").catch(() => "");
  const names = (await readdir(blocks).catch(() => [])).filter((name) => name.startsWith("loop"));
  const seen = await Promise.all(
    names.map(
      async (name) =>
        (await read(name, "backing_file")).trim().endsWith(`/${id}.img`) &&
        (await read(name, "autoclear")).trim() === "0",
    ),
  );
  return seen.includes(true);
}

/** Copies the disk, as it is at this moment, to that of another id. */
export const copyDisk = async (cloud: Cloud, disk: Disk, to: string): Promise<void> => {
  await on(cloud, "copy", disk, to);
};

/** Takes the loop device away: at once, or when the last that has it mounted goes. */
export const diskDown = (cloud: Helped, id: string): Promise<void> =>
  exclusively(`disk ${cloud.name} ${id}`, async () => {
    await help(cloud, { on: `disk.${id}`, script, args: ["down", id, "", "", "", "", ""] });
  });

/** The same for all disks of a cloud. */
export async function detachDisks(cloud: Helped): Promise<void> {
  for (const id of await diskIds(cloud)) await diskDown(cloud, id);
}

/** Takes away the loop devices of disks whose volume somebody removed from the engine without them, of any cloud. */
export const sweepDisks = async (cloud: Helped): Promise<void> => {
  await help(cloud, { on: "disks", script, args: ["sweep", "", "", "", "", "", ""] });
};

/** Forgets what is on the disk. Gone already is as good. */
export const removeDisk = (cloud: Cloud, id: string): Promise<void> =>
  exclusively(`disk ${cloud.name} ${id}`, async () => {
    await removeHelperOn(cloud, `disk.${id}`);
    await cloud.engine.call("DELETE", `/volumes/${diskVolume(cloud.name, id)}`, { accept: [404] });
  });

/** Ids of all disks, those that nothing knows of among them. */
export async function diskIds(cloud: Pick<Cloud, "engine" | "name">): Promise<string[]> {
  const filters = { label: [`${cloudLabel}=${cloud.name}`, diskLabel] };
  const seen = (await cloud.engine.call("GET", "/volumes", { query: { filters } })).json() as {
    Volumes: { Labels: Readonly<Record<string, string>> }[] | null;
  };
  return (seen.Volumes ?? []).map((one) => one.Labels[diskLabel] ?? "");
}
