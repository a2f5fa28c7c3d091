import { join } from "node:path";
import { ssh } from "@slipway/connection";
import { fileJournal } from "@slipway/journal";
import { exitCodes, formatMs, type SshAddress } from "@slipway/model";
import {
  applyProvision,
  destroyStack,
  observe,
  type ProvisionRecord,
  planProvision,
  printPlan,
  wantedOf,
} from "@slipway/provision";
import type { Context } from "../cli/context.ts";
import { fail } from "../errors.ts";
import { openSession, type Session } from "../platform/session.ts";

export interface ProvisionOptions {
  readonly planOnly: boolean;
  readonly destroy: boolean;
  readonly confirm?: string;
}

const bootMs = 60_000;

async function planOf(session: Session) {
  const { platform } = session.project;
  const { provider } = await session.cloud();
  const wanted = wantedOf(platform.hosts, session.identity.ssh.publicKey);
  return planProvision(wanted, await observe(provider, { wanted }), { stack: platform.name });
}

/** Makes the platform's machines. Gives how many things were changed. */
export async function provisionAll(session: Session, context: Context): Promise<number> {
  const { out, clock, signal } = context;
  const { provider } = await session.cloud();
  const plan = await planOf(session);
  const { privateKey } = session.identity.ssh;
  await using journal = await fileJournal<ProvisionRecord>(join(session.folder.root, "journal", "provision.jsonl"), {
    signal,
    clock,
  });
  const result = await applyProvision(plan, {
    provider,
    clock,
    signal,
    journal,
    connect: (address: SshAddress, stop) => ssh(address, { privateKey }, { signal: stop, waitMs: bootMs, clock }),
    onEvent: ({ name, step, ms, detail }) => {
      if (step === "failed" || step === "skipped") out.mark("bad", `${name}: ${detail ?? step}`);
      else if (step === "created" || step === "updated" || step === "deleted" || step === "adopted")
        out.mark("changed", `${name} ${step} (${formatMs(ms)})`);
      else if (step === "ready")
        out.mark("ok", `${name} is ready: host key verified, cloud-init done (${formatMs(ms)})`);
    },
  });
  session.forget();
  const [first] = result.failed;
  if (first !== undefined) {
    if (result.failed.length === plan.steps.length) throw first.error;
    throw fail("ops.partly-failed", `not done: ${result.failed.map((one) => one.ref).join(", ")}`, {
      cause: first.error,
    });
  }
  await session.machines();
  return result.changes;
}

/** Removes the platform's machines and everything else of it in the cloud. */
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

export async function provision(context: Context, options: ProvisionOptions): Promise<number> {
  await using session = await openSession(context);
  const { name } = session.project.platform;
  const { out } = context;
  if (options.destroy) {
    if (options.confirm !== name) {
      throw fail("ops.confirm", `destroying ${name} removes its machines and all their data`, {
        hint: `Say --destroy --confirm ${name} when that is meant.`,
      });
    }
    const removed = await destroyAll(session, context);
    out.result(`${removed} removed`, { ok: true, removed });
    return exitCodes.done;
  }
  if (options.planOnly) {
    const plan = await planOf(session);
    out.result(printPlan(plan), { ok: plan.problems.length === 0, plan });
    return plan.problems.length === 0 ? exitCodes.done : exitCodes.failed;
  }
  const changes = await provisionAll(session, context);
  const machines = await session.machines();
  const rows = machines.map((machine) => `${machine.name.padEnd(12)} ${machine.address.padEnd(15)} ${machine.size}`);
  const text = `${rows.join("\n")}\n${changes === 0 ? "0 changes: every machine is there" : `${changes} changes`}\nssh -F ${session.folder.sshConfig} ${machines[0]?.name ?? "HOST"}`;
  out.result(text, { ok: true, changes, machines });
  return exitCodes.done;
}
