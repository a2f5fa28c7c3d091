import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

/**
 * A path and how it was found. Of a file that is its identity, size and times, the change time among them, which no program can set; of a folder the
 * modules in it, since a new one may be what an import means from now on.
 */
type Found = readonly [kind: "file" | "modules", path: string, state: string];

interface Stamp {
  /** What was to be done. */
  readonly asked: string;
  readonly found: readonly Found[];
}

const formatOf = "1";
/** A file as young as this, when the work on it began, may have changed after it was read without another change time. */
const tickMs = 50;

const fileState = (path: string): string => {
  const seen = statSync(path, { bigint: true, throwIfNoEntry: false });
  return seen === undefined ? "" : `${seen.ino} ${seen.size} ${seen.mtimeNs} ${seen.ctimeNs}`;
};

const isModule = (name: string): boolean => /\.(?:[cm]?[jt]sx?|json)$/.test(name);
const modulesState = (path: string): string => {
  try {
    return digest(readdirSync(path).filter(isModule).sort().join("\n"));
  } catch {
    return "";
  }
};

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
const state = { file: fileState, modules: modulesState } as const;

/** Everything that decides what the imports in `files` mean: they themselves, their neighbours, and the packages above them. */
function decisive(files: readonly string[]): readonly (readonly [Found[0], string])[] {
  const folders = new Set(files.map((file) => dirname(file)));
  const above = new Set<string>();
  for (const folder of folders) for (let one = folder; !above.has(one); one = dirname(one)) above.add(one);
  // A package that is put in, taken out or linked elsewhere changes its folder: node_modules, or that of its scope.
  const packages = [...above]
    .filter((folder) => basename(folder) !== "node_modules")
    .flatMap((folder) => {
      const at = join(folder, "node_modules");
      const scopes = scopesIn(at);
      return [join(folder, "package.json"), at, ...scopes, ...[at, ...scopes].flatMap(chainsIn)];
    });
  return [
    ...files.map((file) => ["file", file] as const),
    ...[...folders].map((folder) => ["modules", folder] as const),
    ...packages.map((path) => ["file", path] as const),
  ];
}

function scopesIn(folder: string): readonly string[] {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith("@"))
    .map((name) => join(folder, name));
}

/** Packages behind a link to a link, as npm link makes them: the second may lead elsewhere and the folder of the first not change. */
function chainsIn(folder: string): readonly string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((one) => one.isSymbolicLink())
    .map(({ name }) => join(folder, name))
    .filter((path) => {
      try {
        return resolve(realpathSync(folder), readlinkSync(path)) !== realpathSync(path);
      } catch {
        return false;
      }
    });
}

const sealed = (body: string): string => `${digest(`${formatOf}\n${body}`)}\n${body}`;

function read(stampFile: string): Stamp | undefined {
  try {
    const text = readFileSync(stampFile, "utf8");
    const body = text.slice(text.indexOf("\n") + 1);
    return sealed(body) === text ? (JSON.parse(body) as Stamp) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether what was `asked` was done before, and everything that was read for it, and made of it, is as it was. Anything unclear is a no.
 */
export function stampHolds(stampFile: string, asked: readonly string[]): boolean {
  const stamp = read(stampFile);
  return (
    stamp !== undefined &&
    stamp.asked === asked.join("\n") &&
    stamp.found.every(([kind, path, was]) => state[kind](path) === was)
  );
}

/** Whether one of the files changed since `began`, in ms since 1970: then what was read of it may not be what is in it. */
export const changedSince = (files: readonly string[], began: number): boolean =>
  files.some((file) => (statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? began) >= began - tickMs);

export interface Done {
  /** Everything that was read for it; without a file no stamp is put. */
  readonly files: readonly string[];
  /** What came of it. */
  readonly made?: readonly string[];
  /** When it began, in ms since 1970. */
  readonly began: number;
}

/** Keeps that what was `asked` is done and well, unless something that was read changed meanwhile. */
export async function putStamp(
  stampFile: string,
  asked: readonly string[],
  { files, made = [], began }: Done,
): Promise<void> {
  const deciding = decisive(files);
  const paths = [...deciding, ...made.map((path) => ["file", path] as const)];
  const found = paths.map(([kind, path]): Found => [kind, path, state[kind](path)]);
  // A package that was linked elsewhere meanwhile leaves the files that were read as they are.
  const moved = deciding.some(
    ([kind, path]) => kind === "file" && (statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0) > began,
  );
  if (files.length === 0 || moved || changedSince(files, began)) return;
  const stamp: Stamp = { asked: asked.join("\n"), found };
  const half = `${stampFile}.${process.pid}.new`;
  try {
    // Whatever the umask is: what others may write is not believed.
    await writeFile(half, sealed(JSON.stringify(stamp)), { mode: 0o600 });
    await rename(half, stampFile);
  } catch {
    // Without it the same is done again the next time.
    await rm(half, { force: true });
  }
}
