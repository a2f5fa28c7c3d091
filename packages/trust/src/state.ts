import { randomUUID } from "node:crypto";
import type { Key } from "openpgp";
import { fail } from "./errors.ts";
import type { Folder } from "./folder.ts";
import { readPublicKey } from "./keys.ts";
import { grantText, type Manifest, newManifest, readManifest, recipientPath, sha256 } from "./manifest.ts";
import { remembered, type Seen } from "./seen.ts";
import { signerOf } from "./signature.ts";

/** A vault as somebody trustworthy left it. */
export interface State {
  /** Of a vault without one, older than manifests or empty: an empty one. */
  readonly manifest: Manifest;
  readonly signed: boolean;
  /** Recipient → key. */
  readonly keys: ReadonlyMap<string, Key>;
  /** What to remember of it. */
  readonly seen?: Seen;
}

/** Another process may change the vault while it is read. */
export const attempts = 5;

/**
 * Reads and judges a vault. Throws `vault.tampered`, `vault.rolled-back`, `vault.signer`. Whoever has never seen the vault believes what it
 * says of its recipients; from then on those remembered, and whom they let in, may change it. Who was taken out comes back only by a
 * change that somebody else of them signed.
 */
export async function readState(folder: Folder, seen: Seen | undefined): Promise<State> {
  for (let attempt = 1; ; attempt += 1) {
    const text = await folder.manifest();
    try {
      return text === undefined ? await unsigned(folder, seen) : await judge(folder, text, seen);
    } catch (error) {
      if (attempt === attempts || (await folder.manifest()) === text) throw error;
    }
  }
}

async function unsigned(folder: Folder, seen: Seen | undefined): Promise<State> {
  if (seen !== undefined) {
    throw fail("vault.tampered", `the vault in ${folder.dir} has lost its manifest`, {
      hint: "Take manifest.json and its signature back from the history. When the vault was removed on purpose: ops secrets check --accept",
    });
  }
  return { manifest: newManifest(randomUUID()), signed: false, keys: await keysIn(folder) };
}

/** The public keys that lie in the folder, whoever put them there. */
async function keysIn(folder: Folder): Promise<ReadonlyMap<string, Key>> {
  const keys = new Map<string, Key>();
  for (const path of await folder.files()) {
    const [, name] = /^recipients\/([a-z0-9][a-z0-9._-]*)\.asc$/.exec(path) ?? [];
    if (name !== undefined) keys.set(name, await readPublicKey((await folder.read(path)) ?? "", path));
  }
  return keys;
}

/** A vault as it lies there, unjudged, and the number of the change that would follow it. Its manifest may be a git conflict. */
export async function looseState(
  folder: Folder,
  seen: Seen | undefined,
): Promise<{ readonly state: State; readonly sequence: number }> {
  const text = (await folder.manifest()) ?? "";
  const [, id = seen?.vault ?? randomUUID()] = /"vault": "([0-9a-f-]{36})"/.exec(text) ?? [];
  const sequences = [...text.matchAll(/"sequence": (\d{1,12}),?$/gm)].map((match) => Number(match[1]));
  const manifest = readManifest(text) ?? newManifest(id);
  return {
    state: { manifest, signed: false, keys: await keysIn(folder) },
    sequence: Math.max(0, ...sequences, seen?.sequence ?? 0) + 1,
  };
}

async function judge(folder: Folder, text: string, seen: Seen | undefined): Promise<State> {
  const tampered = (why: string, hint?: string): Error =>
    fail(
      "vault.tampered",
      `the vault in ${folder.dir} was changed by other means than ops: ${why}`,
      hint === undefined ? {} : { hint },
    );
  const manifest = readManifest(text);
  if (manifest === undefined) {
    throw /^<{7} /m.test(text)
      ? tampered("its manifest has a git conflict", "Keep the files that are right, then: ops secrets check --resign")
      : tampered("its manifest is damaged");
  }
  const { keys, armored } = await readRecipients(folder, manifest, tampered);
  if (seen !== undefined) checkOrder(folder, manifest, text, seen);
  const signature = (await folder.signature()) ?? "";
  const known = seen === undefined ? [...keys.values()] : await knownKeys(manifest, keys, seen);
  if ((await signerOf(text, signature, known)) === undefined) {
    const stranger = await signerOf(text, signature, [...keys.values()]);
    if (stranger === undefined) throw tampered("the signature does not fit its manifest");
    const [name = stranger] = Object.entries(manifest.recipients).find(([, one]) => one.fingerprint === stranger) ?? [];
    throw fail("vault.signer", `the vault was changed by ${name}, whom nobody that you know let in`);
  }
  const { vault, sequence, gone = [] } = manifest;
  const now = { vault, sequence, sha256: sha256(text), recipients: armored, gone };
  return { manifest, signed: true, keys, seen: remembered(now, seen) };
}

async function readRecipients(
  folder: Folder,
  manifest: Manifest,
  tampered: (why: string) => Error,
): Promise<{ readonly keys: ReadonlyMap<string, Key>; readonly armored: Readonly<Record<string, string>> }> {
  const keys = new Map<string, Key>();
  const armored: Record<string, string> = {};
  for (const [name, entry] of Object.entries(manifest.recipients)) {
    const text = await folder.read(recipientPath(name));
    if (text === undefined) throw tampered(`the public key of ${name} is gone`);
    if (sha256(text) !== entry.sha256) throw tampered(`the public key of ${name} is another one`);
    const key = await readPublicKey(text, `the key of ${name}`);
    if (key.getFingerprint() !== entry.fingerprint) throw tampered(`the public key of ${name} is another one`);
    keys.set(name, key);
    armored[entry.fingerprint] = text;
  }
  return { keys, armored };
}

function checkOrder(folder: Folder, manifest: Manifest, text: string, seen: Seen): void {
  const where = `the vault in ${folder.dir}`;
  if (manifest.vault !== seen.vault) throw fail("vault.rolled-back", `${where} is another one than was here before`);
  const { sequence } = manifest;
  if (sequence < seen.sequence) {
    throw fail(
      "vault.rolled-back",
      `${where} is at change ${sequence}, though change ${seen.sequence} was seen here before`,
    );
  }
  if (sequence === seen.sequence && sha256(text) !== seen.sha256) {
    throw fail("vault.rolled-back", `${where} is at another change ${sequence} than was seen here before`, {
      hint: "Two people changed it at once. Look at both histories, then: ops secrets check --resign",
    });
  }
}

/** Keys of those who were remembered, and of whom they let in, and so on. */
async function knownKeys(manifest: Manifest, keys: ReadonlyMap<string, Key>, seen: Seen): Promise<readonly Key[]> {
  const known = new Map<string, Key>();
  for (const [fingerprint, armored] of Object.entries(seen.recipients)) {
    known.set(fingerprint, await readPublicKey(armored, "a remembered key"));
  }
  for (let grown = true; grown; ) {
    grown = false;
    for (const [name, { fingerprint, grant }] of Object.entries(manifest.recipients)) {
      const key = keys.get(name);
      if (key === undefined || known.has(fingerprint) || seen.gone?.includes(fingerprint) === true) continue;
      if ((await signerOf(grantText(manifest.vault, name, fingerprint), grant, [...known.values()])) === undefined)
        continue;
      known.set(fingerprint, key);
      grown = true;
    }
  }
  return [...known.values()];
}
