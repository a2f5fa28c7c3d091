import type { Command } from "@slipway/model";
import { type TextSeen, text } from "../facts/texts.ts";
import { edited, taken } from "./file-edit.ts";

/** What is mounted when the machine starts. */
export const fstab = text("/etc/fstab");

/** One line of it, with nothing in its words that would have to be escaped. */
export interface Entry {
  readonly source: string;
  /** Or `none`. */
  readonly point: string;
  readonly type: string;
  readonly options: string;
}

const textOf = (entry: Entry): string => `${entry.source} ${entry.point} ${entry.type} ${entry.options} 0 0`;

/** Numbers of lines that are about an entry: its mount point, or its source where it has none. */
const about = (seen: TextSeen, entry: Entry): readonly number[] =>
  seen.lines.flatMap((line, index) => {
    const [source = "", point] = line.trim().split(/\s+/);
    if (source.startsWith("#")) return [];
    const same = entry.point === "none" ? source === entry.source : point === entry.point;
    return same ? [index + 1] : [];
  });

/** Whether its line is there, in whatever spacing, and no other about the same thing. */
export const hasEntry = (seen: TextSeen, entry: Entry): boolean => {
  const numbers = about(seen, entry);
  const words = seen.lines[(numbers[0] ?? 0) - 1]?.trim().split(/\s+/).slice(0, 4).join(" ");
  return numbers.length === 1 && words === textOf(entry).split(" ").slice(0, 4).join(" ");
};

/** Whether there is a line about the same thing. */
export const mentions = (seen: TextSeen, entry: Entry): boolean => about(seen, entry).length > 0;

/** The command that brings the line, in place of another one about the same thing. */
export function withEntry(seen: TextSeen, entry: Entry): Command {
  const drop = about(seen, entry);
  const how = { drop, at: drop[0] ?? seen.lines.length + 1, text: `${textOf(entry)}\n` };
  return edited("/etc/fstab", seen, how, undefined);
}

/** The commands that take the line away. */
export const withoutEntry = (seen: TextSeen, entry: Entry): readonly Command[] =>
  mentions(seen, entry)
    ? [
        entry.point === "none"
          ? taken("entry", "/etc/fstab", { first: entry.source, last: "none" }, undefined)
          : taken("entry", "/etc/fstab", { first: entry.point }, undefined),
      ]
    : [];
