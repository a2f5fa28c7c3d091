import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { messageOf } from "@slipway/model";
import { type ProvisionPlan, readSavedPlan, savedPlan } from "@slipway/provision";
import { fail } from "../errors.ts";

/** Keeps a plan in a file that only its owner may read. Throws `ops.cannot-write`. */
export async function saveProvisionPlan(file: string, plan: ProvisionPlan): Promise<void> {
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
export async function readProvisionPlan(file: string, stack: string): Promise<ProvisionPlan> {
  const hint = "Make a new one: ops provision plan --out FILE.";
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw fail("ops.saved-plan", `${file} cannot be read: ${messageOf(cause)}`, { cause, hint });
  });
  const plan = readSavedPlan(text);
  if (plan.stack !== stack)
    throw fail("ops.saved-plan-other", `${file} is a plan for ${plan.stack}, not for ${stack}`, { hint });
  return plan;
}
