import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { exitCodes, messageOf } from "@slipway/model";
import { exportGpgKey, type Recipient } from "@slipway/trust";
import type { Context } from "../../cli/context.ts";
import { fail } from "../../errors.ts";
import { openVaultRoom } from "../../platform/session.ts";
import { table } from "./list.ts";

const row = ({ name, fingerprint, userIds }: Recipient): readonly string[] => [
  name,
  fingerprint.toUpperCase(),
  userIds.join(", "),
];

export const recipientsTable = (all: readonly Recipient[]): string =>
  table([["NAME", "FINGERPRINT", "KEY OF"], ...all.map(row)]);

export async function listRecipients(context: Context): Promise<number> {
  const { vault } = await openVaultRoom(context);
  const all = await vault.recipients();
  context.out.result(recipientsTable(all), { ok: true, recipients: all });
  return exitCodes.done;
}

export interface AddOptions {
  readonly name: string;
  /** A file with an armored public key. */
  readonly key?: string;
  /** A key of gpg's keyring. */
  readonly gpg?: string;
}

async function publicKey(context: Context, { key, gpg }: AddOptions): Promise<string> {
  if ((key === undefined) === (gpg === undefined)) throw fail("ops.recipient-key", "name the public key, one way");
  if (gpg !== undefined) return exportGpgKey({ gpg });
  const file = resolve(context.cwd, key ?? "");
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw fail("ops.recipient-key", `${file} cannot be read: ${messageOf(cause)}`, { cause });
  });
}

export async function addRecipient(context: Context, options: AddOptions): Promise<number> {
  const { out } = context;
  const armored = await publicKey(context, options);
  const { vault } = await openVaultRoom(context);
  const { done, left } = await vault.addRecipient(options.name, armored);
  const recipient = (await vault.recipients()).find((one) => one.name === options.name);
  for (const key of left)
    out.mark("note", `${key} is not for this key: who reads it runs ops secrets rotate --reencrypt`);
  out.mark("note", "compare the fingerprint with its owner, by another way than the key came");
  const text = `${options.name} reads ${done.length} secrets now: ${recipient?.fingerprint.toUpperCase()}`;
  out.result(text, { ok: true, recipient, done, left });
  return exitCodes.done;
}

/** `CONTEXT/NAME` as the command line has it. */
function commandWords(key: string): string {
  const [name = "", context] = key.split("/").toReversed();
  return context === undefined ? name : `${name} --context ${context}`;
}

export async function removeRecipient(context: Context, options: { readonly name: string }): Promise<number> {
  const { vault } = await openVaultRoom(context);
  const { done } = await vault.removeRecipient(options.name);
  const lines = [`${options.name} is taken out; ${done.length} secrets are encrypted anew without that key.`];
  if (done.length > 0) {
    lines.push(
      `The values are the same, and ${options.name} may have read them: they stay in the history, and in heads and clones.`,
      "Give them new values, and end the old ones where they are checked:",
      ...done.map((key) => `  ops secrets rotate ${commandWords(key)}`),
    );
  }
  context.out.result(lines.join("\n"), { ok: true, name: options.name, known: done });
  return exitCodes.done;
}
