import type { Command } from "./command.ts";
import { errorsOf } from "./errors.ts";
import type { Fact } from "./fact.ts";
import type { Secret } from "./secret.ts";

export type Os = "debian" | "ubuntu" | "alpine";
export type DebianLike = "debian" | "ubuntu";
export const debianLike = ["debian", "ubuntu"] as const satisfies readonly DebianLike[];
export const everyOs = ["debian", "ubuntu", "alpine"] as const satisfies readonly Os[];

/** An operating system at a version. */
export interface Distro<out O extends Os = Os> {
  readonly os: O;
  readonly version: string;
}
export const debian = (version: "12" | "13"): Distro<"debian"> => ({ os: "debian", version });
export const ubuntu = (version: "24.04"): Distro<"ubuntu"> => ({ os: "ubuntu", version });
export const alpine = (version: "3.21" | "3.22"): Distro<"alpine"> => ({ os: "alpine", version });

const fail = errorsOf({
  "property.wrong-os": { exitCode: 2, hint: "Use a property made for the host's operating system." },
});

/** A file put in place whole: written beside, validated, owned, synced, then renamed over the old one. */
export interface FileWrite {
  readonly path: string;
  readonly content: string | Secret;
  /** Octal, as chmod takes it: `"0644"`. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  /** Must succeed before the file is installed; `{}` stands for the path of the new file. */
  readonly validate?: Command;
}

/** One step that makes something true: a command, or a file. Running it twice is the same as running it once. */
export type Change = Command | FileWrite;

/** What a plan may know besides what was seen. */
export interface Known {
  /** SHA-256 of a secret's value as lower-case hex; undefined when no vault was given. */
  digest(secret: Secret): string | undefined;
}

/**
 * One thing that is true of a host or is made true: the atom that properties consist of. The type of what is seen is erased,
 * as claims of all kinds stand in one list: only what `observe` gave may be handed to `plan` and `diff`.
 */
export interface Claim {
  readonly title: string;
  /** What it is about, e.g. `file:/etc/motd`: two different claims about the same thing on one host are refused. */
  readonly about: string;
  /** Distinguishes claims with the same title; data only. */
  readonly detail: string;
  readonly observe: Fact<unknown>;
  /** Pure. Empty when `seen` is as claimed. */
  readonly plan: (seen: never, known: Known) => readonly Change[];
  /** For people: how what was seen differs from what is claimed. Never holds a secret. */
  readonly diff?: (seen: never) => string | undefined;
  /** What its changes may touch, matched with {@link Reading.reads}; a `*` at the end stands for anything. Default: everything. */
  readonly writes: readonly string[];
  readonly secrets: readonly Secret[];
  /** Cannot be seen afterwards, such as a restart: runs only when something it follows changed. */
  readonly action: boolean;
  readonly bulk?: Bulk<never>;
}

/** A way to make many claims of a kind true in one go, such as one apt-get for the packages of all. */
export interface Bulk<in T> {
  readonly kind: string;
  /** What this claim misses. */
  readonly subjects: (seen: T) => readonly string[];
  /** Changes that bring the subjects of all claims of this kind. */
  readonly plan: (subjects: readonly string[]) => readonly Change[];
}

/** Whether something applies to a host, decided from what was seen. */
export interface Condition<T> {
  readonly title: string;
  readonly observe: Fact<T>;
  readonly holds: (seen: T) => boolean;
}

/** A condition in a list of all kinds; the same rule as for {@link Claim}. */
export interface ErasedCondition {
  readonly title: string;
  readonly observe: Fact<unknown>;
  readonly holds: (seen: never) => boolean;
}

export type AnyProperty = Property<never, string>;

/** How a property is built. For engines; users compose with the methods of {@link Property}. */
export type PropertyNode =
  | { readonly kind: "claim"; readonly claim: Claim }
  | { readonly kind: "all"; readonly title: string; readonly members: readonly AnyProperty[] }
  | { readonly kind: "requires"; readonly of: AnyProperty; readonly first: AnyProperty }
  | { readonly kind: "onChange"; readonly of: AnyProperty; readonly next: AnyProperty }
  | { readonly kind: "when"; readonly of: AnyProperty; readonly condition: ErasedCondition }
  | { readonly kind: "perOs"; readonly per: Readonly<Partial<Record<Os, AnyProperty>>> };

/**
 * A statement about a host that can be checked and made true. It consumes an operating system, so a property for more
 * systems fits where fewer are asked; what it gives, such as `"docker"`, the host then offers.
 */
export interface Property<in On extends Os, out Gives extends string = never> {
  readonly title: string;
  /** Throws `property.wrong-os` for an operating system it was not made for. */
  readonly on: (os: On) => void;
  readonly gives: readonly Gives[];
  readonly systems: readonly Os[];
  readonly node: PropertyNode;
  /** `first` is made true before; when that fails this one is not tried. */
  requires<O extends Os, G extends string>(first: Property<O, G>): Property<On & O, Gives | G>;
  /** The same the other way round: this one is made true before `next`. */
  before<O extends Os, G extends string>(next: Property<O, G>): Property<On & O, Gives | G>;
  /** `next` follows whenever this changed something, also when a run that changed it died before `next` was done. */
  onChange<O extends Os, G extends string>(next: Property<O, G>): Property<On & O, Gives>;
  /** Holds only on hosts where the condition does; elsewhere it is left alone. So it gives nothing for sure. */
  when<T>(condition: Condition<T>): Property<On>;
  /** The same under another title. */
  describe(title: string): Property<On, Gives>;
}

/** A property that has an opposite; see {@link revert}. */
export interface Revertable<in On extends Os, out Gives extends string = never> extends Property<On, Gives> {
  readonly opposite: Property<On>;
}

/** The opposite of a property: what it brought is taken away. */
export const revert = <O extends Os>(of: Revertable<O, string>): Property<O> => of.opposite;

export interface PropertySpec<O extends Os, T, G extends string> {
  readonly on: readonly O[];
  readonly observe: Fact<T>;
  readonly plan: (seen: T, known: Known) => readonly Change[];
  readonly gives?: readonly G[];
  readonly about?: string;
  readonly detail?: unknown;
  readonly diff?: (seen: T) => string | undefined;
  readonly writes?: readonly string[];
  readonly secrets?: readonly Secret[];
  readonly action?: boolean;
  readonly bulk?: Bulk<T>;
  /** Its opposite, planned from the same observation. */
  readonly revert?: Undo<T>;
}
export interface Undo<T> {
  readonly title: string;
  readonly plan: (seen: T, known: Known) => readonly Change[];
  readonly writes?: readonly string[];
}

/** Makes a property from a fact and a pure plan. With `revert` it has an opposite. */
export function property<const O extends Os, T, const G extends string = never>(
  title: string,
  how: PropertySpec<O, T, G> & { readonly revert: Undo<T> },
): Revertable<O, G>;
export function property<const O extends Os, T, const G extends string = never>(
  title: string,
  how: PropertySpec<O, T, G>,
): Property<O, G>;
export function property<O extends Os, T, G extends string>(title: string, how: PropertySpec<O, T, G>): Property<O, G> {
  const claim = (
    text: string,
    plan: Undo<T>["plan"],
    writes: readonly string[] | undefined,
    undone: boolean,
  ): Claim => ({
    title: text,
    about: how.about ?? title,
    detail: JSON.stringify([undone, how.detail ?? null]),
    observe: how.observe,
    plan,
    ...(how.diff !== undefined && !undone ? { diff: how.diff } : {}),
    writes: writes ?? ["*"],
    secrets: undone ? [] : (how.secrets ?? []),
    action: how.action ?? false,
    ...(how.bulk !== undefined && !undone ? { bulk: how.bulk } : {}),
  });
  const made = build<O, G>(title, how.on, how.gives ?? [], {
    kind: "claim",
    claim: claim(title, how.plan, how.writes, false),
  });
  const { revert: undo } = how;
  if (undo === undefined) return made;
  const opposite = build<O, never>(undo.title, how.on, [], {
    kind: "claim",
    claim: claim(undo.title, undo.plan, undo.writes ?? how.writes, true),
  });
  return { ...made, opposite } as Revertable<O, G>;
}

/** Gives a property an opposite that was made elsewhere, so that a composed one can be reverted. */
export const revertable = <O extends Os, G extends string>(
  of: Property<O, G>,
  opposite: Property<O>,
): Revertable<O, G> => ({ ...of, opposite });

/** The operating systems that all properties in `P` share. `in` with `infer` gives the intersection. */
export type SystemsOf<P> = [P] extends [Property<infer O, string>] ? O : never;
/** All that properties in `P` give. */
export type GivenBy<P> = P extends Property<never, infer G> ? G : never;
export type Props<O extends Os = never> = readonly Property<O, string>[];
type Shared<O> = [O] extends [never] ? { readonly "these properties share no operating system": never } : unknown;

/** Bundles properties into one that holds wherever all of them can. They are made true in this order. */
export function all<const P extends Props>(
  title: string,
  has: P & Shared<SystemsOf<P[number]>>,
): Property<SystemsOf<P[number]>, GivenBy<P[number]>> {
  const members: Props = has;
  return build(title, shared(members), members.flatMap((member) => member.gives) as GivenBy<P[number]>[], {
    kind: "all",
    title,
    members,
  });
}

/** The same property, known to give something to the host, such as `"docker"`. */
export const giving = <O extends Os, const G extends string>(
  of: Property<O, string>,
  ...gives: readonly G[]
): Property<O, G> => build(of.title, of.systems, gives, { kind: "all", title: of.title, members: [of] });

/** One property with a way of its own on each operating system. */
export function perOs<const M extends { readonly [O in Os]?: Property<O, string> }>(
  title: string,
  per: M,
): Property<keyof M & Os, GivenBy<M[keyof M & Os]>> {
  const members = Object.values(per);
  const gives = [...new Set(members.flatMap((member) => member.gives))] as GivenBy<M[keyof M & Os]>[];
  return build(title, Object.keys(per) as Os[], gives, { kind: "perOs", per });
}

const shared = (members: readonly AnyProperty[]): readonly Os[] =>
  everyOs.filter((os) => members.every((one) => one.systems.includes(os)));

function build<O extends Os, G extends string>(
  title: string,
  systems: readonly Os[],
  gives: readonly G[],
  node: PropertyNode,
): Property<O, G> {
  const self = {
    title,
    systems,
    gives,
    node,
    on: (os: Os): void => {
      if (!systems.includes(os))
        throw fail("property.wrong-os", `"${title}" is for ${systems.join(", ") || "no system"}, not for ${os}`);
    },
    requires: (first: AnyProperty) =>
      build(title, shared([self as never, first]), [...gives, ...first.gives], {
        kind: "requires",
        of: self as never,
        first,
      }),
    before: (next: AnyProperty) => (next as Property<Os, string>).requires(self as never),
    onChange: (next: AnyProperty) =>
      build(title, shared([self as never, next]), gives, { kind: "onChange", of: self as never, next }),
    when: (condition: ErasedCondition) => build(title, systems, [], { kind: "when", of: self as never, condition }),
    describe: (text: string) => build(text, systems, gives, { kind: "all", title: text, members: [self as never] }),
  };
  return self as never;
}
