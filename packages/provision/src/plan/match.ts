import { addressFor, type Kind, operatorRef, refOf, type Seen, type Wanted, type WantedOf } from "../resource.ts";
import { rawKey } from "../ssh-key.ts";
import { twinsOf } from "../twins.ts";

/** A wanted resource and what stands for it in the cloud. */
export interface Match<K extends Kind = Kind> {
  readonly wanted: WantedOf<K>;
  readonly seen?: Seen<K>;
  /** Ours under the same ref, which another one replaces. */
  readonly superseded: readonly Seen<K>[];
  readonly problem?: string;
}

export interface Matched {
  readonly matches: readonly Match[];
  /** Ours that nothing wanted asks for. */
  readonly unlisted: readonly Seen[];
}

/** Which of the seen stands for which of the wanted. Pure. */
export function match(wanted: readonly Wanted[], seen: readonly Seen[], adopt: readonly string[]): Matched {
  const records = matchRecords(
    wanted.filter((one) => one.kind === "record"),
    seen,
    adopt,
  );
  const matches = wanted.flatMap((one): readonly Match[] =>
    one.kind === "record" ? [] : [matchOne(one, seen, adopt)],
  );
  const all = [...matches, ...records];
  const taken = new Set<Seen>(all.flatMap((one) => [...(one.seen ? [one.seen] : []), ...one.superseded]));
  // Two of one ref are a problem of their own, not unlisted.
  const doubtful = new Set(matches.filter((one) => one.problem !== undefined).map((one) => refOf(one.wanted)));
  // Other operators' keys are theirs as long as there is an operator: they go with the stack.
  if (wanted.some((one) => refOf(one) === operatorRef)) doubtful.add(operatorRef);
  const unlisted = seen.filter((one) => one.ours && !taken.has(one) && !doubtful.has(refOf(one)));
  return { matches: all, unlisted };
}

const what: Readonly<Record<Kind, string>> = {
  machine: "machine",
  key: "key",
  project: "project",
  volume: "volume",
  firewall: "firewall",
  "reserved-ip": "reserved address",
  domain: "domain",
  record: "record",
};

function matchOne(wanted: Wanted, seen: readonly Seen[], adopt: readonly string[]): Match {
  const ref = refOf(wanted);
  const same = seen.filter((one) => refOf(one) === ref);
  if (wanted.kind === "key") return matchKey(wanted, seen, same);
  const ours = same.filter((one) => one.ours && !isRetired(one));
  const superseded = same.filter((one) => one.ours && isRetired(one));
  const [first, ...others] = ours;
  if (first !== undefined) {
    if (others.length === 0) return { wanted, seen: first, superseded };
    const led = ours.filter((one) => one.kind !== "reserved-ip" || one.assignedTo !== "");
    // Made by two operators at once: a machine takes one of them.
    if (wanted.kind === "reserved-ip" && led.length === 1)
      return { wanted, ...(led[0] && { seen: led[0] }), superseded: ours.filter((one) => one !== led[0]) };
    const ids = ours.map((one) => one.id).join(", ");
    const marked =
      wanted.kind === "machine" ? `carry the tag of host ${wanted.name}` : `are marked as ${wanted.name} of this stack`;
    return {
      wanted,
      superseded: [],
      problem: `${ours.length} ${what[wanted.kind]}s ${marked} (${ids}); destroy all but one`,
    };
  }
  const foreign = same.filter((one) => !one.ours);
  const adopted = foreign.find((one) => adopt.includes(one.id));
  if (adopted !== undefined) return { wanted, seen: adopted, superseded };
  const [taken] = foreign;
  if (taken === undefined) return { wanted, superseded };
  // A domain that was there is used and stays; machines may share their names.
  if (wanted.kind === "domain") return { wanted, seen: taken, superseded };
  if (wanted.kind === "machine") return { wanted, superseded };
  return {
    wanted,
    superseded,
    problem: `${what[wanted.kind]} ${wanted.name}: the name is taken by one that is not of this stack (${taken.id}); adopt it, remove it or choose another name`,
  };
}

/** An account has a key once, under whatever name; it serves even when somebody else added it. */
function matchKey(wanted: WantedOf<"key">, seen: readonly Seen[], same: readonly Seen[]): Match {
  const raw = rawKey(wanted.publicKey);
  const equal = seen.filter((one) => one.kind === "key" && rawKey(one.publicKey).equals(raw));
  const found = equal.find((one) => one.ours) ?? equal[0];
  const mayGo = refOf(wanted) === operatorRef ? [] : same;
  const superseded = mayGo.filter((one) => one.ours && one !== found && !equal.includes(one));
  return { wanted, superseded, ...(found && { seen: found }) };
}

const isRetired = (one: Seen): boolean => one.kind === "machine" && one.retired;

/** How the data of a wanted record reads, as far as it is known. */
export function dataOf(record: WantedOf<"record">, seen: readonly Seen[]): string | undefined {
  if (typeof record.data === "string") return record.data;
  const { of } = record.data;
  const target = seen.find((one) => one.ours && refOf(one) === of && !isRetired(one));
  return addressFor(record.type, target) || undefined;
}

/** Types of which one name has one set that is all ours or all somebody else's. */
const exclusive = new Set(["A", "AAAA", "CNAME"]);

/** Records have no identity but what they say: equal ones belong together, then those of one name and type in pairs. */
function matchRecords(wanted: readonly WantedOf<"record">[], seen: readonly Seen[], adopt: readonly string[]): Match[] {
  const there = seen.filter((one) => one.kind === "record");
  const taken = new Set<Seen>();
  const alike = (a: WantedOf<"record">, b: Seen<"record">): boolean =>
    a.domain === b.domain && a.host.toLowerCase() === b.host.toLowerCase() && a.type === b.type;
  const take = (one: Seen<"record"> | undefined): Seen<"record"> | undefined => {
    if (one !== undefined) taken.add(one);
    return one;
  };
  const equal = new Map(
    wanted.map((one) => {
      const data = dataOf(one, seen);
      const fits = there.filter((other) => !taken.has(other) && alike(one, other) && other.data === data);
      return [one, take(fits.find((other) => other.ours) ?? fits[0])] as const;
    }),
  );
  return wanted.map((one): Match => {
    const free = there.filter((other) => !taken.has(other) && alike(one, other));
    const found = equal.get(one) ?? take(free.find((other) => other.ours || adopt.includes(other.id)));
    // An alias stands alone under its name: ours of another type make room for what is wanted now.
    const clashing = there.filter((other) => clashes(one, other));
    const superseded = clashing.filter((other) => other.ours).flatMap((other) => take(other) ?? []);
    if (found?.ours === true) {
      const free = there.filter((other) => !taken.has(other));
      const [seen = found, ...twins] = twinsOf(found, free);
      for (const twin of twins) take(twin);
      take(seen);
      return { wanted: one, seen, superseded: [...superseded, ...twins] };
    }
    if (found !== undefined) return { wanted: one, seen: found, superseded };
    const foreign = exclusive.has(one.type) ? free.find((other) => !other.ours) : undefined;
    const other = clashing.find((each) => !each.ours) ?? foreign;
    if (other === undefined) return { wanted: one, superseded };
    const name = `${one.host} ${one.type} of ${one.domain}`;
    const problem = `record ${name}: there is ${other.type} ${other.data} that is not of this stack; adopt it (${other.id}) or remove it`;
    return { wanted: one, superseded: [], problem };
  });
}

const clashes = (wanted: WantedOf<"record">, seen: Seen<"record">): boolean =>
  wanted.domain === seen.domain &&
  wanted.host.toLowerCase() === seen.host.toLowerCase() &&
  wanted.type !== seen.type &&
  (wanted.type === "CNAME" || seen.type === "CNAME");
