import { exitCodes } from "@slipway/model";
import type { Context } from "../../cli/context.ts";
import { neededSecrets } from "../../platform/needed.ts";
import { openVaultRoom, type VaultRoom } from "../../platform/session.ts";
import { askValue, randomValue } from "./ask.ts";

export interface InContext {
  readonly context?: string;
}

export interface SetOptions extends InContext {
  readonly name: string;
  /** Recipients; `all` for everybody again. */
  readonly for?: readonly string[];
  /** A random value of so many bytes. */
  readonly generateBytes?: number;
}

export const readersOption = (only: readonly string[] | undefined): { for?: readonly string[] | "all" } => {
  if (only === undefined) return {};
  return { for: only.length === 1 && only[0] === "all" ? "all" : only };
};

/** Tells who reads a secret, and that nothing uses it, which may be a slip of the pen. */
export async function tellReaders(
  context: Context,
  { project, vault }: VaultRoom,
  name: string,
): Promise<readonly string[]> {
  const entries = await vault.entries();
  const entry = entries.find((one) => one.name === name && one.context === vault.context);
  const uses = neededSecrets(project);
  if (!uses.has(name)) context.out.mark("note", `nothing in ops.config.ts uses ${name}`);
  return entry?.recipients ?? [];
}

export const placed = (name: string, context: string | undefined): string =>
  context === undefined ? name : `${name} of ${context}`;

export async function setSecret(context: Context, options: SetOptions): Promise<number> {
  const room = await openVaultRoom(context, options.context);
  const { vault } = room;
  const { name, generateBytes } = options;
  const value = generateBytes === undefined ? await askValue(name) : randomValue(generateBytes);
  await vault.set(name, value, readersOption(options.for));
  const readers = await tellReaders(context, room, options.name);
  const recipients = (await vault.recipients()).filter((one) => readers.includes(one.name));
  context.out.result(`${placed(options.name, vault.context)} is set, for ${readers.join(", ")}`, {
    ok: true,
    name: options.name,
    ...(vault.context === undefined ? {} : { context: vault.context }),
    recipients,
  });
  return exitCodes.done;
}

export async function getSecret(context: Context, options: InContext & { readonly name: string }): Promise<number> {
  const { vault } = await openVaultRoom(context, options.context);
  const value = await vault.get(options.name);
  context.out.reveal(value, { ok: true, name: options.name, value });
  return exitCodes.done;
}

export async function removeSecret(context: Context, options: InContext & { readonly name: string }): Promise<number> {
  const { vault } = await openVaultRoom(context, options.context);
  await vault.remove(options.name);
  context.out.mark("note", "its values stay in the repository's history, for those who could read them");
  context.out.result(`${placed(options.name, vault.context)} is removed`, { ok: true, name: options.name });
  return exitCodes.done;
}
