import type { Command } from "./command.ts";

/**
 * One command that only reads, and the meaning of its output. Readings with the same `read` are merged into one command
 * with all their `of` appended, so `parse` must find its own subjects in an output that may tell of more.
 */
export interface Reading<out T> {
  readonly read: Command;
  /** Subjects appended to `read`: names of packages, paths, units. */
  readonly of?: readonly string[];
  /** What a change has to touch for this to be read again, e.g. `file:/etc/hosts`. Default: every change touches it. */
  readonly reads?: readonly string[];
  readonly parse: (stdout: string, status: number) => T;
}

/** Several readings seen as one value. Made by {@link together}. */
export interface Readings<out T> {
  readonly together: readonly Reading<unknown>[];
  readonly combine: (values: readonly unknown[]) => T;
}

/** Something that can be seen on a host without changing it. */
export type Fact<T> = Reading<T> | Readings<T>;

/** The single readings of a fact. */
export const readingsOf = (fact: Fact<unknown>): readonly Reading<unknown>[] =>
  "together" in fact ? fact.together : [fact];

/** Facts as one fact: `together({ file: f, mtu: m })` is seen as `{ file, mtu }`. */
export function together<T extends Readonly<Record<string, unknown>>>(
  facts: { readonly [K in keyof T]: Fact<T[K]> },
): Readings<T> {
  const names = Object.keys(facts);
  const parts = names.map((name) => facts[name as keyof T] as Fact<unknown>);
  return {
    together: parts.flatMap(readingsOf),
    combine: (values) => {
      let at = 0;
      const seen = parts.map((fact) => {
        const count = readingsOf(fact).length;
        const own = values.slice(at, at + count);
        at += count;
        return "together" in fact ? fact.combine(own) : own[0];
      });
      return Object.fromEntries(names.map((name, index) => [name, seen[index]])) as T;
    },
  };
}
