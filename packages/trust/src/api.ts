import type { Clock, Mask, Secrets } from "@slipway/model";
import type { Finding } from "./check.ts";
import type { Disk } from "./folder.ts";
import type { KeySource } from "./keys.ts";
import type { SeenStore } from "./seen.ts";

export interface VaultOptions {
  /** Folder with one armored OpenPGP message per secret, the public keys of its readers in `recipients/`, and the signed manifest. */
  readonly dir: string;
  /** Such as `"prod"`: secrets of this name in `prod/` come before those for all; what is set is set there. */
  readonly context?: string;
  /** Needed to read and to change, as every change is signed; listing does without. */
  readonly key?: KeySource;
  /** Remembers the vault's last state, so that an older one is refused. Default: for the life of this object. */
  readonly seen?: SeenStore;
  /** Told what an operator should know, such as that a vault is signed from now on. */
  readonly say?: (line: string) => void;
  readonly clock?: Clock;
  readonly disk?: Disk;
}

export interface Recipient {
  readonly name: string;
  /** Lower-case hex. */
  readonly fingerprint: string;
  readonly userIds: readonly string[];
}

export interface Entry {
  readonly name: string;
  readonly context?: string;
  /** Names of those who can read it. */
  readonly recipients: readonly string[];
  /** Whether it was set for some only: who joins later does not read it. */
  readonly restricted: boolean;
  /** Who changed it last, by name or fingerprint, and when (ISO 8601). Not there in a vault that nobody signed yet. */
  readonly by?: string;
  readonly at?: string;
}

export interface SetOptions {
  /** Names of recipients; `"all"`: all that there are and will be. Default: as before; the first time in a context as that for all; or all. */
  readonly for?: readonly string[] | "all";
  /** The public half of a key; everybody may read it, and it is signed with the rest. */
  readonly publicHalf?: string;
}

/** What was encrypted anew, and what could not be, as this key does not open it. As `NAME` or `CONTEXT/NAME`. */
export interface Reencrypted {
  readonly done: readonly string[];
  readonly left: readonly string[];
}

/**
 * Secrets as files that `gpg -d` reads too, under a manifest that is signed with every change. Plaintext is never written anywhere.
 * Changes are made one after the other, also by several processes, and as a whole: a crash leaves the state before or after one.
 * Every call may throw `vault.tampered`, `vault.rolled-back` or `vault.signer` for a vault that was changed by somebody else than its
 * recipients, and every change `vault.no-key`, `vault.not-a-recipient`, `vault.busy`, `vault.write`, `key.locked`.
 */
export interface Vault extends Secrets {
  readonly dir: string;
  readonly context: string | undefined;
  /** Hides what this object has opened or set. */
  readonly revealed: Mask;
  /** Encrypts. At most 64 KiB. Throws `secret.value`, `vault.no-recipients`, `vault.unknown-recipient`, `vault.recipient` for an expired key. */
  set(name: string, value: string, options?: SetOptions): Promise<void>;
  /** Throws `secret.missing`, `secret.no-access`, `secret.altered`, `vault.no-key`. */
  get(name: string): Promise<string>;
  /** Another text after every change of the encrypted file; says nothing of the value. Throws `secret.missing`. */
  version(name: string): Promise<string>;
  /** Takes a secret of this context out, with its public half. Its old values stay in the history. Throws `secret.missing`. */
  remove(name: string): Promise<void>;
  /** The public half set with a secret. Throws `secret.missing`, `secret.altered`. */
  publicHalf(name: string): Promise<string>;
  /** Names that {@link Vault.get} knows, sorted. */
  list(): Promise<readonly string[]>;
  /** Everything in every context, sorted by name. */
  entries(): Promise<readonly Entry[]>;
  recipients(): Promise<readonly Recipient[]>;
  /** Adds a reader, or replaces its key, and encrypts for it what is for all. */
  addRecipient(name: string, publicKey: string): Promise<Reencrypted>;
  /**
   * Takes a reader out and encrypts anew what it could read. What it has read before it still knows: set new values. Throws
   * `secret.no-access` when a secret of the reader is not for this key, `vault.last-reader` when one is for no other.
   */
  removeRecipient(name: string): Promise<Reencrypted>;
  /** Encrypts anew for its present readers: those named, of this context, or everything. */
  reencrypt(names?: readonly string[]): Promise<Reencrypted>;
  /** Whether nothing was ever in it. */
  fresh(): Promise<boolean>;
  /** Everything that is wrong, or will be soon. Opens every secret that this key can open. Changes nothing. */
  check(): Promise<readonly Finding[]>;
  /**
   * Signs the folder as it is, without asking what it was: after a merge, or for a vault that nobody signed yet. `agree` is given those whose
   * keys lie in it, before anything is signed, and may throw.
   */
  resign(agree?: (recipients: readonly Recipient[]) => Promise<void>): Promise<void>;
  /** Believes the vault as it is from now on, though it is older or signed by a stranger. Look at it before. */
  accept(): Promise<void>;
}
