import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "@slipway/model";
import { fail } from "./errors.ts";
import { lock } from "./lock.ts";
import { filesOf, readManifest } from "./manifest.ts";

/** What changes a disk, in the order in which it is asked. Tests stop it anywhere. */
export interface Disk {
  /** Creates or replaces a file and syncs it. */
  write(path: string, content: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  mkdir(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
}

const missing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";
const unlessMissing =
  <T>(otherwise: T) =>
  (error: unknown): T => {
    if (missing(error)) return otherwise;
    throw error;
  };

export const realDisk: Disk = {
  async write(path, content) {
    const file = await open(path, "w", 0o644);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  mkdir: async (path) => {
    await mkdir(path, { recursive: true });
  },
  async syncFolder(path) {
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};

const manifestFile = "manifest.json";
const signatureFile = "manifest.json.asc";
/** A change that is being prepared: means nothing. */
const staged = ".staged";
/** A change that was decided; it counts already, and its files move to their places. */
const next = ".next";
const ignored = ".gitignore";
/** SQLite keeps a journal beside it for a moment. */
const lockFile = ".lock";
const ignoredText = ".lock*\n.staged/\n.next/\n";

export interface Change {
  /** Path → content, `undefined` for a file that goes. */
  readonly files: ReadonlyMap<string, string | undefined>;
  readonly manifest: string;
  readonly signature: string;
}

/**
 * A vault's folder, changed as a whole. A change is written into `.staged`, becomes true when that is renamed to `.next`, and then moves
 * file by file. What stands in `.next` is read before what stands beside it, so that a change which was interrupted is either not there
 * or complete; the next change finishes it.
 */
export class Folder {
  readonly dir: string;
  readonly #disk: Disk;

  constructor(dir: string, disk: Disk = realDisk) {
    this.dir = dir;
    this.#disk = disk;
  }

  /** Text of a file as of the last change; undefined when there is none. */
  async read(path: string): Promise<string | undefined> {
    const text = (at: string): Promise<string | undefined> => readFile(at, "utf8").catch(unlessMissing(undefined));
    return (await text(join(this.dir, next, path))) ?? (await text(join(this.dir, path)));
  }

  manifest = (): Promise<string | undefined> => this.read(manifestFile);
  signature = (): Promise<string | undefined> => this.read(signatureFile);

  /** Every file but the folder's own, sorted, as of the last change. */
  async files(): Promise<readonly string[]> {
    const own = new Set([manifestFile, signatureFile, ignored, ".gitattributes", "README.md"]);
    const paths = new Set([...(await walk(this.dir)), ...(await walk(join(this.dir, next)))]);
    for (const path of await this.#leaving()) paths.delete(path);
    return [...paths]
      .filter(
        (path) =>
          !own.has(path) &&
          !path.startsWith(`${next}/`) &&
          !path.startsWith(`${staged}/`) &&
          !path.startsWith(lockFile),
      )
      .toSorted();
  }

  /** What the last change takes away, while it is not finished. */
  async #leaving(): Promise<readonly string[]> {
    const text = (at: string): Promise<string> => readFile(join(this.dir, at), "utf8").catch(unlessMissing(""));
    const [before, after] = [
      readManifest(await text(manifestFile)),
      readManifest(await text(join(next, manifestFile))),
    ];
    if (before === undefined || after === undefined) return [];
    const stay = filesOf(after);
    return [...filesOf(before).keys()].filter((path) => !stay.has(path));
  }

  /** Keeps other processes from changing it. */
  async lock(): Promise<Disposable> {
    await this.#writing(() => this.#disk.mkdir(this.dir));
    return lock(join(this.dir, lockFile));
  }

  /** Under the lock. When it returns, the change is there, whatever happens then. */
  async change(change: Change): Promise<void> {
    await this.#writing(async () => {
      await this.finish();
      const disk = this.#disk;
      const at = (path: string): string => join(this.dir, staged, path);
      await rm(join(this.dir, staged), { recursive: true, force: true });
      await disk.mkdir(join(this.dir, staged));
      if ((await this.read(ignored)) === undefined) await disk.write(join(this.dir, ignored), ignoredText);
      const files = [...change.files, [manifestFile, change.manifest], [signatureFile, change.signature]] as const;
      for (const [path, content] of files) {
        if (content === undefined) continue;
        await disk.mkdir(dirname(at(path)));
        await disk.write(at(path), content);
      }
      for (const folder of new Set(files.map(([path]) => dirname(at(path))))) {
        await disk.syncFolder(folder).catch(unlessMissing(undefined));
      }
      await disk.rename(join(this.dir, staged), join(this.dir, next));
      await disk.syncFolder(this.dir);
      await this.finish();
    });
  }

  /** Under the lock: moves what was decided to its place. Interrupted, it may be run again. */
  async finish(): Promise<void> {
    const disk = this.#disk;
    const from = join(this.dir, next);
    const waiting = await walk(from);
    const own = [signatureFile, manifestFile];
    for (const path of waiting.filter((one) => !own.includes(one))) {
      await disk.mkdir(dirname(join(this.dir, path)));
      await disk.rename(join(from, path), join(this.dir, path));
    }
    for (const path of await this.#leaving()) await disk.remove(join(this.dir, path));
    // The manifest is the last: while it waits, the change is not finished.
    for (const path of own) if (waiting.includes(path)) await disk.rename(join(from, path), join(this.dir, path));
    await disk.syncFolder(this.dir);
    await rm(from, { recursive: true, force: true });
  }

  async #writing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      // What was decided stays; what was not, as on a full disk, only takes room.
      await rm(join(this.dir, staged), { recursive: true, force: true }).catch(() => undefined);
      throw fail("vault.write", `the vault in ${this.dir} could not be written: ${messageOf(cause)}`, { cause });
    }
  }
}

/** Paths of all files below a folder, sorted; none when it is not there. */
async function walk(folder: string, below = ""): Promise<readonly string[]> {
  const found = await readdir(join(folder, below), { withFileTypes: true }).catch(unlessMissing([]));
  const paths = await Promise.all(
    found.map(async (entry) => {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      return entry.isDirectory() ? walk(folder, path) : [path];
    }),
  );
  return paths.flat().toSorted();
}
