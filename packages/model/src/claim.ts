import type { Change } from "./change.ts";
import type { Command } from "./command.ts";
import type { SecretText } from "./content.ts";
import type { Fact } from "./fact.ts";
import type { Secret } from "./secret.ts";

/** What a plan may know besides what was seen. */
export interface Known {
  /** SHA-256 of a content's value as lower-case hex; undefined when no vault was given. The claim has to name its secrets. */
  digest(content: Secret | SecretText): string | undefined;
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
  /** All that its changes contain or that its plan asks the digest of. */
  readonly secrets: readonly (Secret | SecretText)[];
  /** Cannot be seen afterwards, such as a restart: runs only when something it follows changed. */
  readonly action: boolean;
  /** Its change ends with the machine starting anew: whoever applies it connects again. */
  readonly reboots: boolean;
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

/**
 * How a change that may lock everybody out is taken back by the host itself: unless a fresh connection comes through within a
 * minute after the change and what follows it, the files are put back as they were and `settle` makes that effective.
 */
export interface Guard {
  readonly title: string;
  /** Files as they are before the first change under this guard are put back; those that were absent are removed. */
  readonly files: readonly string[];
  /** Run in order, each whatever became of the others. */
  readonly settle: readonly Command[];
}
