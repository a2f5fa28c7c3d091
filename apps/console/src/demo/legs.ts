import { waitForRun } from "@slipway/ci";
import { docker } from "@slipway/connection/docker";
import { readFile } from "@slipway/connection/files";
import { containerName, status } from "@slipway/deploy";
import { type Alert, SlipwayError } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { fail } from "../errors.ts";
import { ciOf } from "../platform/ci.ts";
import { changesOf, configureAll } from "../platform/fleet.ts";
import { environmentOf, provenRelease } from "../platform/release.ts";
import type { Session } from "../platform/session.ts";
import { receivedFile } from "../station/receiver.ts";
import { runTeller } from "../verbs/ci.ts";
import { deployCommit, rollBack } from "../verbs/deploy.ts";
import { monitorOf } from "../verbs/monitor.ts";
import { provisionAll } from "../verbs/provision/apply.ts";
import { type LedgerClient, ledgerClient } from "./app-client.ts";
import { type Ledger, ledgerCopy } from "./ledger.ts";
import { requireKept, seeStream } from "./stream.ts";
import type { Leg } from "./voyage.ts";

const environmentName = "prod";
const alertMs = 120_000;

/** What the legs share: made by the first that needs it. */
interface Demo {
  readonly session: Session;
  readonly context: Context;
  ledger(): Promise<Ledger>;
  client(): Promise<LedgerClient>;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const provisionLeg = ({ session, context }: Demo): Leg => ({
  name: "provision",
  run: async () => {
    const changes = await provisionAll(session, context);
    const machines = await session.machines();
    return {
      changes,
      seen: `${counted(machines.length, "host")} on the local cloud: ${machines.map((one) => `${one.name} ${one.address}`).join(", ")}`,
    };
  },
});

const configureLeg = ({ session, context }: Demo): Leg => ({
  name: "configure",
  run: async () => {
    const results = await configureAll(session, context);
    const held = results.reduce((sum, one) => sum + (one.report?.ok ?? 0) + (one.report?.changed ?? 0), 0);
    return {
      changes: changesOf(results),
      seen: `${counted(held, "property").replace("propertys", "properties")} hold on ${counted(results.length, "host")}`,
    };
  },
});

const verified = async (session: Session, commit: string): Promise<boolean> => {
  try {
    await provenRelease(session, environmentOf(session, environmentName), commit);
    return true;
  } catch (error) {
    if (error instanceof SlipwayError && error.code === "ops.unverified") return false;
    throw error;
  }
};

const ciLeg = (demo: Demo): Leg => ({
  name: "CI",
  run: async (signal) => {
    const { session, context } = demo;
    const ledger = await demo.ledger();
    let changes = 0;
    for (const [version, commit] of [
      ["1", ledger.v1],
      ["2", ledger.v2],
    ] as const) {
      if (await verified(session, commit)) continue;
      context.out.mark("note", `git push ci ${commit.slice(0, 12)}:review (ledger version ${version})`);
      await ledger.push(commit, signal);
      const { connection, repository } = await ciOf(session);
      const run = await waitForRun(connection, repository, commit, {
        signal,
        clock: context.clock,
        onEvent: runTeller(context.out.mark),
      });
      if (run.state !== "passed")
        throw fail(
          "ops.ci-failed",
          `run ${run.id} failed at ${run.failedStep ?? "the pipeline"}: ${run.message ?? ""}\n${run.logTail ?? ""}`,
        );
      changes += 1;
    }
    return {
      changes,
      seen: `versions 1 (${ledger.v1.slice(0, 8)}) and 2 (${ledger.v2.slice(0, 8)}) are verified and signed; main is version 2`,
    };
  },
});

const deployLeg = (demo: Demo): Leg => ({
  name: "deploy",
  run: async () => {
    const { session, context } = demo;
    const environment = environmentOf(session, environmentName);
    const ledger = await demo.ledger();
    const connection = await session.connect(environment.to.name);
    const before = await status(connection, environment.repository);
    let changes = 0;
    if (before.history.every((known) => known.committedAt === undefined)) {
      await deployCommit(session, context, environment, ledger.v1);
      changes += 1;
    }
    const client = await demo.client();
    // Once version 2 was begun the loan is there. The ledger may be down then, stopped by a drill that was killed: the deployment mends that.
    if (!before.history.some((known) => known.deployment.commit === ledger.v2))
      await client.lend("demo-1", { borrower: "Ada Lovelace", email: "ada@example.org", principal: 120_000 });
    const stream = await seeStream(connection);
    const result = await deployCommit(session, context, environment, ledger.v2);
    if (result.outcome === "deployed") changes += 1;
    const kept = await requireKept(connection, stream);
    const loans = await client.loans();
    return {
      changes,
      seen: `version 2 runs on ${environment.to.name}; ${counted(kept.events, "event")} kept, ${counted(loans.length, "loan")} served`,
    };
  },
});

/** The resolved alert of the drill: of the ledger's check, begun while the ledger was deployed. */
const drillOf = (alerts: readonly Alert[], since: number): Alert | undefined =>
  alerts.find((alert) => alert.service.startsWith("http ") && alert.since > since);

const watchLeg = (demo: Demo): Leg => ({
  name: "watch",
  run: async (signal) => {
    const { session, context } = demo;
    const environment = environmentOf(session, environmentName);
    const connection = await session.connect(environment.to.name);
    const { current, history } = await status(connection, environment.repository);
    const since = history.find((known) => known.committedAt !== undefined)?.endedAt;
    if (current === undefined || since === undefined)
      throw fail("ops.drill", "nothing is deployed, so nothing can be stopped");
    const monitor = await monitorOf(session);
    const deadline = context.clock.monotonic() + alertMs;
    /** Asks the monitor until it tells what is waited for. */
    const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
      for (;;) {
        const found = await look();
        if (found !== undefined) return found;
        if (context.clock.monotonic() > deadline)
          throw fail("ops.drill", `${what} did not happen within ${alertMs / 1_000} s`);
        await context.clock.sleep(500, signal);
      }
    };
    const healthy = () =>
      until("the check's success", async () =>
        (await monitor.status()).checks.every((check) => check.state === "ok") ? true : undefined,
      );
    const resolved = async (): Promise<Alert | undefined> => drillOf((await monitor.alerts()).resolved, since);
    const before = await resolved();
    let changes = 0;
    if (before === undefined) {
      await healthy();
      const engine = await docker(connection);
      const core = engine.getContainer(containerName(environment.repository, "core", current.deployment.slot));
      context.out.mark("note", `stopping the ledger's core on ${environment.to.name}`);
      await core.stop();
      try {
        const alert = await until("the alert", async () => drillOf((await monitor.alerts()).firing, since));
        context.out.mark("bad", `alert: ${alert.title} (${alert.description})`);
      } finally {
        await core.start();
      }
      const alert = await until("the alert's resolution", resolved);
      context.out.mark(
        "ok",
        `resolved after ${(((alert.resolvedAt ?? alert.since) - alert.since) / 1_000).toFixed(1)} s`,
      );
      changes += 1;
    }
    const watched = session.project.platform.monitor;
    const chat = watched?.receiver === undefined ? undefined : await session.connect(watched.on.name);
    const told =
      chat === undefined
        ? 0
        : await until("the webhook", async () => {
            const lines = (await readFile(chat, receivedFile))
              .toString("utf8")
              .split("\n")
              .filter((line) => line !== "");
            const status_ = await monitor.status();
            return status_.undelivered === 0 ? lines.length : undefined;
          });
    await healthy();
    return {
      changes,
      seen: `the stopped service was seen, announced and seen back; ${counted(told, "message")} delivered by webhook`,
    };
  },
});

const rollbackLeg = (demo: Demo): Leg => ({
  name: "roll back",
  run: async () => {
    const { session, context } = demo;
    const environment = environmentOf(session, environmentName);
    const ledger = await demo.ledger();
    const connection = await session.connect(environment.to.name);
    const { history } = await status(connection, environment.repository);
    const stream = await seeStream(connection);
    let changes = 0;
    if (!history.some((known) => known.deployment.action === "rollback" && known.committedAt !== undefined)) {
      await rollBack(session, context, environment, ledger.v1);
      await requireKept(connection, stream);
      const loans = await (await demo.client()).loans();
      context.out.mark(
        "ok",
        `version 1 runs again: ${counted(stream.events, "event")} kept, ${counted(loans.length, "loan")} served`,
      );
      changes += 1;
    }
    const forward = await deployCommit(session, context, environment, ledger.v2);
    if (forward.outcome === "deployed") changes += 1;
    const kept = await requireKept(connection, stream);
    return {
      changes,
      seen: `back to version 1 and forward to version 2; ${counted(kept.events, "event")} kept across both`,
    };
  },
});

/** The legs of the voyage. */
export function legsOf(session: Session, context: Context): readonly Leg[] {
  let ledger: Promise<Ledger> | undefined;
  const demo: Demo = {
    session,
    context,
    ledger: () => (ledger ??= ledgerCopy(session)),
    client: async () => {
      const { to } = environmentOf(session, environmentName);
      const machine = (await session.machines()).find((one) => one.name === to.name);
      return ledgerClient(machine?.address ?? "", context.signal);
    },
  };
  return [provisionLeg, configureLeg, ciLeg, deployLeg, watchLeg, rollbackLeg].map((leg) => leg(demo));
}
