import { type Clock, type GrowingMask, growingMask, type Secret, systemClock } from "@slipway/model";
import type { Entry, Recipient, Reencrypted, SetOptions, Vault, VaultOptions } from "./api.ts";
import { type Finding, inspect } from "./check.ts";
import { Draft } from "./draft.ts";
import { entriesOf, judgedBefore, namesIn, recipientsOf, secretsOf } from "./entries.ts";
import { fail, isCode } from "./errors.ts";
import { Folder } from "./folder.ts";
import { altered, type Keyholder, openKey } from "./keyholder.ts";
import { readPublicKey } from "./keys.ts";
import { manifestText, publicPath, secretPath, sha256 } from "./manifest.ts";
import { checkContext, checkName } from "./names.ts";
import { checkReader, checkValue, unseal } from "./seal.ts";
import { remembered, type SeenStore, seenInMemory } from "./seen.ts";
import { attempts, looseState, readState, type State } from "./state.ts";

/** Opens a vault's folder. Nothing is read before it is asked for; the private key is unlocked once, at its first use. */
export async function openVault(options: VaultOptions): Promise<Vault> {
  if (options.context !== undefined) checkContext(options.context);
  return new FileVault(options);
}

class FileVault implements Vault {
  readonly dir: string;
  readonly context: string | undefined;
  readonly revealed: GrowingMask = growingMask();
  readonly #folder: Folder;
  readonly #keyholder: Keyholder | undefined;
  readonly #store: SeenStore;
  readonly #say: (line: string) => void;
  readonly #clock: Clock;
  #known: { readonly of: string; readonly state: State } | undefined;
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: VaultOptions) {
    this.dir = options.dir;
    this.context = options.context;
    this.#folder = new Folder(options.dir, options.disk);
    this.#keyholder = options.key === undefined ? undefined : openKey(options.key);
    this.#store = options.seen ?? seenInMemory();
    this.#say = options.say ?? (() => undefined);
    this.#clock = options.clock ?? systemClock;
  }

  #key(): Keyholder {
    if (this.#keyholder !== undefined) return this.#keyholder;
    throw fail("vault.no-key", `the vault in ${this.dir} was opened without a private key`);
  }

  /** How a secret is listed. */
  #listed(name: string): string {
    checkName(name);
    return this.context === undefined ? name : `${this.context}/${name}`;
  }

  async #state(): Promise<State> {
    const of = `${await this.#folder.manifest()}${await this.#folder.signature()}`;
    if (this.#known?.of === of) return this.#known.state;
    const before = await this.#store.read();
    const state = await readState(this.#folder, before);
    if (state.seen !== undefined && state.seen.sha256 !== before?.sha256) {
      if (before === undefined) {
        const names = Object.keys(state.manifest.recipients).join(", ");
        this.#say(`first look at the vault in ${this.dir}: believing that ${names} may change it`);
      }
      await this.#store.write(state.seen);
    }
    if (state.signed) this.#known = { of, state };
    return state;
  }

  /** The listed key that a name stands for in this context. */
  async #find(state: State, name: string): Promise<string> {
    const there = new Set(await secretsOf(this.#folder, state));
    const found = [this.#listed(name), name].find((key) => there.has(key));
    if (found !== undefined) return found;
    throw fail("secret.missing", `the secret ${name} is not in the vault`, {
      hint: `Set it with: ops secrets set ${name}`,
    });
  }

  async #open(state: State, key: string): Promise<string> {
    const keyholder = this.#key();
    const sealed = await this.#folder.read(secretPath(key));
    const entry = state.manifest.secrets[key];
    if (sealed === undefined) throw altered(key, "is gone, though the manifest lists it");
    if (state.signed && sha256(sealed) !== entry?.sha256) throw altered(key, "is not the one that the manifest lists");
    const value = await unseal(key, sealed, keyholder);
    this.revealed.add(value);
    return value;
  }

  async get(name: string): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      const state = await this.#state();
      try {
        return await this.#open(state, await this.#find(state, name));
      } catch (error) {
        // Another process may have changed the vault since its manifest was read.
        if (!isCode(error, "secret.altered") || attempt === attempts || (await this.#state()) === state) throw error;
      }
    }
  }

  reveal(secret: Secret): Promise<string> {
    return this.get(secret.name);
  }

  async publicHalf(name: string): Promise<string> {
    const state = await this.#state();
    checkName(name);
    const own = this.#listed(name);
    const key = state.signed && state.manifest.publics[own] === undefined ? name : own;
    const text = await this.#folder.read(publicPath(key));
    if (state.signed && text !== undefined && sha256(text) !== state.manifest.publics[key]?.sha256) {
      throw altered(key, "has another public half than the manifest lists");
    }
    if (text !== undefined) return text;
    throw fail("secret.missing", `the vault has no public half of ${name}`, {
      hint: `ops secrets rotate ${name} --generate`,
    });
  }

  async list(): Promise<readonly string[]> {
    const keys =
      (await judgedBefore(this.#folder, this.#store)) ?? (await secretsOf(this.#folder, await this.#state()));
    return namesIn(keys, this.context);
  }

  async entries(): Promise<readonly Entry[]> {
    return entriesOf(this.#folder, await this.#state());
  }

  async recipients(): Promise<readonly Recipient[]> {
    const { keys } = await this.#state();
    if (keys.size === 0) throw fail("vault.no-recipients", `the vault in ${this.dir} has no recipients`);
    return recipientsOf(keys);
  }

  async set(name: string, value: string, options: SetOptions = {}): Promise<void> {
    const key = this.#listed(name);
    checkValue(name, value);
    this.revealed.add(value);
    await this.#change(async (draft) => {
      const only = options.for ?? (draft.secrets[key] ?? draft.secrets[name])?.for ?? "all";
      await draft.seal(key, value, only === "all" ? undefined : [...new Set(only)]);
      if (options.publicHalf !== undefined) draft.publish(key, options.publicHalf);
    });
  }

  async version(name: string): Promise<string> {
    const key = await this.#find(await this.#state(), name);
    return sha256((await this.#folder.read(secretPath(key))) ?? "");
  }

  async remove(name: string): Promise<void> {
    const key = this.#listed(name);
    await this.#change(async (draft) => {
      if (draft.secrets[key] === undefined)
        throw fail("secret.missing", `the secret ${key} is not in the vault`, { hint: "ops secrets list" });
      draft.remove(key);
    });
  }

  async addRecipient(name: string, publicKey: string): Promise<Reencrypted> {
    checkName(name);
    const key = await readPublicKey(publicKey, `the key of ${name}`);
    await checkReader(name, key);
    return this.#change(async (draft, state) => {
      await draft.recipient(name, publicKey, key, this.#key());
      const theirs = Object.entries(draft.secrets).filter(([, entry]) => entry.for?.includes(name) ?? true);
      const names = theirs.map(([each]) => each);
      return this.#sealAgain(draft, state, names);
    });
  }

  async removeRecipient(name: string): Promise<Reencrypted> {
    return this.#change(async (draft, state) => {
      const gone = draft.recipients[name];
      if (gone === undefined) throw fail("vault.unknown-recipient", `the vault has no recipient ${name}`);
      if (gone.fingerprint === draft.by) {
        const hint = "Let another recipient do it.";
        throw fail("vault.not-a-recipient", "you cannot take yourself out of the vault", { hint });
      }
      draft.dropRecipient(name);
      const theirs = Object.entries(draft.secrets).filter(
        ([, entry]) => entry.readers.includes(gone.fingerprint) || entry.for?.includes(name),
      );
      for (const [key, entry] of theirs) {
        if (entry.for === undefined) continue;
        const only = entry.for.filter((one) => one !== name);
        draft.readersFor(key, only);
        draft.secrets[key] = { ...entry, for: only };
      }
      const names = theirs.map(([each]) => each);
      const result = await this.#sealAgain(draft, state, names);
      if (result.left.length === 0) return result;
      throw fail("secret.no-access", `${name} reads ${result.left.join(", ")}, which this key does not open`, {
        hint: "Let somebody who reads them take the recipient out.",
      });
    });
  }

  async reencrypt(names?: readonly string[]): Promise<Reencrypted> {
    return this.#change(async (draft, state) => {
      const keys = names === undefined ? Object.keys(draft.secrets) : [];
      for (const name of names ?? []) keys.push(await this.#find(state, name));
      return this.#sealAgain(draft, state, keys);
    });
  }

  async #sealAgain(draft: Draft, state: State, keys: readonly string[]): Promise<Reencrypted> {
    const left: string[] = [];
    for (const key of keys.toSorted()) {
      const value = await this.#open(state, key).catch((error: unknown) => {
        if (!isCode(error, "secret.no-access")) throw error;
        left.push(key);
      });
      if (value !== undefined) await draft.seal(key, value, draft.secrets[key]?.for);
    }
    return { done: keys.filter((key) => !left.includes(key)).toSorted(), left };
  }

  async fresh(): Promise<boolean> {
    if ((await this.#folder.manifest()) !== undefined || (await this.#store.read()) !== undefined) return false;
    return (await this.#folder.files()).every((path) => path.startsWith("recipients/"));
  }

  async check(): Promise<readonly Finding[]> {
    return inspect({
      folder: this.#folder,
      now: this.#clock.now(),
      state: () => this.#state(),
      open: async (state, key) => void (await this.#open(state, key)),
      ...(this.#keyholder === undefined ? {} : { fingerprint: await this.#keyholder.fingerprint() }),
    });
  }

  async resign(agree?: (recipients: readonly Recipient[]) => Promise<void>): Promise<void> {
    await this.#changing(async () => {
      const { state, sequence } = await looseState(this.#folder, await this.#store.read());
      await agree?.(recipientsOf(state.keys));
      await this.#make(state, sequence, async () => undefined);
    });
  }

  accept = (): Promise<void> => this.#believe();

  #change<T>(work: (draft: Draft, state: State) => Promise<T>): Promise<T> {
    return this.#changing(async () => {
      const state = await this.#state();
      const seen = await this.#store.read();
      return this.#make(state, Math.max(state.manifest.sequence, seen?.sequence ?? 0) + 1, work);
    });
  }

  /** One after the other, in this process and in all. */
  #changing<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(async () => {
      this.#key();
      using _lock = await this.#folder.lock();
      return await work();
    });
    this.#changes = done.catch(() => undefined);
    return done;
  }

  async #make<T>(state: State, sequence: number, work: (draft: Draft, state: State) => Promise<T>): Promise<T> {
    const keyholder = this.#key();
    const by = await keyholder.fingerprint();
    const draft = new Draft(state.manifest, state.keys, by, new Date(this.#clock.now()).toISOString());
    if (state.keys.size > 0) this.#mayChange(state.keys, by);
    if (!state.signed && state.keys.size > 0) {
      await draft.adopt(this.#folder, keyholder);
      this.#say(
        `the vault in ${this.dir} gets a signed manifest of its ${Object.keys(draft.secrets).length} secrets as they are`,
      );
    }
    const result = await work(draft, state);
    if (draft.keys.size > 0) this.#mayChange(draft.keys, by);
    const manifest = manifestText(draft.manifest(sequence));
    const signature = await keyholder.sign(manifest);
    await this.#folder.change({ files: draft.files, manifest, signature });
    await this.#believe();
    return result;
  }

  async #believe(): Promise<void> {
    this.#known = undefined;
    const [before, { seen }] = [await this.#store.read(), await readState(this.#folder, undefined)];
    await this.#store.write(seen && remembered(seen, before));
  }

  #mayChange(keys: State["keys"], fingerprint: string): void {
    if ([...keys.values()].some((key) => key.getFingerprint() === fingerprint)) return;
    throw fail(
      "vault.not-a-recipient",
      `only recipients change the vault in ${this.dir}, and this key is not among them`,
    );
  }
}
