import { text } from "node:stream/consumers";
import { password } from "@clack/prompts";
import { exitCodes } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { fail } from "../errors.ts";
import { openSession } from "../platform/session.ts";

async function askValue(name: string): Promise<string> {
  // From a pipe as it is, but for one line end; on a terminal without showing it.
  if (!process.stdin.isTTY) return (await text(process.stdin)).replace(/\r?\n$/, "");
  const answer = await password({ message: `Value of ${name}` });
  if (typeof answer !== "string") throw fail("ops.confirm", "nothing was set");
  return answer;
}

export async function setSecret(context: Context, options: { readonly name: string }): Promise<number> {
  await using session = await openSession(context);
  const value = await askValue(options.name);
  if (value === "") throw fail("ops.empty-secret", `the value of ${options.name} is empty; nothing was set`);
  await session.identity.vault.set(options.name, value);
  const readers = await session.identity.vault.recipients();
  context.out.result(`${options.name} is set, for ${readers.map((reader) => reader.name).join(", ")}`, {
    ok: true,
    name: options.name,
    recipients: readers,
  });
  return exitCodes.done;
}

export async function getSecret(context: Context, options: { readonly name: string }): Promise<number> {
  await using session = await openSession(context);
  const value = await session.identity.vault.get(options.name);
  context.out.result(value, { ok: true, name: options.name, value });
  return exitCodes.done;
}

export async function listSecrets(context: Context): Promise<number> {
  await using session = await openSession(context);
  const names = await session.identity.vault.list();
  context.out.result(names.length === 0 ? "The vault is empty: ops secrets set NAME" : names.join("\n"), {
    ok: true,
    secrets: names,
  });
  return exitCodes.done;
}
