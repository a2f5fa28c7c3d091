import type { PrivateKey } from "openpgp";
import { fail } from "./errors.ts";
import { openGpg } from "./gpg.ts";
import { type KeySource, type KeyText, unlock } from "./keys.ts";
import { openpgp } from "./openpgp.ts";

/** What was inside an encrypted message. */
export interface Opened {
  readonly data: Uint8Array;
  /** The file name inside; empty when there is none. */
  readonly label: string;
}

/** Holds a private key, or knows a program that does. Every call may ask for a passphrase. */
export interface Keyholder {
  /** Lower-case hex, of the primary key. */
  fingerprint(): Promise<string>;
  /** Armored. */
  publicKey(): Promise<string>;
  /** Detached and armored, over the text as UTF-8. */
  sign(text: string): Promise<string>;
  /** `name` is for errors. Throws `secret.no-access`, `secret.altered`, `key.locked`. */
  decrypt(sealed: string, name: string): Promise<Opened>;
}

/** Nothing is read or unlocked before it is needed, and it is unlocked once. */
export const openKey = (source: KeySource): Keyholder =>
  typeof source !== "string" && "gpg" in source ? openGpg(source) : new OwnKey(source);

export const altered = (name: string, why: string): Error =>
  fail("secret.altered", `the file of the secret ${name} ${why}`);

class OwnKey implements Keyholder {
  readonly #source: KeyText;
  #unlocked: Promise<PrivateKey> | undefined;

  constructor(source: KeyText) {
    this.#source = source;
  }

  #key(): Promise<PrivateKey> {
    if (this.#unlocked === undefined) {
      this.#unlocked = unlock(this.#source);
      // A mistyped passphrase may be asked for again.
      this.#unlocked.catch(() => {
        this.#unlocked = undefined;
      });
    }
    return this.#unlocked;
  }

  async fingerprint(): Promise<string> {
    return (await this.#key()).getFingerprint();
  }

  async publicKey(): Promise<string> {
    return (await this.#key()).toPublic().armor();
  }

  async sign(text: string): Promise<string> {
    const { createMessage, sign } = await openpgp();
    const message = await createMessage({ binary: new TextEncoder().encode(text) });
    return sign({ message, signingKeys: await this.#key(), detached: true, format: "armored" });
  }

  async decrypt(sealed: string, name: string): Promise<Opened> {
    const key = await this.#key();
    const { decrypt, readMessage } = await openpgp();
    const message = await readMessage({ armoredMessage: sealed }).catch(() => {
      throw altered(name, "is no OpenPGP message");
    });
    const ids = new Set(key.getKeys().map((each) => each.getKeyID().toHex()));
    const mine = message.getEncryptionKeyIDs().some((id) => ids.has(id.toHex()) || /^0+$/.test(id.toHex()));
    if (!mine) throw fail("secret.no-access", `the secret ${name} is not encrypted for this key`);
    // The library's own error adds nothing that a reader could use, and is not passed on, as it has seen the plaintext.
    const opened = await decrypt({ message, decryptionKeys: key, format: "binary" }).catch(() => {
      throw altered(name, "does not decrypt; it was changed");
    });
    // Messages that gpg made have another file name, or none, though the library's types promise one.
    const label: string | null = opened.filename;
    return { data: opened.data, label: label ?? "" };
  }
}
