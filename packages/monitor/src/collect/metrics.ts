import type { Event } from "@slipway/model";
import type { HostReading, Mount } from "./parse.ts";

export interface ReadingContext {
  readonly host: string;
  /** Our wall time at receipt. */
  readonly time: number;
  readonly ttl: number;
  /** The reading before, for what is a difference of two. */
  readonly before: HostReading | undefined;
}

/** Shares are fractions of 1, rounded so that they store well: 0.01 % is finer than anything they are judged by. */
const share = (part: number, whole: number): number =>
  whole <= 0 ? 0 : round(Math.min(1, Math.max(0, part / whole)), 4);
const round = (value: number, decimals: number): number => Math.round(value * 10 ** decimals) / 10 ** decimals;

/** The events of one reading. What the host does not tell is left out; so is the cpu of the first reading. */
export function eventsOf(reading: HostReading, { host, time, ttl, before }: ReadingContext): readonly Event[] {
  const events: Event[] = [];
  const add = (
    service: string,
    metric: number,
    more: { description?: string; attributes?: Record<string, string> } = {},
  ): void => {
    events.push({ host, service, time, ttl, metric, ...more });
  };
  const { cpu, load, memory, uptime, failedUnits, containers } = reading;

  // After a reboot the counters start again, which is no negative use.
  if (cpu !== undefined && before?.cpu !== undefined && cpu.total > before.cpu.total && cpu.busy >= before.cpu.busy) {
    add("cpu", share(cpu.busy - before.cpu.busy, cpu.total - before.cpu.total));
  }
  if (load !== undefined && cpu !== undefined) {
    add("load", round(load / cpu.cores, 3), { attributes: { cores: `${cpu.cores}` } });
  }
  if (memory !== undefined) {
    add("memory", share(memory.total - memory.available, memory.total), {
      attributes: { totalBytes: `${memory.total}`, freeBytes: `${memory.available}` },
    });
    // A host without swap has no swap metric: 0 of 0 says nothing.
    if (memory.swapTotal > 0) add("swap", share(memory.swapTotal - memory.swapFree, memory.swapTotal));
  }
  for (const disk of reading.disks) add(`disk ${disk.path}`, usedOf(disk), { attributes: sizes(disk) });
  for (const inodes of reading.inodes) add(`inodes ${inodes.path}`, usedOf(inodes));
  if (uptime !== undefined) add("uptime", Math.round(uptime));
  if (failedUnits !== undefined) {
    add("units failed", failedUnits.length, { description: failedUnits.slice(0, 10).join(", ") });
  }
  if (containers !== undefined) {
    add("containers running", containers.running);
    add("containers stopped", containers.stopped.length, { description: containers.stopped.slice(0, 10).join(", ") });
  }
  return events;
}

const usedOf = (mount: Mount): number => share(mount.used, mount.used + mount.available);
const sizes = (mount: Mount): Record<string, string> => ({
  totalBytes: `${mount.used + mount.available}`,
  freeBytes: `${mount.available}`,
});
