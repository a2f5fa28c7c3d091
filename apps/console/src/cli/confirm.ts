import { confirm, isCancel, text } from "@clack/prompts";
import { fail } from "../errors.ts";
import type { Context } from "./context.ts";

const output = process.stderr;

/** Whether somebody sits there who can be asked. */
export const canAsk = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** Goes on only when somebody agrees, or said --yes. Throws `ops.confirm`. */
export async function agree({ yes, signal }: Context, question: string): Promise<void> {
  if (yes) return;
  if (!canAsk()) throw fail("ops.confirm", `this has to be agreed to: ${question}`);
  if ((await confirm({ message: question, initialValue: false, output, signal })) !== true)
    throw fail("ops.confirm", "nothing was changed", { hint: "" });
}

/** Goes on only when the name was given by --confirm, or is typed at a terminal; --yes is not enough. Throws `ops.confirm`. */
export async function typedName(
  { signal }: Context,
  name: string,
  { what, given, hint }: { readonly what: string; readonly given: string | undefined; readonly hint: string },
): Promise<void> {
  if (given === name) return;
  if (given !== undefined || !canAsk()) throw fail("ops.confirm", what, { hint });
  const typed = await text({ message: `${what}. Type ${name} to go on`, output, signal });
  if (isCancel(typed) || typed?.trim() !== name) throw fail("ops.confirm", "nothing was changed", { hint: "" });
}
