import { createHash } from "node:crypto";
import type { ProvisionPlan } from "@slipway/provision";

/** A plan as it may be printed, where anybody may keep it: of user data, which may hold secrets, only the digest. Pure. */
export const shownPlan = (plan: ProvisionPlan): ProvisionPlan => ({
  ...plan,
  wanted: plan.wanted.map((one) =>
    one.kind === "machine" && one.userData !== undefined
      ? { ...one, userData: `sha256:${createHash("sha256").update(one.userData).digest("hex")}` }
      : one,
  ),
});
