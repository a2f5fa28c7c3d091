import { createHash } from "node:crypto";
import {
  type AnyProperty,
  type Claim,
  type ErasedCondition,
  type Guard,
  type Host,
  hostInfo,
  type Surroundings,
} from "@slipway/model";
import { fail } from "../errors.ts";

/** A claim in its place among all claims of a host. */
export interface Item {
  /** Stable between runs and releases as long as the claim is the same. */
  readonly id: string;
  readonly claim: Claim;
  /** Titles of the bundles it came in, outermost first. */
  readonly within: readonly string[];
  /** Applies only where all of these hold. */
  readonly conditions: readonly ErasedCondition[];
  /** Ids of what must be true before. */
  readonly needs: ReadonlySet<string>;
  /** Ids of what it follows when they changed; empty for a claim that stands for itself. */
  readonly follows: ReadonlySet<string>;
  /** Its change may lock everybody out. */
  readonly guard?: Guard;
  /** What takes it back when it is in the list no longer. */
  readonly removal?: Removal;
  /** Tried only when one of these failed; they are a property's first choice. */
  readonly instead: ReadonlySet<string>;
}

/** A property with an opposite, and the claims that it consists of. */
export interface Removal {
  readonly title: string;
  readonly opposite: AnyProperty;
}

interface Draft extends Item {
  readonly needs: Set<string>;
  readonly follows: Set<string>;
  readonly instead: Set<string>;
  readonly choice: boolean;
}

interface Place {
  readonly within: readonly string[];
  readonly conditions: readonly ErasedCondition[];
  /** Inside the second part of an `onChange`: everything there follows, or what is required there and is an action. */
  readonly following: "all" | "actions" | "nothing";
  /** What is followed there. One action may follow many things, each in its own place in the order. */
  readonly followed: readonly string[];
  readonly guard?: Guard;
  readonly removal?: Removal;
  /** Something else stands for it, or it for something else, so it may say the contrary of another claim. */
  readonly choice: boolean;
}

/** Ids of what a property says itself, and of everything that comes with it. */
interface Visited {
  readonly own: readonly string[];
  readonly every: readonly string[];
}

/**
 * All claims of a host, each once, in an order in which everything comes after what it needs and otherwise as it was written.
 * Throws `config.conflict` for two claims that say different things of one thing, `config.cycle`.
 */
export function itemsOf(host: Declared, around: Surroundings = alone(host)): readonly Item[] {
  const drafts = new Map<string, Draft>();
  const place: Place = { within: [], conditions: [], following: "nothing", followed: [], choice: false };
  for (const one of host.has) visit(one, place, { around, drafts });
  refuseConflicts([...drafts.values()]);
  return sorted(drafts);
}

type Declared = Pick<Host, "name" | "os" | "distro" | "has">;

/** A host of which no others are known. */
export function alone(host: Declared): Surroundings {
  const self = hostInfo(host);
  return { self, hosts: [self] };
}

interface Walk {
  readonly around: Surroundings;
  readonly drafts: Map<string, Draft>;
}

function visit(property: AnyProperty, place: Place, walk: Walk): Visited {
  const { drafts, around } = walk;
  const { node } = property;
  switch (node.kind) {
    case "claim": {
      const id = add(node.claim, place, drafts);
      return { own: [id], every: [id] };
    }
    case "all": {
      const inside = { ...place, within: [...place.within, node.title] };
      const members = node.members.map((member) => visit(member, inside, walk));
      return { own: members.flatMap((member) => member.own), every: members.flatMap((member) => member.every) };
    }
    case "requires": {
      const following = place.following === "all" ? "actions" : place.following;
      const { guard: _, removal: __, ...rest } = place;
      const first = visit(node.first, { ...rest, following }, walk);
      const of = visit(node.of, place, walk);
      for (const id of of.own) for (const need of first.every) if (need !== id) drafts.get(id)?.needs.add(need);
      return { own: of.own, every: [...first.every, ...of.every] };
    }
    case "onChange": {
      const of = visit(node.of, place, walk);
      const then = visit(node.next, { ...place, following: "all", followed: of.own }, walk);
      for (const id of then.every) if (follower(id)) for (const source of of.own) follow(drafts.get(id), source);
      return { own: of.own, every: [...of.every, ...then.every] };
    }
    case "when":
      return visit(node.of, { ...place, conditions: [...place.conditions, node.condition] }, walk);
    case "perOs": {
      const own = node.per[around.self.os];
      return own === undefined ? { own: [], every: [] } : visit(own, place, walk);
    }
    case "revertable": {
      // The outermost one knows best how all of it is taken back.
      const removal = place.removal ?? { title: property.title, opposite: node.opposite };
      return visit(node.of, { ...place, removal }, walk);
    }
    case "guarded":
      return visit(node.of, { ...place, guard: node.guard }, walk);
    case "derived":
      return visit(node.make(around), { ...place, within: [...place.within, node.title] }, walk);
    case "fallback": {
      const of = visit(node.of, { ...place, choice: true }, walk);
      const otherwise = visit(node.otherwise, { ...place, choice: true }, walk);
      for (const id of otherwise.every) {
        const draft = drafts.get(id);
        for (const first of of.every) if (first !== id) draft?.instead.add(first);
      }
      return { own: [...of.own, ...otherwise.own], every: [...of.every, ...otherwise.every] };
    }
    default:
      return node satisfies never;
  }
}

const follower = (id: string): boolean => id.startsWith("then-");

function follow(draft: Draft | undefined, source: string): void {
  draft?.follows.add(source);
  draft?.needs.add(source);
}

function add(claim: Claim, place: Place, drafts: Map<string, Draft>): string {
  const follows = place.following === "all" || (place.following === "actions" && claim.action);
  if (claim.action && !follows) {
    throw fail("config.bad-argument", `"${claim.title}" is an action and cannot stand for itself`, {
      hint: "Give it to the `onChange` of the property that it has to follow.",
    });
  }
  const said = JSON.stringify([
    claim.title,
    claim.about,
    claim.detail,
    place.conditions.map((condition) => condition.title),
    follows ? place.followed : [],
  ]);
  const id = `${follows ? "then-" : ""}${createHash("sha256").update(said).digest("hex").slice(0, 16)}`;
  if (!drafts.has(id)) {
    const { within, conditions, guard, removal, choice } = place;
    drafts.set(id, {
      id,
      claim,
      within,
      conditions,
      choice,
      needs: new Set(),
      follows: new Set(),
      instead: new Set(),
      ...(guard === undefined ? {} : { guard }),
      ...(removal === undefined ? {} : { removal }),
    });
  }
  return id;
}

function refuseConflicts(drafts: readonly Draft[]): void {
  const said = new Map<string, Claim>();
  for (const { claim, conditions, choice } of drafts) {
    if (claim.action || choice || conditions.length > 0) continue;
    const other = said.get(claim.about);
    if (other === undefined) said.set(claim.about, claim);
    else if (other.title !== claim.title || other.detail !== claim.detail) {
      throw fail(
        "config.conflict",
        `two properties contradict each other about ${claim.about}: "${other.title}" and "${claim.title}"`,
      );
    }
  }
}

function sorted(drafts: ReadonlyMap<string, Draft>): readonly Item[] {
  const done = new Set<string>();
  const open: string[] = [];
  const order: Item[] = [];
  const place = (draft: Draft): void => {
    if (done.has(draft.id)) return;
    if (open.includes(draft.id)) {
      const circle = [...open.slice(open.indexOf(draft.id)), draft.id].map((id) => `"${drafts.get(id)?.claim.title}"`);
      throw fail("config.cycle", `properties require each other in a circle: ${circle.join(" → ")}`);
    }
    open.push(draft.id);
    for (const need of [...draft.needs, ...draft.instead]) {
      const first = drafts.get(need);
      if (first !== undefined) place(first);
    }
    open.pop();
    done.add(draft.id);
    order.push(draft);
  };
  for (const draft of drafts.values()) place(draft);
  return order;
}
