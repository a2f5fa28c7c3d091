import type { Key } from "openpgp";
import { fail } from "./errors.ts";
import type { Folder } from "./folder.ts";
import type { Keyholder } from "./keyholder.ts";
import {
  grantText,
  type Manifest,
  publicPath,
  recipientPath,
  type SecretEntry,
  secretPath,
  sha256,
} from "./manifest.ts";
import { readersOf, seal } from "./seal.ts";

/** `NAME.asc`, `CONTEXT/NAME.asc`, and the same in `public/` without the extension. */
const place = /^([a-z][a-z0-9-]*\/)??(public\/)?([a-z0-9][a-z0-9._-]*)$/;

/** Without a prototype: `constructor` is a name as any other. */
const bare = <T>(of: Readonly<Record<string, T>>): Record<string, T> =>
  Object.assign(Object.create(null) as Record<string, T>, of);

/** A change of a vault while it is thought out: the next manifest, and the files that come or go with it. */
export class Draft {
  readonly vault: string;
  readonly files = new Map<string, string | undefined>();
  readonly keys: Map<string, Key>;
  readonly recipients: Record<string, Manifest["recipients"][string]>;
  readonly secrets: Record<string, SecretEntry>;
  readonly publics: Record<string, Manifest["publics"][string]>;
  readonly #gone: Set<string>;
  /** Who changes it. */
  readonly by: string;
  readonly at: string;

  constructor(manifest: Manifest, keys: ReadonlyMap<string, Key>, by: string, at: string) {
    this.vault = manifest.vault;
    this.keys = new Map(keys);
    this.recipients = bare(manifest.recipients);
    this.secrets = bare(manifest.secrets);
    this.publics = bare(manifest.publics);
    this.#gone = new Set(manifest.gone);
    this.by = by;
    this.at = at;
  }

  #listed(content: string): { sha256: string; by: string; at: string } {
    return { sha256: sha256(content), by: this.by, at: this.at };
  }

  async recipient(name: string, armored: string, key: Key, keyholder: Keyholder): Promise<void> {
    const fingerprint = key.getFingerprint();
    const grant = await keyholder.sign(grantText(this.vault, name, fingerprint));
    this.keys.set(name, key);
    this.recipients[name] = { ...this.#listed(armored), fingerprint, grant };
    this.files.set(recipientPath(name), armored);
  }

  dropRecipient(name: string): void {
    const entry = this.recipients[name];
    if (entry !== undefined) this.#gone.add(entry.fingerprint);
    this.keys.delete(name);
    delete this.recipients[name];
    this.files.set(recipientPath(name), undefined);
  }

  /** Names that a secret is to be for. Throws `vault.unknown-recipient`, `vault.last-reader`. */
  readersFor(key: string, only: readonly string[] | undefined): ReadonlyMap<string, Key> {
    if (this.keys.size === 0) throw fail("vault.no-recipients", "the vault has no recipients");
    if (only === undefined) return this.keys;
    if (only.length === 0) throw fail("vault.last-reader", `the secret ${key} would have no reader`);
    return new Map(
      only.map((name) => {
        const found = this.keys.get(name);
        if (found === undefined) throw fail("vault.unknown-recipient", `the vault has no recipient ${name}`);
        return [name, found] as const;
      }),
    );
  }

  async seal(key: string, value: string, only: readonly string[] | undefined): Promise<void> {
    const readers = this.readersFor(key, only);
    const sealed = await seal(key, value, readers);
    this.#list(key, sealed, only, readers);
    this.files.set(secretPath(key), sealed);
  }

  #list(key: string, sealed: string, only: readonly string[] | undefined, readers: ReadonlyMap<string, Key>): void {
    this.secrets[key] = {
      ...this.#listed(sealed),
      ...(only === undefined ? {} : { for: [...only].toSorted() }),
      readers: [...readers.values()].map((reader) => reader.getFingerprint()).toSorted(),
    };
  }

  publish(key: string, text: string): void {
    this.publics[key] = this.#listed(text);
    this.files.set(publicPath(key), text);
  }

  remove(key: string): void {
    delete this.secrets[key];
    this.files.set(secretPath(key), undefined);
    if (this.publics[key] === undefined) return;
    delete this.publics[key];
    this.files.set(publicPath(key), undefined);
  }

  /** Lists every file of the folder as it is: what nobody signed yet, or what somebody looked at. */
  async adopt(folder: Folder, keyholder: Keyholder): Promise<void> {
    const [secrets, publics] = [{ ...this.secrets }, { ...this.publics }];
    for (const group of [this.secrets, this.publics]) for (const key of Object.keys(group)) delete group[key];
    for (const name of Object.keys(this.recipients)) if (!this.keys.has(name)) delete this.recipients[name];
    for (const [name, key] of this.keys) {
      const armored = (await folder.read(recipientPath(name))) ?? "";
      if (this.recipients[name]?.sha256 === sha256(armored)) continue;
      await this.recipient(name, armored, key, keyholder);
    }
    for (const path of await folder.files()) {
      const text = (await folder.read(path)) ?? "";
      const [, context = "", open, name = ""] = place.exec(path) ?? [];
      if (name === "" || context === "recipients/") continue;
      if (open !== undefined) {
        const before = publics[`${context}${name}`];
        this.publics[`${context}${name}`] = before?.sha256 === sha256(text) ? before : this.#listed(text);
      } else if (name.endsWith(".asc")) {
        const key = `${context}${name.slice(0, -".asc".length)}`;
        await this.#adoptSecret(key, text, secrets[key]);
      }
    }
  }

  async #adoptSecret(key: string, sealed: string, before: SecretEntry | undefined): Promise<void> {
    if (before?.sha256 === sha256(sealed)) {
      this.secrets[key] = before;
      return;
    }
    const names = await readersOf(sealed, this.keys);
    // What nobody here can read is no secret of this vault; the check names the file.
    if (names.length === 0) return;
    const all = names.length === this.keys.size;
    this.#list(key, sealed, all ? undefined : names, this.readersFor(key, names));
  }

  manifest(sequence: number): Manifest {
    const { vault, recipients, secrets, publics } = this;
    const there = new Set(Object.values(recipients).map(({ fingerprint }) => fingerprint));
    const gone = [...this.#gone].filter((one) => !there.has(one)).toSorted();
    const base: Manifest = { type: "slipway-vault/1", vault, sequence, recipients, secrets, publics };
    return gone.length === 0 ? base : { ...base, gone };
  }
}
