import type { Command } from "./command.ts";
import type { Content } from "./content.ts";

/** A file put in place whole: written beside, validated, owned, synced, then renamed over the old one. */
export interface FileWrite {
  readonly path: string;
  readonly content: Content;
  /** Octal, as chmod takes it: `"0644"`. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  /** Must succeed before the file is installed; `{}` stands for the path of the new file. */
  readonly validate?: Command;
}

/** A command that reads something, such as a password, from its standard input. */
export interface InputCommand {
  readonly run: Command;
  readonly input: Content;
}

/**
 * Nothing stands at a path: a file or link is removed, a folder when it is empty. When a property that wrote it is taken out of the list, what stood there before Slipway wrote it first
 * comes back.
 */
export interface FileRemoval {
  readonly remove: string;
}

/** One step that makes something true. Running it twice is the same as running it once. */
export type Change = Command | FileWrite | InputCommand | FileRemoval;

export const isCommand = (change: Change): change is Command => Array.isArray(change);
export const isWrite = (change: Change): change is FileWrite => "path" in change;
export const isRemoval = (change: Change): change is FileRemoval => "remove" in change;
