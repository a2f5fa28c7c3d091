import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { confirm, password } from "@clack/prompts";
import type { Context } from "../../cli/context.ts";
import { fail } from "../../errors.ts";

/** Bytes as text, and nothing else as something similar. Throws `ops.not-text`. */
export function textOf(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail("ops.not-text", `the value of ${name} is not UTF-8 text; nothing was set`);
  }
}

/** A secret's value: from a pipe as it is, but for one line end; on a terminal without showing it. Throws `ops.empty-secret`. */
export async function askValue(name: string): Promise<string> {
  const answer = process.stdin.isTTY
    ? await password({ message: `Value of ${name}` })
    : textOf(await buffer(process.stdin), name).replace(/\r?\n$/, "");
  if (typeof answer !== "string") throw fail("ops.confirm", "nothing was set");
  if (answer === "") throw fail("ops.empty-secret", `the value of ${name} is empty; nothing was set`);
  return answer;
}

/** Goes on only when somebody agrees. Throws `ops.confirm`. */
export async function agree(context: Context, question: string): Promise<void> {
  if (context.yes) return;
  if (!process.stdin.isTTY) throw fail("ops.confirm", `this has to be agreed to: ${question}`);
  if ((await confirm({ message: question })) !== true) throw fail("ops.confirm", "nothing was changed");
}

/** As a URL, a shell and JSON take it unchanged. */
export const randomValue = (sizeBytes: number): string => randomBytes(sizeBytes).toString("base64url");
