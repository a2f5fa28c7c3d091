import { partMark } from "./script.ts";

export interface Mount {
  readonly device: string;
  readonly path: string;
  readonly used: number;
  readonly available: number;
}

/** What one run of the collect script saw. Parts that the host lacks are undefined. Sizes in bytes, times in seconds. */
export interface HostReading {
  /** Ticks since the machine started, busy and in all, over all processors. */
  readonly cpu: { readonly busy: number; readonly total: number; readonly cores: number } | undefined;
  readonly load: number | undefined;
  readonly memory:
    | { readonly total: number; readonly available: number; readonly swapTotal: number; readonly swapFree: number }
    | undefined;
  /** Since PID 1 started: in a container that is its own start, on a machine the boot. */
  readonly uptime: number | undefined;
  readonly disks: readonly Mount[];
  readonly inodes: readonly Mount[];
  /** Names of failed units. */
  readonly failedUnits: readonly string[] | undefined;
  readonly containers: { readonly running: number; readonly stopped: readonly string[] } | undefined;
}

/** Parses the reply of the collect script. Throws when it was cut short; a part that cannot be read is undefined. */
export function parseReading(reply: string): HostReading {
  const parts = new Map<string, string>();
  for (const part of reply.split(`\n${partMark}`).slice(1)) {
    const end = part.indexOf("\n");
    parts.set(end < 0 ? part : part.slice(0, end), end < 0 ? "" : part.slice(end + 1));
  }
  if (!parts.has("end")) throw new Error("the host's reply was cut short");
  const lines = (name: string): string[] | undefined =>
    parts
      .get(name)
      ?.split("\n")
      .filter((line) => line.trim() !== "");
  return {
    cpu: cpuOf(lines("stat") ?? []),
    load: number(parts.get("loadavg")?.split(" ")[0]),
    memory: memoryOf(lines("meminfo") ?? []),
    uptime: uptimeOf(parts.get("uptime") ?? "", parts.get("ticks") ?? "", parts.get("init") ?? ""),
    disks: mountsOf(lines("disk") ?? [], 1_024),
    inodes: mountsOf(lines("inodes") ?? [], 1),
    failedUnits: lines("failed")?.map((line) => line.trim().split(/\s+/)[0] ?? ""),
    containers: containersOf(lines("docker")),
  };
}

const number = (text: string | undefined): number | undefined => {
  const value = Number(text);
  return text === undefined || text.trim() === "" || !Number.isFinite(value) ? undefined : value;
};

/** Columns of proc(5): user nice system idle iowait irq softirq steal guest guest_nice; guests are in user and nice already. */
function cpuOf(lines: readonly string[]): HostReading["cpu"] {
  const all = lines
    .find((line) => line.startsWith("cpu "))
    ?.trim()
    .split(/\s+/)
    .slice(1, 9)
    .map(Number);
  if (all === undefined || all.length < 4 || all.some((ticks) => !Number.isFinite(ticks))) return undefined;
  const total = all.reduce((sum, ticks) => sum + ticks, 0);
  const idle = (all[3] ?? 0) + (all[4] ?? 0);
  return { busy: total - idle, total, cores: Math.max(1, lines.filter((line) => /^cpu\d/.test(line)).length) };
}

function memoryOf(lines: readonly string[]): HostReading["memory"] {
  const kilobytes = (name: string): number | undefined => {
    const line = lines.find((each) => each.startsWith(`${name}:`));
    return number(line?.slice(name.length + 1).replace("kB", ""));
  };
  const total = kilobytes("MemTotal");
  // Kernels before 3.14 do not estimate what is available.
  const available = kilobytes("MemAvailable") ?? kilobytes("MemFree");
  if (total === undefined || available === undefined) return undefined;
  const swap = { total: kilobytes("SwapTotal") ?? 0, free: kilobytes("SwapFree") ?? 0 };
  return {
    total: total * 1_024,
    available: available * 1_024,
    swapTotal: swap.total * 1_024,
    swapFree: swap.free * 1_024,
  };
}

function uptimeOf(uptime: string, ticks: string, init: string): number | undefined {
  const since = number(uptime.split(" ")[0]);
  // The name in parentheses may hold anything, so fields count from its end; the start is field 22, the name field 2.
  const started = number(init.slice(init.lastIndexOf(")") + 2).split(" ")[19]);
  const perSecond = number(ticks) ?? 100;
  if (since === undefined || started === undefined) return undefined;
  return Math.max(0, since - started / perSecond);
}

const notDisks = new Set([
  "tmpfs",
  "devtmpfs",
  "udev",
  "shm",
  "none",
  "proc",
  "sysfs",
  "cgroup",
  "efivarfs",
  "squashfs",
  "overlay",
]);

/** File systems that can fill up: one mount each, the shortest path; no memory, no images. The root always counts. */
function mountsOf(lines: readonly string[], unit: number): readonly Mount[] {
  const byDevice = new Map<string, Mount>();
  for (const line of lines.slice(1)) {
    const match = /^(.+?)\s+(\d+|-)\s+(\d+|-)\s+(-?\d+|-)\s+\S+\s+(\/.*)$/.exec(line);
    const [, device = "", , used, available, path = ""] = match ?? [];
    const mount = {
      device,
      path,
      used: (number(used) ?? 0) * unit,
      available: Math.max(0, number(available) ?? 0) * unit,
    };
    // File systems without a fixed number of inodes show none at all.
    if (match === null || mount.used + mount.available === 0) continue;
    if (path !== "/" && (notDisks.has(device) || device.startsWith("/dev/loop"))) continue;
    const former = byDevice.get(device);
    if (former === undefined || path.length < former.path.length) byDevice.set(device, mount);
  }
  return [...byDevice.values()].toSorted((a, b) => a.path.localeCompare(b.path));
}

function containersOf(lines: readonly string[] | undefined): HostReading["containers"] {
  if (lines === undefined) return undefined;
  const stopped = lines.filter((line) => !line.startsWith("running ")).map((line) => line.slice(line.indexOf(" ") + 1));
  return { running: lines.length - stopped.length, stopped };
}
