import { messageOf } from "@slipway/model";
import type { Key } from "openpgp";
import { fail } from "./errors.ts";
import { altered, type Keyholder } from "./keyholder.ts";
import { openpgp } from "./openpgp.ts";

/** Kept inside the encrypted message, so that files which were swapped are told. */
const label = (key: string): string => `slipway:${key}`;

/** A file that is longer is no secret, and every output is searched for all of it. */
const mostBytes = 65_536;

/** Throws `secret.value` for what cannot be kept as it is. */
export function checkValue(name: string, value: string): void {
  if (!value.isWellFormed()) throw fail("secret.value", `the value of ${name} is no valid text`);
  if (Buffer.byteLength(value) > mostBytes)
    throw fail("secret.value", `the value of ${name} is longer than ${mostBytes / 1_024} KiB`);
}

/** Encrypts with a fresh session key. Throws `vault.recipient` for a reader whose key is expired or revoked. */
export async function seal(key: string, value: string, readers: ReadonlyMap<string, Key>): Promise<string> {
  const { createMessage, encrypt } = await openpgp();
  for (const [name, reader] of readers) await checkReader(name, reader);
  // Bytes, as text would have its line ends changed.
  const message = await createMessage({ binary: new TextEncoder().encode(value), filename: label(key) });
  return encrypt({ message, encryptionKeys: [...readers.values()], format: "armored" });
}

export async function checkReader(name: string, key: Key): Promise<void> {
  await key.getEncryptionKey().catch((error: unknown) => {
    throw fail("vault.recipient", `nothing can be encrypted for ${name}: ${messageOf(error)}`);
  });
}

/** Opens what {@link seal} or gpg made. Throws `secret.altered`, `secret.no-access`, `key.locked`. */
export async function unseal(key: string, sealed: string, keyholder: Keyholder): Promise<string> {
  const opened = await keyholder.decrypt(sealed, key);
  if (opened.label.startsWith(label("")) && opened.label !== label(key)) {
    throw altered(key, "holds another secret; files were swapped");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(opened.data);
  } catch {
    throw altered(key, "does not hold text");
  }
}

/** Names of those a message is encrypted for, as far as they are among `keys`. */
export async function readersOf(sealed: string, keys: ReadonlyMap<string, Key>): Promise<readonly string[]> {
  const { readMessage } = await openpgp();
  const message = await readMessage({ armoredMessage: sealed }).catch(() => undefined);
  const ids = new Set(message?.getEncryptionKeyIDs().map((id) => id.toHex()));
  return [...keys]
    .filter(([, key]) => key.getKeys().some((each) => ids.has(each.getKeyID().toHex())))
    .map(([name]) => name);
}
