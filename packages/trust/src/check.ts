import { messageOf, SlipwayError } from "@slipway/model";
import type { Key } from "openpgp";
import type { Folder } from "./folder.ts";
import { filesOf, type Manifest, readManifest, secretPath, sha256 } from "./manifest.ts";
import { checkReader } from "./seal.ts";
import type { State } from "./state.ts";

/** One thing about a vault that somebody should know. */
export interface Finding {
  /** `tampered`: somebody else changed it. `bad`: it does not work. `soon`: it will not. `note`: it works. */
  readonly level: "tampered" | "bad" | "soon" | "note";
  readonly what: string;
  readonly hint?: string;
  /** The file of the vault that it is about. */
  readonly path?: string;
}

export interface Inspected {
  readonly folder: Folder;
  readonly now: number;
  /** Fingerprint of who asks. */
  readonly fingerprint?: string;
  state(): Promise<State>;
  open(state: State, key: string): Promise<void>;
}

const soonMs = 30 * 86_400_000;

const findingOf = (error: unknown): Finding => {
  if (!(error instanceof SlipwayError)) throw error;
  const level = error.exitCode === 5 ? "tampered" : "bad";
  return { level, what: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
};

/** All that is to be said of a vault; nothing for one that is in order. */
export async function inspect(of: Inspected): Promise<readonly Finding[]> {
  const manifest = readManifest((await of.folder.manifest()) ?? "");
  const files = await inspectFiles(of.folder, manifest);
  let state: State;
  try {
    state = await of.state();
  } catch (error) {
    return [findingOf(error), ...files];
  }
  const unsigned: Finding = {
    level: "soon",
    what: "the vault has no signed manifest, so that files can be swapped unnoticed",
    hint: "Look at it, then: ops secrets check --resign (the next change signs it too)",
  };
  const keys = await Promise.all([...state.keys].map(([name, key]) => inspectKey(name, key, of.now)));
  const secrets: Finding[] = [];
  // A file that was changed was said already.
  const whole = Object.keys(state.manifest.secrets).filter(
    (key) => !files.some(({ path }) => path === secretPath(key)),
  );
  for (const key of whole) secrets.push(...(await inspectSecret(of, state, key)));
  const empty = (await of.folder.files()).length === 0;
  return [...(state.signed || empty ? [] : [unsigned]), ...files, ...keys.flat(), ...secrets];
}

async function inspectFiles(folder: Folder, manifest: Manifest | undefined): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const listed = manifest === undefined ? undefined : filesOf(manifest);
  const there = await folder.files();
  for (const [path, digest] of listed ?? []) {
    const text = await folder.read(path);
    if (text !== undefined && sha256(text) === digest) continue;
    const what = text === undefined ? `${path} is gone` : `${path} is not the one that the manifest lists`;
    findings.push({
      level: "tampered",
      path,
      what,
      hint: "Take it from the repository's history, or set the secret again.",
    });
  }
  for (const path of there) {
    if (listed?.has(path) === true) continue;
    const sealed = /^-----BEGIN PGP (MESSAGE|PUBLIC KEY BLOCK)-----/.test((await folder.read(path)) ?? "");
    if (!sealed && !(listed === undefined && /(^|\/)public\//.test(path))) {
      findings.push({
        level: "bad",
        path,
        what: `${path} is not encrypted`,
        hint: "Remove it. When it holds a secret that was committed, set a new value.",
      });
    } else if (listed !== undefined) {
      const hint = "Nobody signed it, and it is not used. Remove it, or after a look: ops secrets check --resign";
      findings.push({ level: "tampered", path, what: `${path} is not in the manifest`, hint });
    }
  }
  return findings;
}

async function inspectKey(name: string, key: Key, now: number): Promise<readonly Finding[]> {
  const hint = `Replace it: ops secrets recipients add ${name} --key FILE`;
  try {
    await checkReader(name, key);
  } catch (error) {
    return [{ level: "bad", what: messageOf(error), hint }];
  }
  const expires = await (await key.getEncryptionKey()).getExpirationTime();
  const primary = await key.getExpirationTime();
  const ends = [expires, primary].filter((one) => one instanceof Date).map((one) => one.getTime());
  const end = Math.min(...ends);
  if (end - now > soonMs) return [];
  return [{ level: "soon", what: `the key of ${name} expires on ${new Date(end).toISOString().slice(0, 10)}`, hint }];
}

async function inspectSecret(of: Inspected, state: State, key: string): Promise<readonly Finding[]> {
  const entry = state.manifest.secrets[key];
  const wanted = Object.entries(state.manifest.recipients)
    .filter(([name]) => entry?.for?.includes(name) ?? true)
    .map(([, { fingerprint }]) => fingerprint);
  const findings: Finding[] = [];
  const missing = wanted.filter((one) => entry?.readers.includes(one) !== true);
  if (missing.length > 0) {
    findings.push({
      level: "note",
      what: `${key} is not yet encrypted for everybody whom it is for`,
      hint: "Let somebody who reads it run: ops secrets rotate --reencrypt",
    });
  }
  if (of.fingerprint !== undefined && entry?.readers.includes(of.fingerprint) === true) {
    try {
      await of.open(state, key);
    } catch (error) {
      findings.push(findingOf(error));
    }
  }
  return findings;
}
