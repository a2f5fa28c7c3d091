import {
  type Change,
  type Command,
  type Content,
  everyOs,
  type Os,
  type Property,
  property,
  type Revertable,
} from "@slipway/model";
import { fail } from "../errors.ts";

export interface CommandOptions {
  /** The fact that it makes true, as it is told in plans. Unique on its host. */
  readonly title: string;
  /**
   * Ends with status 0 while the fact holds. It only reads: it is run on every look, also by a plan. After `run` it is run again, and
   * has to end with 0 then.
   */
  readonly holds: Command;
  /** Makes it true. Running it twice must be the same as running it once, as a run may be cut off. For shell text: `["sh", "-c", text]`. */
  readonly run: Command;
  /** Given to `run` on its standard input: the way for secrets, which may stand in no argument. */
  readonly input?: Content;
  /** What has to change for `holds` to be asked again, such as `file:/etc/app.conf`, `package:app` or `unit:app.service`. Default: anything. */
  readonly reads?: readonly string[];
  /** What `run` and `undo` may change, in the same words; a `*` at the end stands for anything. Default: everything. */
  readonly writes?: readonly string[];
}

const checked = (title: string, ...commands: readonly (Command | undefined)[]): void => {
  if (title.trim() === "" || /[\u0000-\u001f]/.test(title))
    throw fail("config.bad-argument", `${JSON.stringify(title)} is no title for a command`);
  for (const command of commands)
    if (command?.[0] === "" || command?.some((word) => word.includes("\0")) === true)
      throw fail("config.bad-argument", `"${title}" has a command without a program, or with a NUL in it`);
};

const change = (command: Command, input: Content | undefined): Change =>
  input === undefined ? command : { run: command, input };

/**
 * The way out where there is no property: a fact that one command tells and another one makes true. With `undo`, which is run while the
 * fact holds or may hold, it has an opposite. For an often used one, write a property of your own with `property` of `@slipway/model`, and its look
 * is merged with others. Throws `config.bad-argument`.
 */
export function run(how: CommandOptions & { readonly undo: Command }): Revertable<Os>;
export function run(how: CommandOptions): Property<Os>;
export function run(how: CommandOptions & { readonly undo?: Command }): Property<Os> {
  const { title, holds, input, reads, writes, undo } = how;
  checked(title, holds, how.run, undo);
  const spec = {
    on: everyOs,
    about: `command:${title}`,
    detail: [holds, how.run, undo, input],
    observe: {
      read: holds,
      ...(reads === undefined ? {} : { reads }),
      parse: (_: string, status: number) => status === 0,
    },
    plan: (seen: boolean) => (seen ? [] : [change(how.run, input)]),
    ...(writes === undefined ? {} : { writes }),
    secrets: typeof input === "object" ? [input] : [],
  };
  if (undo === undefined) return property(title, spec);
  const revert = { title: `undone: ${title}`, plan: (seen: boolean) => (seen ? [undo] : []) };
  return property(title, { ...spec, revert });
}

/** An action, for `onChange`: the command is run whenever the property that it follows changed something. Throws `config.bad-argument`. */
export function action(
  title: string,
  command: Command,
  options: Pick<CommandOptions, "input" | "writes"> = {},
): Property<Os> {
  checked(title, command);
  const { input, writes } = options;
  return property(title, {
    on: everyOs,
    about: `command:${title}`,
    detail: [command, input],
    observe: { read: ["true"], reads: [], parse: () => undefined },
    plan: () => [change(command, input)],
    ...(writes === undefined ? {} : { writes }),
    secrets: typeof input === "object" ? [input] : [],
    action: true,
  });
}
