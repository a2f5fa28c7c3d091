import type { How, Traits } from "../provider.ts";
import { digestOf, type FirewallRule, type Ref, refOf, type Seen, specOf, type Wanted } from "../resource.ts";
import { dataOf } from "./match.ts";

/** One field of a resource that is not as wanted. */
export interface FieldChange {
  readonly field: string;
  readonly from: string;
  readonly to: string;
  readonly how: How;
  /** Where the difference came from: the file asks for something else than was applied, or somebody changed it in the cloud. */
  readonly by: "file" | "cloud";
}

export interface Around {
  readonly traits: Traits;
  readonly seen: readonly Seen[];
  /** Machines that others will stand for. */
  readonly moving: ReadonlySet<Ref>;
}

/** An address that is told once its machine, or reserved address, has one. */
export const addressOf = (ref: Ref): string => `address of ${ref}`;
export const unknownAddress = /^address of /;

type Pair = readonly [field: string, from: string, to: string];

/** The fields in which a resource is not as wanted. Pure. */
export function differences(wanted: Wanted, seen: Seen, around: Around): readonly FieldChange[] {
  const how = around.traits.how[wanted.kind] ?? {};
  const by = seen.kind === "machine" && wanted.kind === "machine" && seen.spec === specOf(wanted) ? "cloud" : "file";
  return pairs(wanted, seen, around)
    .filter(([, from, to]) => from !== to)
    .map(([field, from, to]) => ({
      field,
      from,
      to,
      how: how[field] ?? "in place",
      by: field === "name" ? "cloud" : by,
    }));
}

function pairs(wanted: Wanted, seen: Seen, around: Around): readonly Pair[] {
  switch (wanted.kind) {
    case "machine":
      return seen.kind === "machine" ? ofMachine(wanted, seen) : [];
    case "volume":
      return seen.kind === "volume" ? ofVolume(wanted, seen, around) : [];
    case "firewall":
      if (seen.kind !== "firewall") return [];
      return [
        ["inbound", rulesText(seen.inbound), rulesText(wanted.inbound)],
        ["outbound", rulesText(seen.outbound), rulesText(wanted.outbound)],
      ];
    case "reserved-ip":
      return seen.kind === "reserved-ip" ? [["machine", ...leads(wanted.machine, seen.assignedTo, around)]] : [];
    case "record":
      return seen.kind === "record" ? ofRecord(wanted, seen, around) : [];
    case "project":
      if (seen.kind !== "project") return [];
      return [
        ["purpose", seen.purpose, wanted.purpose],
        ["environment", seen.environment, wanted.environment],
        ["members", ...missing(wanted.members, seen.members, around)],
      ];
    case "key":
    case "domain":
      return [];
  }
}

function ofMachine(wanted: Wanted & { kind: "machine" }, seen: Seen<"machine">): readonly Pair[] {
  const list = (all: readonly string[]): string => [...new Set(all.map((one) => one.toLowerCase()))].sort().join(", ");
  const onOff = (on: boolean): string => (on ? "on" : "off");
  return [
    ["name", seen.label.toLowerCase(), wanted.name.toLowerCase()],
    ["region", seen.region, wanted.region],
    ["image", seen.image, seen.image === "" ? "" : wanted.image],
    ["size", seen.size, wanted.size],
    [
      "backups",
      seen.backups && seen.otherBackups === true ? "at other times" : onOff(seen.backups),
      onOff(wanted.backups),
    ],
    ["ipv6", onOff(seen.ipv6 === true), onOff(seen.ipv6 === true || wanted.ipv6 === true)],
    ["tags", list(seen.tags), list(wanted.tags)],
    ["firewalls", list(seen.firewalls), list(wanted.firewalls)],
    // The mark stays when the word is taken out of the file: it is what keeps a slip from destroying the machine.
    ["protect", onOff(seen.protect), onOff(seen.protect || wanted.protect)],
  ];
}

/** Whether the user data is another than the machine was made with, which only a new machine would read. */
export const otherUserData = (wanted: Wanted & { kind: "machine" }, seen: Seen<"machine">): boolean =>
  (wanted.userData === undefined ? undefined : digestOf(wanted.userData)) !== seen.userDataDigest;

function ofVolume(wanted: Wanted & { kind: "volume" }, seen: Seen<"volume">, around: Around): readonly Pair[] {
  const onOff = (on: boolean): string => (on ? "on" : "off");
  return [
    ["region", seen.region, wanted.region],
    ["gigabytes", String(seen.gigabytes), String(wanted.gigabytes)],
    ["machine", ...leads(wanted.machine, seen.attachedTo, around)],
    ["protect", onOff(seen.protect), onOff(seen.protect || wanted.protect)],
  ];
}

/** From the machine that a resource leads to, to the one that it should: names, with an id where the name is the same. */
function leads(machine: string | undefined, id: string, { seen, moving }: Around): readonly [string, string] {
  const from = id === "" ? undefined : seen.find((one) => one.kind === "machine" && one.id === id && one.ours);
  const is = id === "" ? "none" : (from?.name ?? `machine ${id}`);
  if (machine === undefined) return [is, "none"];
  const to = machine.toLowerCase();
  const ref = refOf({ kind: "machine", name: machine });
  const old = from?.kind === "machine" && from.retired;
  return is === to && (old || moving.has(ref)) ? [`${is} (${id})`, `${to} (new)`] : [is, to];
}

function ofRecord(wanted: Wanted & { kind: "record" }, seen: Seen<"record">, around: Around): readonly Pair[] {
  const number = (value: number | undefined): string => (value === undefined ? "" : String(value));
  const moves = typeof wanted.data !== "string" && around.moving.has(wanted.data.of);
  const data = moves ? undefined : dataOf(wanted, around.seen);
  const to = data ?? (typeof wanted.data === "string" ? wanted.data : addressOf(wanted.data.of));
  return [
    ["data", seen.data, to],
    ["ttl", number(seen.ttl), number(wanted.ttl)],
    ["priority", number(seen.priority), number(wanted.priority ?? seen.priority)],
    ["port", number(seen.port), number(wanted.port ?? seen.port)],
    ["weight", number(seen.weight), number(wanted.weight ?? seen.weight)],
    ["flags", number(seen.flags), number(wanted.flags ?? seen.flags)],
    ["tag", seen.tag ?? "", wanted.tag ?? seen.tag ?? ""],
  ];
}

/** Only what lacks counts: what else somebody put into the project is theirs. */
function missing(wanted: readonly Ref[], has: readonly Ref[], { moving }: Around): readonly [string, string] {
  const lower = (ref: Ref): string => ref.toLowerCase();
  const there = new Set(has.map(lower));
  const lacking = wanted.map(lower).filter((ref) => !there.has(ref) || [...moving].some((one) => lower(one) === ref));
  return ["", lacking.sort().join(", ")];
}

/** Rules as sorted text, equal whatever their order. */
export function rulesText(rules: readonly FirewallRule[]): string {
  return rules
    .map((rule) => {
      const ports = rule.protocol === "icmp" ? "" : ` ${rule.ports}`;
      const peers = [...[...rule.addresses].sort(), ...rule.machines.map((one) => one.toLowerCase()).sort()];
      return `${rule.protocol}${ports}: ${peers.join(" ")}`;
    })
    .sort()
    .join("; ");
}

/** Whether only another resource in its place can be as wanted. Pure. */
export const takesAnother = (wanted: Wanted, seen: Seen, around: Pick<Around, "traits" | "seen">): boolean =>
  differences(wanted, seen, { ...around, moving: new Set() }).some((one) => one.how === "replace") ||
  (wanted.kind === "machine" && seen.kind === "machine" && otherUserData(wanted, seen));
