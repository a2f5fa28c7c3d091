import type { Seen } from "./resource.ts";

const compared = ["domain", "type", "data", "ttl", "priority", "port", "weight", "flags", "tag"] as const;

/**
 * The record and the stack's others that say the very same, the one made first before all: names and data may stand twice in a zone, as when two
 * operators made them at the same moment. Pure.
 */
export const twinsOf = (record: Seen<"record">, all: readonly Seen<"record">[]): readonly Seen<"record">[] =>
  [record, ...all.filter((one) => one.id !== record.id && one.ours && same(one, record))].sort(
    (a, b) => Number(a.id) - Number(b.id),
  );

const same = (a: Seen<"record">, b: Seen<"record">): boolean =>
  a.host.toLowerCase() === b.host.toLowerCase() && compared.every((field) => a[field] === b[field]);
