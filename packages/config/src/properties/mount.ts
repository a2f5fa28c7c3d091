import {
  type Change,
  type Command,
  type DebianLike,
  debianLike,
  property,
  type Revertable,
  together,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { type MountSeen, mounts } from "../facts/mounts.ts";
import { plainPath } from "./file-ownership.ts";
import { type Entry, fstab, hasEntry, mentions, withEntry, withoutEntry } from "./fstab.ts";

export interface MountOptions {
  /** As mount takes them, such as `"noatime"` or `"ro"`. */
  readonly options?: readonly string[];
  /** The machine does not start without it. Default false: it starts, and whoever needs it fails. */
  readonly needed?: boolean;
}

export interface FileSystemOptions extends MountOptions {
  /** `"/dev/sdb1"`, `"UUID=…"`, `"LABEL=…"`, `"server:/folder"`. */
  readonly source: string;
  /** Such as `"ext4"` or `"nfs4"`. */
  readonly type: string;
}

const word = (what: string, value: string, pattern: RegExp): string => {
  if (!pattern.test(value)) throw fail("config.bad-argument", `${JSON.stringify(value)} is no ${what} for a mount`);
  return value;
};

const pointOf = (path: string): string => {
  if (path === "/") throw fail("config.bad-argument", "what is mounted at / is not for a property to change");
  return word("folder", plainPath(path), /^[^\s#]+$/);
};

/** The mount that can be seen at a point. */
const mountAt = (all: readonly MountSeen[], point: string): MountSeen | undefined =>
  all.filter((one) => one.point === point).at(-1);

/** Mounts may lie upon each other. Nothing happens where nothing is mounted. */
const unmounted = (all: readonly MountSeen[], point: string): readonly Command[] =>
  mountAt(all, point) === undefined
    ? []
    : [["sh", "-c", 'while mountpoint -q -- "$1"; do umount -- "$1" || exit; done', "unmount", point]];

// Those that every file system has and tells in the same words. For bind mounts `ro` and these are their own.
const told = ["ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "sync"];

const sameOptions = (seen: MountSeen, { options, isSet }: Want): boolean =>
  told.every((option) => {
    const inherited = option !== "ro" && !options.includes(option);
    return inherited || seen.options.includes(option) === options.includes(option);
  }) &&
  (isSet?.(seen) ?? true);

interface Want {
  readonly title: string;
  readonly entry: Entry;
  readonly options: readonly string[];
  readonly isMounted: (seen: MountSeen, all: readonly MountSeen[]) => boolean;
  /** What can be changed while it is mounted, besides the options that all have. */
  readonly isSet?: (seen: MountSeen) => boolean;
}

function mounted(want: Want): Revertable<DebianLike> {
  const { title, entry, options, isMounted } = want;
  const { point } = entry;
  const reload: Command = ["systemctl", "daemon-reload"];
  return property(title, {
    on: debianLike,
    about: `mount:${point}`,
    detail: entry,
    observe: together({ all: mounts, table: fstab }),
    plan: ({ all, table }) => {
      const now = mountAt(all, point);
      const listed = hasEntry(table, entry);
      const right = now !== undefined && isMounted(now, all);
      if (listed && right && sameOptions(now, want)) return [];
      const changes: Change[] = [];
      // What else is mounted there is not covered.
      if (!right) changes.push(...unmounted(all, point));
      if (!right) changes.push(["mkdir", "-p", "--", point]);
      if (!listed) changes.push(withEntry(table, entry), reload);
      const bind = entry.options.split(",").includes("bind") ? ["bind"] : [];
      if (!right) changes.push(["mount", "--", point]);
      else if (mentions(table, entry) || !sameOptions(now, want))
        changes.push(["mount", "-o", ["remount", ...bind, ...options].join(","), "--", point]);
      return changes;
    },
    diff: ({ all }) => {
      const now = mountAt(all, point);
      const before = now === undefined ? "" : `- ${now.source} ${now.type} ${now.options.join(",")}\n`;
      return `${before}+ ${entry.source} ${entry.type} ${entry.options}`;
    },
    writes: [`mount:${point}`, "file:/etc/fstab", `file:${point}*`],
    revert: {
      title: `nothing is mounted at ${point}`,
      plan: ({ all, table }) => {
        const lines = withoutEntry(table, entry);
        return [...unmounted(all, point), ...lines, ...(lines.length === 0 ? [] : [reload])];
      },
    },
  });
}

function optionsOf(how: MountOptions): readonly string[] {
  const options = (how.options ?? []).map((one) => word("option", one, /^[^\s,#\\]+$/));
  const all = [...options, ...(how.needed === true ? [] : ["nofail"])];
  return all.length === 0 ? ["defaults"] : all;
}

/**
 * A file system is mounted here, now and whenever the machine starts: a line in /etc/fstab. The folder is made. Another one that is mounted
 * here is unmounted first, which fails while it is used. Its opposite unmounts it and leaves folder and data. Throws `config.bad-argument`.
 */
export function at(path: string, of: FileSystemOptions): Revertable<DebianLike> {
  const point = pointOf(path);
  const options = optionsOf(of);
  const source = word("source", of.source, /^[^\s#\\]+$/);
  const type = word("type", of.type, /^[a-z0-9._-]+$/);
  const isDevice = source.startsWith("/") || /^\S+:\//.test(source);
  return mounted({
    title: `${source} is mounted at ${point}`,
    entry: { source, point, type, options: options.join(",") },
    options: options.filter((one) => one !== "nofail"),
    // The kernel knows no labels, and names some devices by another name of theirs, such as /dev/mapper/….
    isMounted: (seen) =>
      seen.type === type && (!isDevice || /^\/dev\/(mapper|disk)\//.test(source) || seen.source === source),
  });
}

/** A folder is also found here, as {@link at} has it. `from` is no link and holds none. */
export function bind(path: string, from: string, how: MountOptions = {}): Revertable<DebianLike> {
  const point = pointOf(path);
  const source = word("folder", plainPath(from), /^[^\s#]+$/);
  const options = optionsOf(how);
  return mounted({
    title: `${source} is also at ${point}`,
    entry: { source, point, type: "none", options: ["bind", ...options].join(",") },
    options: options.filter((one) => one !== "nofail"),
    isMounted: (seen, all) => {
      const inside = (one: MountSeen): boolean =>
        one.point !== point && (source === one.point || source.startsWith(one.point === "/" ? "/" : `${one.point}/`));
      const holder = all
        .filter(inside)
        .sort((a, b) => a.point.length - b.point.length)
        .at(-1);
      if (holder === undefined) return false;
      const rest = holder.point === "/" ? source : source.slice(holder.point.length);
      const root = `${holder.root === "/" ? "" : holder.root}${rest}`;
      return seen.device === holder.device && seen.root === (root === "" ? "/" : root);
    },
  });
}

export interface TmpfsOptions extends MountOptions {
  /** The most that it may take of the memory. */
  readonly size: `${number}${"M" | "G"}`;
  /** Octal, of one that is made anew. Default 0755. */
  readonly mode?: string;
}

/** A file system in memory is here, empty after every start, as {@link at} has it. */
export function tmpfs(path: string, how: TmpfsOptions): Revertable<DebianLike> {
  const point = pointOf(path);
  const match = /^([1-9]\d*)([MG])$/.exec(word("size", how.size, /^[1-9]\d*[MG]$/));
  const kilobytes = Number(match?.[1]) * (match?.[2] === "G" ? 1_048_576 : 1_024);
  const mode = word("mode", how.mode ?? "0755", /^0?[0-7]{3,4}$/);
  const options = [`size=${how.size}`, `mode=${mode}`, ...optionsOf(how)];
  return mounted({
    title: `${how.size} of memory are a file system at ${point}`,
    entry: { source: "tmpfs", point, type: "tmpfs", options: options.join(",") },
    options: options.filter((one) => one !== "nofail"),
    isMounted: (seen) => seen.type === "tmpfs",
    isSet: (seen) => seen.options.includes(`size=${kilobytes}k`),
  });
}
