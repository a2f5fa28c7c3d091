import { type Command, commandLine, quote, type Reading } from "@slipway/model";
import { bootIdentity } from "./boot-identity.ts";
import { endOfFrame } from "./frames.ts";

/** Where a host keeps its lock, what was applied, and what must follow a change and was not done yet. */
export const defaultStateFolder = "/var/lib/slipway/config";

/** Readings that one command answers. */
export interface Batch {
  readonly command: Command;
  readonly readings: readonly Reading<unknown>[];
}

/** What tells one reading from another. */
export const readingKey = (reading: Reading<unknown>): string => JSON.stringify([reading.read, reading.of ?? null]);

/** Merges readings with the same command into one with all their subjects, each once. */
export function batches(readings: Iterable<Reading<unknown>>): readonly Batch[] {
  const groups = new Map<string, { read: Command; subjects: Set<string>; readings: Map<string, Reading<unknown>> }>();
  for (const reading of readings) {
    // A reading without subjects asks for its command as it is, so it is no part of one with subjects.
    const key = JSON.stringify([reading.read, reading.of === undefined]);
    const group = groups.get(key) ?? { read: reading.read, subjects: new Set(), readings: new Map() };
    groups.set(key, group);
    for (const subject of reading.of ?? []) group.subjects.add(subject);
    group.readings.set(readingKey(reading), reading);
  }
  return [...groups.values()].map((group) => ({
    command: [...group.read, ...group.subjects] as unknown as Command,
    readings: [...group.readings.values()],
  }));
}

/** Shell text that runs the batches; each answers with a frame named r0, r1, … */
export const readingScript = (all: readonly Batch[]): string =>
  all.map((batch, index) => `${commandLine(batch.command)} 2>/dev/null 9>&-\n${endOfFrame(`r${index}`)}`).join("\n");

/**
 * Set once at the start of every session, whoever's login shell started it. Frame `hello` and `$B` tell one start of the machine
 * from another.
 */
export const prologue = (nonce: string): string => `N=${quote(nonce)}
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
unset LANGUAGE
umask 022
cd /
${bootIdentity}
B=$(boot)
begins() { :; }
ends() { :; }
printf %s "$B"
${endOfFrame("hello", "0")}`;

/** What goes to the shell at once; `begins` and `ends` are told when it works. In one compound command, so that a script cut short by a broken connection does nothing; nobody reads the rest of it as input. */
export const message = (body: string): string => `{\nbegins\n${body}\nends\n${endOfFrame("end", "0")}\n} </dev/null\n`;

/** Secrets by name, opened for this run only. */
export type Revealed = ReadonlyMap<string, string>;
