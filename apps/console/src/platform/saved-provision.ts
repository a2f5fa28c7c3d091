import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf } from "@slipway/model";
import { type ProvisionPlan, readSavedPlan, savedPlan } from "@slipway/provision";
import type { Context } from "../cli/context.ts";
import { fail } from "../errors.ts";

type Where = Pick<Context, "cwd">;

/** Keeps a plan in a file that only its owner may read; its name is meant from where `ops` was called. Throws `ops.cannot-write`. */
export async function saveProvisionPlan({ cwd }: Where, name: string, plan: ProvisionPlan): Promise<void> {
  const file = resolve(cwd, name);
  const half = `${file}.${process.pid}.new`;
  try {
    await writeFile(half, savedPlan(plan), { mode: 0o600, flag: "wx" });
    await rename(half, file);
  } catch (cause) {
    await rm(half, { force: true });
    throw fail("ops.cannot-write", `the plan could not be saved: ${messageOf(cause)}`, { cause });
  }
}

/** Reads a plan that was kept for the stack. Throws `ops.saved-plan`, `plan.unreadable`, `ops.saved-plan-other`. */
export async function readProvisionPlan({ cwd }: Where, name: string, stack: string): Promise<ProvisionPlan> {
  const file = resolve(cwd, name);
  const hint = "Make a new one: ops provision plan --out FILE.";
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw fail("ops.saved-plan", `${file} cannot be read: ${messageOf(cause)}`, { cause, hint });
  });
  const plan = readSavedPlan(text);
  if (plan.stack !== stack)
    throw fail("ops.saved-plan-other", `${file} is a plan for ${plan.stack}, not for ${stack}`, { hint });
  return plan;
}
