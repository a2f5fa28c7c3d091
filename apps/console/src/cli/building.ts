import type { Command } from "commander";
import type { Verb } from "./program.ts";

/** What a part of the command line is built with. */
export interface Building {
  readonly verb: <O>(
    on: Command,
    load: () => Promise<Verb<O>>,
    options: (own: Record<string, unknown>, args: readonly string[]) => O,
  ) => Command;
  readonly sub: (parent: Command, name: string, description: string) => Command;
  /** Texts by comma, and by saying the option again. */
  readonly list: (text: string, before?: readonly string[]) => readonly string[];
}
