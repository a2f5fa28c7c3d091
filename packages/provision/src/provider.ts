import type { Kind, Seen, SeenMachine, Wanted, WantedOf } from "./resource.ts";

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
  /** How many machines the account may have. */
  readonly machineLimit: number;
}

/** How a change of one field is made: at once, with the machine switched off meanwhile, or by another one in its place. */
export type How = "in place" | "while off" | "replace";

/** Ids and addresses of resources of the stack that others refer to, by their {@link Ref}; what was there and what this run made. */
export type Links = ReadonlyMap<string, Seen>;

export interface Makes<K extends Kind> {
  /** Made once, however often it is called with the same `intent`: what a lost answer left is looked for through the lag of lists. */
  create(wanted: WantedOf<K>, links: Links, intent: string): Promise<Seen<K>>;
  /** Makes `seen` as `wanted`; the named fields differ. May be repeated. */
  update(seen: Seen<K>, wanted: WantedOf<K>, fields: readonly string[], links: Links): Promise<void>;
  /** Gone already is as good. */
  remove(seen: Seen<K>): Promise<void>;
  /** Marks an existing resource that is not the stack's as the stack's. */
  adopt(seen: Seen<K>, wanted: WantedOf<K>): Promise<void>;
  how(field: string, seen: Seen<K>, wanted: WantedOf<K>): How;
}

/** What of a provider a plan for a stack rests on. */
export interface Scope {
  readonly stack: string;
  readonly wanted: readonly Wanted[];
}

/** One provider of machines and what belongs to them. All calls respect the signal and the clock it was made with. */
export interface Provider {
  readonly name: "digitalocean" | "hetzner";
  readonly kinds: ReadonlySet<Kind>;
  catalog(): Promise<Catalog>;
  /** The stack's resources, and others that stand where a wanted one would be (`ours: false`). Read only. */
  observe(scope: Scope): Promise<readonly Seen[]>;
  /** The machines of the stack, in one list: what waiting looks at, once per tick for all. */
  machines(stack: string): Promise<readonly SeenMachine[]>;
  readonly makes: { readonly [K in Kind]?: Makes<K> };
  /** Switches a machine on and waits for nothing. */
  start(machine: SeenMachine): Promise<void>;
  /** Replaces the marks that tell a machine's host keys; `fresh` as in {@link SeenMachine}. */
  pin(machine: SeenMachine, keys: readonly string[], fresh: boolean): Promise<void>;
  protect(machine: SeenMachine, on: boolean): Promise<void>;
}
