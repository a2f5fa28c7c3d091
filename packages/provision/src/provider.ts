import type { Kind, Ref, Seen, SeenMachine, Wanted, WantedOf } from "./resource.ts";

/** What a provider offers, with its prices in dollars (or euros, as its own bill says) a month. */
export interface Catalog {
  readonly currency: "$" | "€";
  readonly regions: readonly { readonly slug: string; readonly available: boolean }[];
  readonly sizes: readonly {
    readonly slug: string;
    readonly memoryMb: number;
    readonly vcpus: number;
    readonly diskGb: number;
    readonly monthly: number;
    readonly regions: readonly string[];
    readonly available: boolean;
  }[];
  readonly images: readonly { readonly slug: string; readonly id: string; readonly minDiskGb: number }[];
  readonly volumeMonthlyPerGb: number;
  /** What backups of a machine cost, as a part of its own price. */
  readonly backupsPart: number;
}

/** How many of a kind the account may have in all, and has, whosever they are. */
export interface Room {
  readonly most: number;
  readonly there: number;
}

/** How a change of one field is made: at once, with the machine switched off meanwhile, or by another one in its place. */
export type How = "in place" | "while off" | "replace";

/** What a plan must know of its provider. Plain data. */
export interface Traits {
  readonly name: "digitalocean" | "hetzner";
  readonly kinds: readonly Kind[];
  /** By kind and field; what is not named is changed in place. */
  readonly how: { readonly [K in Kind]?: Readonly<Record<string, How>> };
  /** How many reserved addresses may lead to one machine; undefined for any number. */
  readonly addressesEach?: number;
}

/** Ids and addresses of resources of the stack that others refer to, by their ref; what was there and what this run made. */
export type Links = ReadonlyMap<string, Seen>;

/** One creation, noted before it is tried. */
export interface Intent {
  /** Unique, of letters and digits. */
  readonly id: string;
  /** A former run began it and did not see its end: it is looked for, through the lag of lists, before anything is made. */
  readonly begun: boolean;
}

export interface Makes<K extends Kind> {
  /** Made once, however often it is called with the same intent: what a lost answer left is looked for through the lag of lists. */
  create(wanted: WantedOf<K>, links: Links, intent: Intent): Promise<Seen<K>>;
  /** Makes `seen` as `wanted`; the named fields differ. May be repeated. */
  update(seen: Seen<K>, wanted: WantedOf<K>, fields: readonly string[], links: Links): Promise<void>;
  /** Gone already is as good. Machines and volumes: throws `cloud.protected` for one that is protected now, whatever `seen` says. */
  remove(seen: Seen<K>): Promise<void>;
  /** Marks an existing resource that is nobody's as the stack's. Machines and volumes: throws `plan.stale` for one that has become another stack's. */
  adopt(seen: Seen<K>, wanted: WantedOf<K>, links: Links): Promise<void>;
}

/** What of a provider a plan for a stack rests on. */
export interface Scope {
  readonly wanted: readonly Wanted[];
  /** Looks for all kinds, also those that nothing wanted asks for: for destroying. */
  readonly all?: boolean;
  /** Resources to be adopted, which no mark tells of yet; they are seen under this name. */
  readonly adopt?: readonly { readonly ref: Ref; readonly id: string }[];
}

/** One provider of machines and what belongs to them, for one stack. All calls respect the signal and the clock it was made with. */
export interface Provider {
  readonly stack: string;
  readonly traits: Traits;
  catalog(scope: Scope): Promise<Catalog>;
  /** What room the account has for more of these kinds, as far as it tells. Asked for after {@link observe}, when some are to be made. */
  room(kinds: readonly Kind[]): Promise<{ readonly [K in Kind]?: Room }>;
  /** The stack's resources, and others that stand where a wanted one would be (`ours: false`). Read only. */
  observe(scope: Scope): Promise<readonly Seen[]>;
  /** The machines of the stack, in one list: what waiting looks at, once per tick for all. */
  machines(): Promise<readonly SeenMachine[]>;
  readonly makes: { readonly [K in Kind]?: Makes<K> };
  /** Switches a machine on and waits for nothing. */
  start(machine: SeenMachine): Promise<void>;
  /** Makes the marks that tell a machine's host keys these: `ssh-ed25519 AAAA…`; `fresh` as in {@link SeenMachine}. */
  pin(machine: SeenMachine, keys: readonly string[], fresh: boolean): Promise<void>;
  /** Marks a machine as one that goes; see {@link SeenMachine.retired}. */
  retire(machine: SeenMachine): Promise<void>;
  /**
   * Removes what marks alone a destroyed stack leaves behind; may be repeated. Resolves with what carries the stack's mark and was left, in words:
   * what is protected, or another stack's too.
   */
  forget(): Promise<readonly string[]>;
}
