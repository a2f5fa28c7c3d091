import { readFile, stat } from "node:fs/promises";
import { messageOf } from "@slipway/model";
import type { Key, PrivateKey } from "openpgp";
import { writeAtomic } from "./atomic.ts";
import { fail } from "./errors.ts";
import { openpgp } from "./openpgp.ts";

/** Asked only when the key is locked. The value is used and forgotten. */
export type Passphrase = () => string | Promise<string>;

/** An armored private key, or the file that holds it. */
export type KeyText =
  | string
  | { readonly armored: string; readonly passphrase?: Passphrase }
  | { readonly file: string; readonly passphrase?: Passphrase };

/** A key of gpg's keyring by any name that gpg takes for it; its agent asks for passphrases and talks to cards. `home`: its GNUPGHOME. */
export interface GpgKey {
  readonly gpg: string;
  readonly home?: string;
}

export type KeySource = KeyText | GpgKey;

export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
  /** Lower-case hex. */
  readonly fingerprint: string;
  /** Publish it when the private key is lost or stolen. */
  readonly revocationCertificate: string;
}

export interface NewKey {
  readonly name: string;
  readonly email: string;
  /** Locks the private key. */
  readonly passphrase?: string;
  /** Default: never. */
  readonly expiresInSeconds?: number;
  /** When the key begins to be valid. Default: now. */
  readonly date?: Date;
}

/** A key that signs and decrypts, of the kind that gpg 2.2 and later understand. */
export async function generateKey(wanted: NewKey): Promise<KeyPair> {
  const { generateKey: generate, readKey } = await openpgp();
  const made = await generate({
    userIDs: [{ name: wanted.name, email: wanted.email }],
    type: "ecc",
    // gpg 2.2 reads neither v6 keys nor the new Curve25519 code points.
    curve: "ed25519Legacy",
    format: "armored",
    ...(wanted.passphrase === undefined ? {} : { passphrase: wanted.passphrase }),
    ...(wanted.expiresInSeconds === undefined ? {} : { keyExpirationTime: wanted.expiresInSeconds }),
    ...(wanted.date === undefined ? {} : { date: wanted.date }),
  });
  const key = await readKey({ armoredKey: made.publicKey });
  return {
    privateKey: made.privateKey,
    publicKey: made.publicKey,
    fingerprint: key.getFingerprint(),
    revocationCertificate: made.revocationCertificate,
  };
}

/** Keeps a private key where only its owner reads it (0600). */
export const writeKeyFile = (path: string, armored: string): Promise<void> => writeAtomic(path, armored, 0o600);

/** The armored text of a private key's file. Throws `key.permissions` when others may read it. */
export async function readKeyFile(path: string): Promise<string> {
  let mode: number;
  try {
    ({ mode } = await stat(path));
  } catch (cause) {
    throw fail("key.missing", `there is no key in ${path}`, { cause });
  }
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8);
    throw fail("key.permissions", `others may read the private key in ${path} (mode ${octal})`, {
      hint: `Only you may read a private key: chmod 600 ${path}`,
    });
  }
  return readFile(path, "utf8");
}

/** A private key, unlocked. */
export async function unlock(source: KeyText): Promise<PrivateKey> {
  const { decryptKey, readPrivateKey } = await openpgp();
  const given = typeof source === "string" ? { armored: source } : source;
  const where = "file" in given ? `the key in ${given.file}` : "the private key";
  const armoredKey = "file" in given ? await readKeyFile(given.file) : given.armored;
  let key: PrivateKey;
  try {
    key = await readPrivateKey({ armoredKey });
  } catch {
    // The library's message may quote what it was given.
    throw fail("key.unreadable", `${where} is no OpenPGP private key`);
  }
  if (key.isDecrypted()) return key;
  const passphrase = "passphrase" in given ? await given.passphrase?.() : undefined;
  if (passphrase === undefined) throw fail("key.locked", `${where} is locked and no passphrase was given`);
  try {
    return await decryptKey({ privateKey: key, passphrase });
  } catch {
    throw fail("key.locked", `${where} does not open with this passphrase`);
  }
}

/** A public key. A private one is refused: it has no business where public keys are kept. */
export async function readPublicKey(armored: string, where: string): Promise<Key> {
  const { readKey } = await openpgp();
  let key: Key;
  try {
    key = await readKey({ armoredKey: armored });
  } catch (cause) {
    throw fail("key.unreadable", `${where} is no OpenPGP public key: ${messageOf(cause)}`);
  }
  if (key.isPrivate()) throw fail("key.unreadable", `${where} is a private key where a public one belongs`);
  return key;
}
