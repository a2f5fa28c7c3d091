import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { password } from "@clack/prompts";
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

/** As a URL, a shell and JSON take it unchanged. */
export const randomValue = (sizeBytes: number): string => randomBytes(sizeBytes).toString("base64url");
