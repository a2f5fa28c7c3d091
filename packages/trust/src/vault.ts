import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, type Secret, type Secrets } from "@slipway/model";
import type { Key, PrivateKey } from "openpgp";
import { writeAtomic } from "./atomic.ts";
import { fail } from "./errors.ts";
import { type KeySource, readPublicKey, unlock } from "./keys.ts";
import { checkName } from "./names.ts";
import { openpgp } from "./openpgp.ts";

export interface VaultOptions {
  /** Folder with one armored OpenPGP message per secret, and the public keys of its readers in `recipients/`. */
  readonly dir: string;
  /** Needed to read; setting and listing do without. */
  readonly key?: KeySource;
}

export interface Recipient {
  readonly name: string;
  /** Lower-case hex. */
  readonly fingerprint: string;
  readonly userIds: readonly string[];
}

/**
 * Secrets as files `NAME.asc` that `gpg -d` reads too. Writing is atomic and needs public keys only; plaintext is never written anywhere.
 * Calls may run concurrently; of two that set one name, the later write stands.
 */
export interface Vault extends Secrets {
  /** Encrypts for every recipient. Throws `vault.no-recipients`, `vault.recipient` for one whose key is expired or revoked. */
  set(name: string, value: string): Promise<void>;
  /** Throws `secret.missing`, `secret.no-access`, `secret.altered`, `vault.no-key`. */
  get(name: string): Promise<string>;
  /** Names, sorted. */
  list(): Promise<readonly string[]>;
  recipients(): Promise<readonly Recipient[]>;
  /** Adds or replaces a reader's public key; {@link Vault.reencrypt} then opens the old secrets for it. */
  addRecipient(name: string, publicKey: string): Promise<void>;
  /** Encrypts every secret anew for the present recipients; gives their number. Interrupted, it may be run again. */
  reencrypt(): Promise<number>;
}

const extension = ".asc";
/** Kept inside the encrypted message, so that files which were swapped are told. */
const label = (name: string): string => `slipway:${name}`;

const filesIn = async (folder: string): Promise<readonly string[]> => {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return found
    .filter((name) => name.endsWith(extension) && !name.startsWith("."))
    .map((name) => name.slice(0, -extension.length))
    .toSorted();
};

/** Opens a vault's folder. Nothing is read before it is asked for; the private key is unlocked once, at its first use. */
export async function openVault(options: VaultOptions): Promise<Vault> {
  return new FileVault(options);
}

class FileVault implements Vault {
  readonly #dir: string;
  readonly #source: KeySource | undefined;
  #unlocked: Promise<PrivateKey> | undefined;

  constructor(options: VaultOptions) {
    this.#dir = options.dir;
    this.#source = options.key;
  }

  #key(): Promise<PrivateKey> {
    if (this.#source === undefined) {
      return Promise.reject(fail("vault.no-key", `the vault in ${this.#dir} was opened without a private key`));
    }
    if (this.#unlocked === undefined) {
      this.#unlocked = unlock(this.#source);
      // A mistyped passphrase may be asked for again.
      this.#unlocked.catch(() => {
        this.#unlocked = undefined;
      });
    }
    return this.#unlocked;
  }

  #path(name: string): string {
    checkName(name);
    return join(this.#dir, `${name}${extension}`);
  }

  async #readers(): Promise<readonly { readonly name: string; readonly key: Key }[]> {
    const folder = join(this.#dir, "recipients");
    const readers = await Promise.all(
      (await filesIn(folder)).map(async (name) => {
        const path = join(folder, `${name}${extension}`);
        return { name, key: await readPublicKey(await readFile(path, "utf8"), path) };
      }),
    );
    if (readers.length === 0) throw fail("vault.no-recipients", `the vault in ${this.#dir} has no recipients`);
    return readers;
  }

  async set(name: string, value: string): Promise<void> {
    await this.#seal(name, value, await this.#readers());
  }

  async #seal(name: string, value: string, readers: readonly { name: string; key: Key }[]): Promise<void> {
    const path = this.#path(name);
    const { createMessage, encrypt } = await openpgp();
    for (const reader of readers) {
      await reader.key.getEncryptionKey().catch((error: unknown) => {
        throw fail("vault.recipient", `nothing can be encrypted for ${reader.name}: ${messageOf(error)}`);
      });
    }
    // Bytes, as text would have its line ends changed.
    const message = await createMessage({ binary: new TextEncoder().encode(value), filename: label(name) });
    const sealed = await encrypt({ message, encryptionKeys: readers.map(({ key }) => key), format: "armored" });
    try {
      await mkdir(this.#dir, { recursive: true });
      await writeAtomic(path, sealed, 0o644);
    } catch (cause) {
      throw fail("vault.write", `the secret ${name} could not be written: ${messageOf(cause)}`, { cause });
    }
  }

  async get(name: string): Promise<string> {
    const path = this.#path(name);
    const sealed = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      throw fail("secret.missing", `the secret ${name} is not in the vault`, {
        hint: `Set it with: ops secrets set ${name}`,
      });
    });
    const key = await this.#key();
    const { decrypt, readMessage } = await openpgp();
    const altered = (why: string): Error => fail("secret.altered", `the file of the secret ${name} ${why}`);
    const message = await readMessage({ armoredMessage: sealed }).catch(() => {
      throw altered("is no OpenPGP message");
    });
    const ids = new Set(key.getKeys().map((each) => each.getKeyID().toHex()));
    const mine = message.getEncryptionKeyIDs().some((id) => ids.has(id.toHex()) || /^0+$/.test(id.toHex()));
    if (!mine) throw fail("secret.no-access", `the secret ${name} is not encrypted for this key`);
    // The library's own error adds nothing that a reader could use, and is not passed on, as it has seen the plaintext.
    const opened = await decrypt({ message, decryptionKeys: key, format: "binary" }).catch(() => {
      throw altered("does not decrypt; it was changed");
    });
    // Messages that gpg made have another file name, or none, though the library's types promise one.
    const inside = (opened.filename as string | null) ?? "";
    if (inside.startsWith(label("")) && inside !== label(name)) {
      throw altered("holds another secret; files were swapped");
    }
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(opened.data);
    } catch {
      throw altered("does not hold text");
    }
  }

  reveal(secret: Secret): Promise<string> {
    return this.get(secret.name);
  }

  list(): Promise<readonly string[]> {
    return filesIn(this.#dir);
  }

  async recipients(): Promise<readonly Recipient[]> {
    return (await this.#readers()).map(({ name, key }) => ({
      name,
      fingerprint: key.getFingerprint(),
      userIds: key.getUserIDs(),
    }));
  }

  async addRecipient(name: string, publicKey: string): Promise<void> {
    checkName(name);
    await readPublicKey(publicKey, `the key of ${name}`);
    const folder = join(this.#dir, "recipients");
    await mkdir(folder, { recursive: true });
    await writeAtomic(join(folder, `${name}${extension}`), publicKey, 0o644);
  }

  async reencrypt(): Promise<number> {
    const readers = await this.#readers();
    const names = await this.list();
    for (const name of names) await this.#seal(name, await this.get(name), readers);
    return names.length;
  }
}
