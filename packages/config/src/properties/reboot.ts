import { type Condition, type DebianLike, debianLike, type Property, property, type Reading } from "@slipway/model";
import { fail } from "../errors.ts";

/** Why a machine should be started anew. */
export interface RebootSeen {
  /** A package asked for it by /run/reboot-required. */
  readonly asked: boolean;
  readonly running: string;
  /** Versions of the kernels in /boot. */
  readonly kernels: readonly string[];
}

/** What speaks for a reboot. */
export const need: Reading<RebootSeen> = {
  read: [
    "sh",
    "-c",
    `uname -r
[ ! -e /run/reboot-required ] || echo asked
for k in /boot/vmlinuz-*; do [ ! -e "$k" ] || echo "kernel \${k#/boot/vmlinuz-}"; done`,
    "reboot",
  ],
  reads: ["package:*", "file:/boot/*", "file:/run/reboot-required", "file:/var/run/reboot-required"],
  parse: (stdout) => {
    const [running = "", ...lines] = stdout.trim().split("\n");
    if (running === "") throw new Error("the kernel told no version");
    return {
      asked: lines.includes("asked"),
      running,
      kernels: lines.filter((line) => line.startsWith("kernel ")).map((line) => line.slice("kernel ".length)),
    };
  },
};

const numbersIn = (version: string): readonly number[] => (version.match(/\d+/g) ?? []).map(Number);

function compared(a: string, b: string): number {
  const [left, right] = [numbersIn(a), numbersIn(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? -1) - (right[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `6.1.0-37-cloud-amd64` → `cloud-amd64`: only kernels of a kind can stand for each other. */
const kindOf = (version: string): string => version.replace(/^[\d.]+(-\d+)?(\+deb\d+[\d.]*)?-?/, "");

/** Why, for people; undefined when it is not needed. */
function reason(seen: RebootSeen): string | undefined {
  if (seen.asked) return "a package asks for it";
  // A machine whose running kernel is not in its own /boot is started by something else, as containers and some clouds' machines are.
  if (!seen.kernels.includes(seen.running)) return undefined;
  const same = seen.kernels.filter((kernel) => kindOf(kernel) === kindOf(seen.running));
  const newest = same.sort(compared).at(-1);
  return newest === undefined || compared(newest, seen.running) <= 0
    ? undefined
    : `kernel ${seen.running} runs, ${newest} is there`;
}

const minutes = (time: string): number => {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time);
  if (match === null) throw fail("config.bad-argument", `"${time}" is no time of the day, such as 02:30`);
  return Number(match[1]) * 60 + Number(match[2]);
};

/** Holds between two times of the day, in the host's time; over midnight when the second is the earlier one. Throws `config.bad-argument`. */
export function between(from: `${number}:${number}`, to: `${number}:${number}`): Condition<number> {
  const [start, end] = [minutes(from), minutes(to)];
  return {
    title: `it is between ${from} and ${to}`,
    observe: { read: ["date", "+%H:%M"], reads: [], parse: (stdout) => minutes(stdout.trim()) },
    holds: (now) => (start <= end ? now >= start && now < end : now >= start || now < end),
  };
}

export interface RebootOptions {
  /** Only between these times of the day, in the host's time; outside of them it is left for a later run. */
  readonly when?: readonly [from: `${number}:${number}`, to: `${number}:${number}`];
}

/**
 * The machine has been started since something was installed that needs it: a package asked for it, or a newer kernel of the same kind is in
 * /boot. Put it last in the list: everything behind it waits for the machine. Throws `config.bad-argument`.
 */
export function ifNeeded(options: RebootOptions = {}): Property<DebianLike> {
  const made = property("the machine needs no reboot", {
    on: debianLike,
    about: "reboot",
    observe: need,
    plan: (seen) => (reason(seen) === undefined ? [] : [["systemctl", "reboot"]]),
    diff: reason,
    writes: ["*"],
    reboots: true,
  });
  return options.when === undefined ? made : made.when(between(...options.when));
}
