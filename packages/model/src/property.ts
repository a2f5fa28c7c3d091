import type { Change } from "./change.ts";
import type { Bulk, Claim, Condition, ErasedCondition, Guard, Known } from "./claim.ts";
import type { SecretText } from "./content.ts";
import { errorsOf } from "./errors.ts";
import type { Fact } from "./fact.ts";
import { type Info, type PortsOf, type Surroundings, takenPort } from "./info.ts";
import { everyOs, type Os } from "./os.ts";
import type { Secret } from "./secret.ts";

const fail = errorsOf({
  "property.wrong-os": { exitCode: 2, hint: "Use a property made for the host's operating system." },
});

export type AnyProperty = Property<never, string>;

/** How a property is built. For engines; users compose with the methods of {@link Property}. */
export type PropertyNode =
  | { readonly kind: "claim"; readonly claim: Claim }
  | { readonly kind: "all"; readonly title: string; readonly members: readonly AnyProperty[] }
  | { readonly kind: "requires"; readonly of: AnyProperty; readonly first: AnyProperty }
  | { readonly kind: "onChange"; readonly of: AnyProperty; readonly next: AnyProperty }
  | { readonly kind: "when"; readonly of: AnyProperty; readonly condition: ErasedCondition }
  | { readonly kind: "perOs"; readonly per: Readonly<Partial<Record<Os, AnyProperty>>> }
  | { readonly kind: "revertable"; readonly of: AnyProperty; readonly opposite: AnyProperty }
  | { readonly kind: "fallback"; readonly of: AnyProperty; readonly otherwise: AnyProperty }
  | { readonly kind: "guarded"; readonly of: AnyProperty; readonly guard: Guard }
  | { readonly kind: "derived"; readonly title: string; readonly make: (around: Surroundings) => AnyProperty };

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
  /** What it tells others about its host. */
  readonly info: readonly Info[];
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
  /** All that its changes contain or that its plan asks the digest of. */
  readonly secrets?: readonly (Secret | SecretText)[];
  readonly action?: boolean;
  readonly reboots?: boolean;
  readonly bulk?: Bulk<T>;
  readonly info?: readonly Info[];
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
    reboots: how.reboots ?? false,
    ...(how.bulk !== undefined && !undone ? { bulk: how.bulk } : {}),
  });
  const made = build<O, G>(
    title,
    { systems: how.on, gives: how.gives ?? [], info: how.info ?? [] },
    { kind: "claim", claim: claim(title, how.plan, how.writes, false) },
  );
  const { revert: undo } = how;
  if (undo === undefined) return made;
  const opposite = build<O, never>(undo.title, bare(how.on), {
    kind: "claim",
    claim: claim(undo.title, undo.plan, undo.writes ?? how.writes, true),
  });
  return revertable(made, opposite);
}

/**
 * Gives a property an opposite that was made elsewhere, so that a composed one can be reverted. When the property is taken out of a host's
 * list, its opposite is what takes back what it brought.
 */
export const revertable = <O extends Os, G extends string>(
  of: Property<O, G>,
  opposite: Property<O>,
): Revertable<O, G> => ({ ...build<O, G>(of.title, of, { kind: "revertable", of, opposite }), opposite });

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
  const gives = members.flatMap((member) => member.gives) as GivenBy<P[number]>[];
  return build(title, { systems: shared(members), gives, info: told(members) }, { kind: "all", title, members });
}

/** As {@link all}, named for its members. */
export const group = <const P extends Props>(
  ...has: P & Shared<SystemsOf<P[number]>>
): Property<SystemsOf<P[number]>, GivenBy<P[number]>> =>
  all<P>((has as Props).map((member) => member.title).join(", "), has);

/** The same property, known to give something to the host, such as `"docker"`. */
export const giving = <O extends Os, const G extends string>(
  of: Property<O, string>,
  ...gives: readonly G[]
): Property<O, G> => build(of.title, { ...of, gives }, { kind: "all", title: of.title, members: [of] });

/** The same property, which tells others something about its host. A port that the compiler knows is among what it gives. */
export function telling<O extends Os, G extends string, const I extends Info>(
  of: Property<O, G>,
  ...info: readonly I[]
): Property<O, G | PortsOf<I>> {
  const told: readonly Info[] = info;
  const ports = told.flatMap((one) => (one.kind === "port" ? [takenPort(one)] : [])) as PortsOf<I>[];
  const traits = { systems: of.systems, gives: [...of.gives, ...ports], info: [...of.info, ...told] };
  return build(of.title, traits, { kind: "all", title: of.title, members: [of] });
}

/** One property with a way of its own on each operating system. */
export function perOs<const M extends { readonly [O in Os]?: Property<O, string> }>(
  title: string,
  per: M,
): Property<keyof M & Os, GivenBy<M[keyof M & Os]>> {
  const members = Object.values(per);
  const gives = [...new Set(members.flatMap((member) => member.gives))] as GivenBy<M[keyof M & Os]>[];
  return build(title, { systems: Object.keys(per) as Os[], gives, info: told(members) }, { kind: "perOs", per });
}

/** The first that can be made true: `otherwise` is tried when `of` fails, and left alone as long as `of` holds. */
export const fallback = <A extends Os, B extends Os, G extends string>(
  of: Property<A, G>,
  otherwise: Property<B, G>,
): Property<A & B, G> =>
  build(
    of.title,
    { systems: shared([of, otherwise]), gives: of.gives, info: told([of, otherwise]) },
    { kind: "fallback", of, otherwise },
  );

/**
 * Changes of this property, but not of what it requires, may lock everybody out of the host: the host takes them back by itself unless
 * a fresh connection comes through afterwards.
 */
export const guarded = <O extends Os, G extends string>(of: Property<O, G>, guard: Guard): Property<O, G> =>
  build(of.title, of, { kind: "guarded", of, guard });

/**
 * A property that depends on what else is known of its host and of the platform's other hosts, such as the ports that are served. `make`
 * is pure and is called when a host is planned; what the made property itself tells is not heard.
 */
export const derived = <const O extends Os, G extends string = never>(
  title: string,
  on: readonly O[],
  make: (around: Surroundings) => Property<O, G>,
): Property<O, G> => build(title, bare(on), { kind: "derived", title, make });

interface Traits<G extends string> {
  readonly systems: readonly Os[];
  readonly gives: readonly G[];
  readonly info: readonly Info[];
}

const bare = (systems: readonly Os[]): Traits<never> => ({ systems, gives: [], info: [] });
const shared = (members: readonly AnyProperty[]): readonly Os[] =>
  everyOs.filter((os) => members.every((one) => one.systems.includes(os)));
const told = (members: readonly AnyProperty[]): readonly Info[] => members.flatMap((member) => member.info);

function build<O extends Os, G extends string>(title: string, traits: Traits<G>, node: PropertyNode): Property<O, G> {
  const { systems, gives, info } = traits;
  const self = {
    title,
    systems,
    gives,
    info,
    node,
    on: (os: Os): void => {
      if (!systems.includes(os))
        throw fail("property.wrong-os", `"${title}" is for ${systems.join(", ") || "no system"}, not for ${os}`);
    },
    requires: (first: AnyProperty) =>
      build(
        title,
        {
          systems: shared([self as never, first]),
          gives: [...gives, ...first.gives],
          info: told([self as never, first]),
        },
        { kind: "requires", of: self as never, first },
      ),
    before: (next: AnyProperty) => (next as Property<Os, string>).requires(self as never),
    onChange: (next: AnyProperty) =>
      build(
        title,
        { systems: shared([self as never, next]), gives, info: told([self as never, next]) },
        { kind: "onChange", of: self as never, next },
      ),
    when: (condition: ErasedCondition) =>
      build(title, { systems, gives: [], info }, { kind: "when", of: self as never, condition }),
    describe: (text: string) => build(text, traits, { kind: "all", title: text, members: [self as never] }),
  };
  return self as never;
}
