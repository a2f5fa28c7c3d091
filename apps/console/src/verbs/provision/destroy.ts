import { exitCodes } from "@slipway/model";
import { changesOf, destroyStack, planDestroy, printPlan } from "@slipway/provision";
import { coloured } from "../../cli/colour.ts";
import { typedName } from "../../cli/confirm.ts";
import type { Context } from "../../cli/context.ts";
import { hasCloud, refuseProblems } from "../../platform/provisioning.ts";
import { openSession, type Session } from "../../platform/session.ts";

export interface DestroyOptions {
  readonly confirm?: string;
}

/** Removes the platform's machines and everything else of it in the cloud. Gives how many things are gone. */
export async function destroyAll(session: Session, context: Context): Promise<number> {
  const { provider } = await session.cloud();
  const gone = await destroyStack({
    provider,
    clock: context.clock,
    signal: context.signal,
    onEvent: ({ ref, step }) => {
      if (step === "deleted") context.out.mark("changed", `${ref} removed`);
    },
  });
  session.forget();
  return gone.removed.length;
}

/** Removes all of one environment, once its name was given or typed. */
export async function destroyPlatform(context: Context, options: DestroyOptions): Promise<number> {
  await using session = await openSession(context);
  const { name } = session.project.platform;
  const { out } = context;
  if (!hasCloud(session)) {
    out.result("nothing of this platform is made in a cloud", { ok: true, removed: 0 });
    return exitCodes.done;
  }
  const plan = await planDestroy((await session.cloud()).provider);
  refuseProblems(plan);
  if (changesOf(plan) > 0) out.say(coloured(printPlan(plan).trimEnd(), process.stderr));
  await typedName(context, name, {
    what: `destroying ${name} removes its machines and all their data`,
    given: options.confirm,
    hint: `Say: ops provision destroy --confirm ${name}, when that is meant.`,
  });
  const removed = await destroyAll(session, context);
  await session.machines();
  out.result(removed === 0 ? "there was nothing of it" : `${removed} removed`, { ok: true, removed });
  return exitCodes.done;
}
