import { exitCodes } from "@slipway/model";
import type { Context } from "../../cli/context.ts";
import { fail } from "../../errors.ts";
import { renewOwnSecret } from "../../platform/identity.ts";
import { neededSecrets } from "../../platform/needed.ts";
import { openVaultRoom } from "../../platform/session.ts";
import { askValue, randomValue } from "./ask.ts";
import { type InContext, readersOption } from "./values.ts";

export interface RotateOptions extends InContext {
  readonly names: readonly string[];
  /** Random values of so many bytes, as base64url; keys that Slipway makes are made anew. */
  readonly generateBytes?: number;
  /** The same values, encrypted anew. */
  readonly reencrypt: boolean;
  readonly for?: readonly string[];
}

export async function rotateSecrets(context: Context, options: RotateOptions): Promise<number> {
  const { names, generateBytes } = options;
  const { out } = context;
  if (options.reencrypt && (generateBytes !== undefined || options.for !== undefined)) {
    throw fail("ops.rotate", "--reencrypt keeps values and readers; it goes with neither --generate nor --for");
  }
  if (names.length === 0 && !options.reencrypt) throw fail("ops.rotate", "which secret gets a new value?");
  const { vault, project } = await openVaultRoom(context, options.context);
  if (options.reencrypt) {
    const { done, left } = await vault.reencrypt(names.length === 0 ? undefined : names);
    for (const key of left) out.mark("bad", `${key} is not for this key, and stays as it was`);
    out.result(`${done.length} secrets are encrypted anew, with the values they had`, {
      ok: left.length === 0,
      done,
      left,
    });
    return left.length === 0 ? exitCodes.done : exitCodes.partlyFailed;
  }
  if (names.length > 1 && generateBytes === undefined && !process.stdin.isTTY) {
    throw fail("ops.rotate", "standard input holds one value, and several secrets are named");
  }
  // Before anything is asked: rotating what is not there is a slip of the pen.
  for (const name of names) await vault.version(name);
  for (const name of names) {
    if (generateBytes !== undefined && (await renewOwnSecret(project, vault, name))) continue;
    const value = generateBytes === undefined ? await askValue(name) : randomValue(generateBytes);
    await vault.set(name, value, readersOption(options.for));
  }
  const uses = neededSecrets(project);
  const where = [...new Set(names.flatMap((name) => uses.get(name) ?? []))];
  out.mark("note", "the old values stay in the repository's history: end them where they are checked");
  if (where.length > 0) out.mark("note", `in use by ${where.join(", ")}, which get the new ones by: ops config`);
  const text = names.length === 1 ? `${names[0]} has a new value` : `${names.join(", ")} have new values`;
  out.result(text, { ok: true, names, usedBy: where });
  return exitCodes.done;
}
