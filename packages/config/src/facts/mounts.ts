import type { Reading } from "@slipway/model";

/** Something that is mounted, as the kernel tells it. */
export interface MountSeen {
  readonly point: string;
  readonly type: string;
  /** A device, or a name such as `tmpfs`. */
  readonly source: string;
  /** Major and minor number of the file system. */
  readonly device: string;
  /** Which folder of the file system is mounted; `/` unless it is a bind mount. */
  readonly root: string;
  /** Options of the mount and of its file system. */
  readonly options: readonly string[];
}

const unescaped = (word: string): string =>
  word.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** All mounts, in the order in which they were made: of two at one point the later one counts. */
export const mounts: Reading<readonly MountSeen[]> = {
  read: ["cat", "/proc/self/mountinfo"],
  reads: ["mount:*"],
  parse: (stdout) =>
    stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [before = "", after = ""] = line.split(" - ");
        const [, , device = "", root = "", point = "", options = ""] = before.split(" ");
        const [type = "", source = "", more = ""] = after.split(" ");
        return {
          point: unescaped(point),
          type,
          source: unescaped(source),
          device,
          root: unescaped(root),
          options: [...options.split(","), ...more.split(",")],
        };
      }),
};

/** Files and devices that are swapped to. */
export const swaps: Reading<ReadonlySet<string>> = {
  read: ["cat", "/proc/swaps"],
  reads: ["swap:*"],
  parse: (stdout) =>
    new Set(
      stdout
        .split("\n")
        .slice(1)
        .map((line) => unescaped(line.split(/\s/)[0] ?? ""))
        .filter((path) => path !== ""),
    ),
};
