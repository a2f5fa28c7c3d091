import { closeSync, constants, fsyncSync, lstatSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { mkdtemp, readdir, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Types of file systems that are memory, by Linux: tmpfs, ramfs. */
const memoryTypes = new Set([0x01_02_19_94, 0x85_84_58_f6]);
const prefix = "slipway-edit-";

const places = (): readonly string[] => [process.env.XDG_RUNTIME_DIR ?? "", "/dev/shm"].filter((place) => place !== "");

async function memory(): Promise<string | undefined> {
  for (const place of places()) {
    const type = await statfs(place).then(
      (found) => found.type,
      () => undefined,
    );
    if (type !== undefined && memoryTypes.has(type)) return place;
  }
  return undefined;
}

/** A new folder that only its owner enters (0700), in memory; on the disk only where that is allowed, otherwise undefined. */
export async function privateFolder(onDisk: boolean): Promise<string | undefined> {
  const place = (await memory()) ?? (onDisk ? tmpdir() : undefined);
  return place === undefined ? undefined : mkdtemp(join(place, `${prefix}${process.pid}-`));
}

/** Overwrites and removes everything in a folder. Synchronous, as it has to be done when the process ends. */
export function wipe(folder: string): void {
  let names: readonly string[] = [];
  try {
    names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    return;
  }
  for (const name of names) {
    const path = join(folder, name);
    try {
      // Editors leave links there, as Emacs does for its lock: they may lead nowhere, or to somebody's file.
      const seen = lstatSync(path);
      if (!seen.isFile()) continue;
      const file = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW);
      writeSync(file, Buffer.alloc(seen.size));
      fsyncSync(file);
      closeSync(file);
    } catch {
      // Removed below all the same.
    }
  }
  rmSync(folder, { recursive: true, force: true });
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Wipes what was left by processes of this user that were killed. Whether there was something. */
export async function sweep(): Promise<boolean> {
  let swept = false;
  for (const place of new Set([...places(), tmpdir()])) {
    for (const name of await readdir(place).catch(() => [])) {
      const [, pid] = name.startsWith(prefix) ? (/^(\d+)-/.exec(name.slice(prefix.length)) ?? []) : [];
      if (pid === undefined || lives(Number(pid))) continue;
      const folder = join(place, name);
      if ((await stat(folder).catch(() => undefined))?.uid !== process.getuid?.()) continue;
      wipe(folder);
      swept = true;
    }
  }
  return swept;
}
