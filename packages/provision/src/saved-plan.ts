import { createHash } from "node:crypto";
import { fail } from "./errors.ts";
import { isPlan } from "./plan/shape.ts";
import { digestOfPlan, type ProvisionPlan } from "./plan.ts";

const format = "slipway-provision-plan";
const version = 1;

const sum = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The plan as a file's text, to be looked at, kept and applied later as it is. */
export function savedPlan(plan: ProvisionPlan): string {
  const body = JSON.stringify(plan);
  return `${JSON.stringify({ format, version, sha256: sum(body), plan }, undefined, 2)}\n`;
}

/** Reads what {@link savedPlan} wrote. Throws `plan.unreadable` for anything else, for another version, and for a file that was altered. */
export function readSavedPlan(text: string): ProvisionPlan {
  const read = parse(text);
  if (read["format"] !== format) throw fail("plan.unreadable", "this is no saved plan of ops provision");
  if (read["version"] !== version)
    throw fail(
      "plan.unreadable",
      `the plan was saved in format ${String(read["version"])}, this version reads ${version}`,
    );
  if (read["sha256"] !== sum(JSON.stringify(read["plan"])))
    throw fail("plan.unreadable", "the saved plan is damaged: its sum does not fit");
  const { plan } = read;
  if (!isPlan(plan))
    throw fail("plan.unreadable", "the saved plan is none: parts of it are missing or of another kind");
  const { digest, ...content } = plan;
  if (digest !== digestOfPlan(content))
    throw fail("plan.unreadable", "the saved plan was altered: its digest is not that of its content");
  return plan;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    throw fail("plan.unreadable", "the saved plan is no JSON: it may be cut off", { cause: error });
  }
  throw fail("plan.unreadable", "this is no saved plan of ops provision");
}
