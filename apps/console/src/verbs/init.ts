import { exitCodes } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { exampleRepository, ledgerCopy } from "../demo/ledger.ts";
import { openSession } from "../platform/session.ts";

/** Makes this machine's keys, the platform's own secrets and, where the platform builds the example, a working copy of it. */
export async function init(context: Context): Promise<number> {
  await using session = await openSession(context);
  const names = await session.identity.vault.list();
  const builds = session.project.platform.ci?.repositories.includes(exampleRepository) === true;
  const copy = builds ? (await ledgerCopy(session)).dir : undefined;
  const text = [
    `The keys are in ${session.folder.keys}; the vault has ${names.length} secrets.`,
    ...(copy === undefined ? [] : [`The example's working copy is ${copy}; its remote ci is this platform's.`]),
  ];
  context.out.result(text.join("\n"), { ok: true, keys: session.folder.keys, secrets: names, copy: copy ?? null });
  return exitCodes.done;
}
