import { exitCodes } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { openSession } from "../platform/session.ts";

/** Makes this machine's keys and the platform's own secrets. */
export async function init(context: Context): Promise<number> {
  await using session = await openSession(context);
  const names = await session.identity.vault.list();
  context.out.result(`The keys are in ${session.folder.keys}; the vault has ${names.length} secrets.`, {
    ok: true,
    keys: session.folder.keys,
    secrets: names,
  });
  return exitCodes.done;
}
