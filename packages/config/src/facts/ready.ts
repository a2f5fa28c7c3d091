import type { Reading } from "@slipway/model";

export { account, groups } from "./accounts.ts";
export { file } from "./files.ts";
export { alpinePackages, packages } from "./packages.ts";
export { unit } from "./units.ts";

// Most of these change with the machine alone, so no change of a property makes them be read again.
const reads: readonly string[] = [];

/** The operating system as /etc/os-release tells it. */
export interface OsRelease {
  /** `debian`, `alpine`. */
  readonly id: string;
  /** `12`, `24.04`; empty for one without versions. */
  readonly version: string;
  /** `Debian GNU/Linux 12 (bookworm)`. */
  readonly title: string;
}

export const os: Reading<OsRelease> = {
  read: ["cat", "/etc/os-release"],
  reads,
  parse: (stdout) => {
    const fields = new Map(
      [...stdout.matchAll(/^([A-Z_]+)=(["']?)(.*)\2$/gm)].map(([, name = "", , value = ""]) => [name, value] as const),
    );
    const id = fields.get("ID");
    if (id === undefined) throw new Error("/etc/os-release names no ID");
    return { id, version: fields.get("VERSION_ID") ?? "", title: fields.get("PRETTY_NAME") ?? id };
  },
};

const line = (stdout: string): string => {
  const text = stdout.trim();
  if (text === "") throw new Error("nothing was answered");
  return text;
};

/** Release of the running kernel: `6.1.0-28-amd64`. */
export const kernel: Reading<string> = { read: ["uname", "-r"], reads, parse: line };

/** As the kernel calls it: `x86_64`, `aarch64`. */
export const architecture: Reading<string> = { read: ["uname", "-m"], reads, parse: line };

/** How many processors may be used. */
export const cpus: Reading<number> = {
  read: ["nproc"],
  reads,
  parse: (stdout) => {
    const count = Number(stdout.trim());
    if (!(count > 0)) throw new Error("nproc gave no number");
    return count;
  },
};

/** What the machine is: `none` for hardware, else `kvm`, `docker`, …; `unknown` where systemd is not there to tell. */
export const virtualization: Reading<string> = {
  read: ["systemd-detect-virt"],
  reads,
  parse: (stdout) => stdout.trim() || "unknown",
};

/** Seconds since the start of the kernel. */
export const uptime: Reading<number> = {
  read: ["cat", "/proc/uptime"],
  parse: (stdout) => {
    const seconds = Number.parseFloat(stdout);
    if (Number.isNaN(seconds)) throw new Error("/proc/uptime gave no number");
    return seconds;
  },
};

export interface MemorySeen {
  readonly totalBytes: number;
  /** What programs could still take without swapping. */
  readonly availableBytes: number;
  readonly swapBytes: number;
}

export const memory: Reading<MemorySeen> = {
  read: ["cat", "/proc/meminfo"],
  parse: (stdout) => {
    const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(stdout)?.[1]) * 1_024;
    const seen = {
      totalBytes: bytes("MemTotal"),
      availableBytes: bytes("MemAvailable"),
      swapBytes: bytes("SwapTotal"),
    };
    if (!(seen.totalBytes > 0)) throw new Error("/proc/meminfo names no MemTotal");
    return seen;
  },
};

export interface DiskSeen {
  readonly device: string;
  readonly mount: string;
  readonly sizeBytes: number;
  readonly freeBytes: number;
}

/** File systems on devices, and whatever is mounted at the root; each device once. */
export const disks: Reading<readonly DiskSeen[]> = {
  read: ["df", "-Pk"],
  parse: (stdout) => {
    const found = new Map<string, DiskSeen>();
    for (const row of stdout.split("\n").slice(1)) {
      const [, device = "", size, , free, mount = ""] =
        /^(\S+)\s+(\d+)\s+(\d+)\s+(-?\d+)\s+\S+\s+(.+)$/.exec(row.trim()) ?? [];
      if (mount !== "/" && !device.startsWith("/dev/")) continue;
      const before = found.get(device);
      if (before !== undefined && before.mount.length <= mount.length) continue;
      found.set(device, { device, mount, sizeBytes: Number(size) * 1_024, freeBytes: Number(free) * 1_024 });
    }
    return [...found.values()].sort((a, b) => (a.mount < b.mount ? -1 : 1));
  },
};

export interface AddressSeen {
  readonly device: string;
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
  readonly prefix: number;
}

/** Addresses of all network devices but the loopback; none where `ip` is missing. */
export const addresses: Reading<readonly AddressSeen[]> = {
  read: ["ip", "-o", "addr", "show"],
  parse: (stdout) =>
    [...stdout.matchAll(/^\d+: (\S+)\s+(inet6?) ([0-9a-fA-F.:]+)\/(\d+)/gm)].flatMap(
      ([, device = "", family, address = "", prefix]): readonly AddressSeen[] =>
        device === "lo"
          ? []
          : [{ device, family: family === "inet" ? "IPv4" : "IPv6", address, prefix: Number(prefix) }],
    ),
};
