import type { Entry, Recipient } from "./api.ts";
import type { Folder } from "./folder.ts";
import { type Manifest, readManifest, sha256 } from "./manifest.ts";
import type { SeenStore } from "./seen.ts";
import type { State } from "./state.ts";

const file = /^((?!recipients\/)[a-z][a-z0-9-]*\/)?([a-z0-9][^/]*)\.asc$/;

const listedIn = (manifest: Manifest): readonly string[] => Object.keys(manifest.secrets).toSorted();

/** The secrets of a manifest that was judged before, byte for byte this one: then no key and no signature need be read. */
export async function judgedBefore(folder: Folder, store: SeenStore): Promise<readonly string[] | undefined> {
  const text = await folder.manifest();
  if (text === undefined || (await store.read())?.sha256 !== sha256(text)) return undefined;
  const manifest = readManifest(text);
  return manifest && listedIn(manifest);
}

/** The secrets there are, as `NAME` or `CONTEXT/NAME`: by the manifest, or by the folder where there is none. */
export async function secretsOf(folder: Folder, state: State): Promise<readonly string[]> {
  if (state.signed) return listedIn(state.manifest);
  const found = (await folder.files()).map((path) => file.exec(path));
  return found.flatMap((match) => (match === null ? [] : [`${match[1] ?? ""}${match[2] ?? ""}`])).toSorted();
}

/** The names that listed secrets have in a context. Pure. */
export function namesIn(keys: readonly string[], context: string | undefined): readonly string[] {
  const mine = keys.filter((key) => !key.includes("/") || key.startsWith(`${context}/`));
  return [...new Set(mine.map((key) => key.slice(key.indexOf("/") + 1)))].toSorted();
}

// No character of a name sorts before a space.
const place = ({ name, context = "" }: Entry): string => `${name} ${context}`;
const byPlace = (a: Entry, b: Entry): number => (place(a) < place(b) ? -1 : 1);

/** All secrets with what the manifest tells of them. */
export async function entriesOf(folder: Folder, state: State): Promise<readonly Entry[]> {
  const { manifest, keys } = state;
  const names = new Map(Object.entries(manifest.recipients).map(([name, { fingerprint }]) => [fingerprint, name]));
  const entries = (await secretsOf(folder, state)).map((key): Entry => {
    const at = key.indexOf("/");
    const entry = manifest.secrets[key];
    return {
      name: key.slice(at + 1),
      ...(at < 0 ? {} : { context: key.slice(0, at) }),
      recipients: (entry?.readers.map((one) => names.get(one) ?? one) ?? [...keys.keys()]).toSorted(),
      restricted: entry?.for !== undefined,
      ...(entry === undefined ? {} : { by: names.get(entry.by) ?? entry.by, at: entry.at }),
    };
  });
  return entries.toSorted(byPlace);
}

export const recipientsOf = (keys: State["keys"]): readonly Recipient[] =>
  [...keys]
    .map(([name, key]) => ({ name, fingerprint: key.getFingerprint(), userIds: key.getUserIDs() }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
