import { mainCommit, resolveCommit, verifiedStatement } from "@slipway/ci";
import type { Release } from "@slipway/model";
import { SlipwayError } from "@slipway/model";
import { verifyStatement } from "@slipway/trust";
import { fail } from "../errors.ts";
import { stationSecrets } from "../station/settings.ts";
import { ciOf } from "./ci.ts";
import { publicHalf } from "./identity.ts";
import type { DeploymentSpec } from "./ops.ts";
import type { Session } from "./session.ts";

export interface Proven {
  readonly release: Release<"verified">;
  readonly proof: { readonly statement: string; readonly signature: string };
}

export interface Environment extends DeploymentSpec<string> {
  readonly name: string;
}

/** Throws `ops.unknown-environment`. */
export function environmentOf(session: Session, name: string): Environment {
  const { deployments = {} } = session.project.platform;
  // An own one only: `constructor` names no deployment.
  const spec = Object.hasOwn(deployments, name) ? deployments[name] : undefined;
  if (spec === undefined)
    throw fail(
      "ops.unknown-environment",
      `there is no environment ${name}; known: ${Object.keys(deployments).join(", ") || "none"}`,
    );
  return { ...spec, name };
}

/** Keys whose signature makes a release verified. */
export const trustedSigners = async (session: Session): Promise<readonly string[]> => [
  await publicHalf(session.identity, stationSecrets.signingKey),
];

/** The commit that is meant: by id or branch, or else main. Throws `ops.unverified` for what CI never saw. */
export async function wantedCommit(session: Session, environment: Environment, given?: string): Promise<string> {
  const { connection, repository } = await ciOf(session, environment.repository);
  if (given === undefined) {
    const main = await mainCommit(connection, repository);
    if (main === undefined) throw fail("ops.unverified", `${repository.name} has no verified commit yet`);
    return main;
  }
  try {
    return await resolveCommit(connection, repository, given);
  } catch (error) {
    if (error instanceof SlipwayError && error.code === "ci.no-commit")
      throw fail("ops.unverified", `${given} is not verified: the CI has never seen it`, { cause: error });
    throw error;
  }
}

/** A commit as a verified release: its statement, checked against the trusted keys. Throws `ops.unverified` or `release.*`, all with exit code 5. */
export async function provenRelease(session: Session, environment: Environment, commit: string): Promise<Proven> {
  const { connection, repository } = await ciOf(session, environment.repository);
  const signed = await verifiedStatement(connection, repository, commit);
  if (signed === undefined)
    throw fail("ops.unverified", `${commit.slice(0, 12)} is not verified: CI has not passed it`);
  const release = await verifyStatement(signed, await trustedSigners(session), { repository: repository.name, commit });
  return { release, proof: { statement: signed.json, signature: signed.signature } };
}
