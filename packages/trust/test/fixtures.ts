import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { predicateType, SlipwayError, type Statement, statementType } from "@slipway/model";
import { generateKey, type KeyPair, openVault, type Vault, type VaultOptions } from "@slipway/trust";

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "slipway-trust-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const hex = (digit: string): string => digit.repeat(64);

export const statement: Statement = {
  _type: statementType,
  subject: [
    { name: "git:ledger", digest: { gitCommit: "a".repeat(40) } },
    { name: "image:ledger/core", digest: { sha256: hex("b") } },
  ],
  predicateType,
  predicate: {
    repository: "ledger",
    commit: "a".repeat(40),
    tree: "c".repeat(40),
    pipeline: { name: "ledger", digest: hex("d") },
    steps: [{ name: "unit tests", seconds: 2.5 }],
    app: { name: "ledger", hostname: "_", services: [{ name: "core", port: 8080, ready: "/readyz" }] },
    images: { core: `sha256:${hex("b")}` },
    finishedAt: "2026-11-23T05:00:00.000Z",
  },
};

/** What a call threw; fails the test when it threw nothing or something that is not ours. */
export async function refusal(call: Promise<unknown>): Promise<SlipwayError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** A vault that Ann made, and a way to open it as somebody else. */
export interface Team extends AsyncDisposable {
  readonly dir: string;
  readonly as: (who: KeyPair, more?: Partial<VaultOptions>) => Promise<Vault>;
}

export async function team(members: Readonly<Record<string, KeyPair>>): Promise<Team> {
  const folder = await temporaryFolder();
  const as: Team["as"] = (who, more = {}) => openVault({ dir: folder.path, key: who.privateKey, ...more });
  const [first] = Object.values(members);
  if (first !== undefined) {
    const vault = await as(first);
    for (const [name, who] of Object.entries(members)) await vault.addRecipient(name, who.publicKey);
  }
  return { dir: folder.path, as, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** The packets of an armored message. `readMessage(…).write()` gives none: it has handed its data on to be decrypted. */
export async function packetBytes(armored: string): Promise<Uint8Array> {
  const { unarmor } = await import("openpgp");
  const { data } = await unarmor(armored);
  // No Buffer: the slice of one is no copy.
  const bytes = Uint8Array.from(data as Uint8Array);
  // A test that changes every byte of nothing would pass.
  if (bytes.length < 100) throw new Error(`only ${bytes.length} bytes`);
  return bytes;
}

/** The armored message of packets, as {@link packetBytes} gives them. With a checksum, without which gpg 2.2 does not see where it ends. */
export async function armoredMessage(packets: Uint8Array): Promise<string> {
  const { armor, enums } = await import("openpgp");
  return armor(enums.armor.message, packets, undefined, undefined, undefined, true);
}

/** Keys of Ann, Bob, Carl and Eve. */
export const people = async (): Promise<KeyPair[]> =>
  Promise.all(["Ann", "Bob", "Carl", "Eve"].map((name) => generateKey({ name, email: `${name}@example.org` })));
export const be = (who: KeyPair | undefined): KeyPair => {
  if (who === undefined) throw new Error("no key");
  return who;
};
