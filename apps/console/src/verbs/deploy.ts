import { hostname, userInfo } from "node:os";
import { docker } from "@slipway/connection/docker";
import {
  type DeployEvent,
  type DeployResult,
  deploy,
  formatPlan,
  type Known,
  preview,
  type RollbackResult,
  rollback,
  status,
} from "@slipway/deploy";
import { exitCodes, formatMs } from "@slipway/model";
import { verifyStatement } from "@slipway/trust";
import type { Context } from "../cli/context.ts";
import { ciOf } from "../platform/ci.ts";
import { type Environment, environmentOf, provenRelease, trustedSigners, wantedCommit } from "../platform/release.ts";
import { openSession, type Session } from "../platform/session.ts";

const teller =
  (context: Context) =>
  (event: DeployEvent): void => {
    if (event.kind === "step" && event.state === "done")
      context.out.mark("ok", `${event.title} (${formatMs(event.ms)})`);
    if (event.kind === "step" && event.state === "failed") context.out.mark("bad", `${event.title}: ${event.why}`);
    if (event.kind === "notice") context.out.mark("note", event.message);
  };

const who = (): string => `${userInfo().username}@${hostname()}`;

const common = async (session: Session, context: Context, environment: Environment) => {
  const connection = await session.connect(environment.to.name);
  const { connection: ci } = await ciOf(session, environment.repository);
  return {
    connection,
    docker: await docker(connection),
    from: await docker(ci),
    secrets: session.identity.vault,
    by: who(),
    clock: context.clock,
    signal: context.signal,
    onEvent: teller(context),
    verify: async (commit: string) => (await provenRelease(session, environment, commit)).release,
  };
};

/** Makes a verified commit run in an environment. */
export async function deployCommit(
  session: Session,
  context: Context,
  environment: Environment,
  commit: string,
): Promise<DeployResult> {
  const { release, proof } = await provenRelease(session, environment, commit);
  return await deploy({ ...(await common(session, context, environment)), release, proof });
}

/** Goes back to an earlier release. Its statement is verified again, the one that the host kept or the git server's. */
export async function rollBack(
  session: Session,
  context: Context,
  environment: Environment,
  to?: string,
): Promise<RollbackResult> {
  return await rollback({
    ...(await common(session, context, environment)),
    app: environment.repository,
    ...(to === undefined ? {} : { to }),
    resolve: async ({ commit, proof }) => {
      if (proof === undefined) return (await provenRelease(session, environment, commit)).release;
      return await verifyStatement(
        { json: proof.statement, signature: proof.signature },
        await trustedSigners(session),
        { repository: environment.repository, commit },
      );
    },
  });
}

export async function deployTo(
  context: Context,
  options: { readonly environment: string; readonly planOnly: boolean; readonly commit?: string },
): Promise<number> {
  await using session = await openSession(context);
  const environment = environmentOf(session, options.environment);
  const commit = await wantedCommit(session, environment, options.commit);
  if (options.planOnly) {
    const { release } = await provenRelease(session, environment, commit);
    const { connection, docker: engine, secrets, by } = await common(session, context, environment);
    const steps = await preview({ release, connection, docker: engine, secrets, by });
    context.out.result(formatPlan(steps), { ok: true, environment: environment.name, commit, plan: steps });
    return exitCodes.done;
  }
  const result = await deployCommit(session, context, environment, commit);
  const runs = `${environment.repository} ${commit.slice(0, 12)} runs on ${environment.to.name}`;
  const text =
    result.outcome === "nothing to do"
      ? `0 changes: ${runs}`
      : `${runs} (${formatMs(result.ms)}, ${(result.sentBytes / 1e6).toFixed(1)} MB of images sent)`;
  context.out.result(text, {
    ok: true,
    changes: result.outcome === "deployed" ? 1 : 0,
    environment: environment.name,
    ...result,
  });
  return exitCodes.done;
}

export async function rollbackOf(
  context: Context,
  options: { readonly environment: string; readonly to?: string },
): Promise<number> {
  await using session = await openSession(context);
  const environment = environmentOf(session, options.environment);
  const result = await rollBack(session, context, environment, options.to);
  const { commit } = result.current.deployment;
  const text = `${environment.repository} ${commit.slice(0, 12)} runs on ${environment.to.name} again (${formatMs(result.ms)}); every event is kept`;
  context.out.result(text, {
    ok: true,
    changes: result.outcome === "rolled back" ? 1 : 0,
    environment: environment.name,
    ...result,
  });
  return exitCodes.done;
}

const historyRow = (known: Known): string =>
  [
    new Date(known.startedAt).toISOString().slice(0, 19).replace("T", " "),
    known.deployment.action.padEnd(8),
    known.deployment.commit.slice(0, 12),
    known.outcome.padEnd(10),
    known.deployment.by,
    known.note ?? "",
  ]
    .join("  ")
    .trimEnd();

export async function releasesOf(context: Context, options: { readonly environment: string }): Promise<number> {
  await using session = await openSession(context);
  const environment = environmentOf(session, options.environment);
  const seen = await status(await session.connect(environment.to.name), environment.repository);
  const running = seen.containers.map(
    (one) =>
      `${one.service.padEnd(10)} ${one.slot.padEnd(6)} ${one.release.slice(0, 12)} ${one.since}${one.serving ? "" : " (not serving)"}`,
  );
  const text =
    seen.history.length === 0
      ? `Nothing is deployed yet: ops deploy ${environment.name}`
      : [...running, "", ...seen.history.toReversed().map(historyRow)].join("\n");
  context.out.result(text, { ok: true, environment: environment.name, ...seen });
  return exitCodes.done;
}
