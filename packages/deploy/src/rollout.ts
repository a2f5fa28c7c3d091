import type { Docker } from "@slipway/connection/docker";
import { type Journal, type JournalEntry, messageOf, type Release, SlipwayError, sh } from "@slipway/model";
import { formatCompose } from "./compose.ts";
import { countsSince, requireReadable } from "./data.ts";
import {
  createContainer,
  deliverSecrets,
  prepare,
  type Revealed,
  removeContainer,
  serviceOf,
  setFlags,
  slotPort,
  startContainer,
  stopContainer,
  tellWriter,
} from "./effects.ts";
import { fail } from "./errors.ts";
import { type DeployEvent, isQuiet } from "./events.ts";
import { awaitHealthy } from "./gate.ts";
import { sendImages } from "./images.ts";
import { writerFile } from "./names.ts";
import type { Proof } from "./proof.ts";
import { prune } from "./prune.ts";
import { type Deployment, type History, historyOf, type ReleaseRecord, type StreamMark } from "./record.ts";
import { installSite } from "./site.ts";
import { type Step, titleOf, together } from "./steps.ts";
import { backUp, markStreams, versionsOf } from "./streams.ts";
import { engineStatus, type Target } from "./target.ts";
import { containersOf } from "./topology.ts";

export interface RolloutContext {
  readonly target: Target;
  readonly journal: Journal<ReleaseRecord>;
  readonly from: Docker | undefined;
  /** Secrets of the application whose containers are made. */
  readonly reveal: (deployment: Deployment) => Promise<Revealed>;
  /** Takes out the secrets that this run opened. */
  readonly redact: (text: string) => string;
  /** Asked again right before requests are switched. */
  readonly verifyAgain: (deployment: Deployment) => Promise<void>;
  readonly proof: Proof | undefined;
  readonly onEvent: (event: DeployEvent) => void;
  readonly healthMs: number;
  readonly stableMs: number;
  readonly drainMs: number;
  readonly listen: number;
  /** Why an undone deployment is undone. */
  reason: string;
  sentBytes: number;
}

/** Does the steps in order, independent ones at once, telling about each. The first that fails ends it. */
export async function carryOutSteps(context: RolloutContext, steps: readonly Step[]): Promise<void> {
  for (const group of together(steps)) {
    context.target.signal.throwIfAborted();
    // All are awaited, so that nothing still changes the host when a failure is being undone.
    const results = await Promise.allSettled(group.map((step) => carryOut(context, step)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
}

async function carryOut(context: RolloutContext, step: Step): Promise<void> {
  const { clock } = context.target;
  const title = titleOf(step);
  const from = clock.monotonic();
  const tell = (event: DeployEvent): void => {
    if (!isQuiet(step)) context.onEvent(event);
  };
  tell({ kind: "step", title, state: "started" });
  try {
    await effect(context, step);
  } catch (thrown) {
    const error = explain(thrown, context, title);
    tell({ kind: "step", title, state: "failed", ms: clock.monotonic() - from, why: messageOf(error) });
    throw error;
  }
  tell({ kind: "step", title, state: "done", ms: clock.monotonic() - from });
}

/** The engine's own errors are not made for people who only know what they asked for. */
function explain(thrown: unknown, context: RolloutContext, title: string): unknown {
  if (engineStatus(thrown) === undefined) return thrown;
  const why = context.redact(messageOf(thrown));
  return fail("deploy.host", `${context.target.connection.host} could not ${title}: ${why}`, { cause: thrown });
}

async function record(context: RolloutContext, entry: ReleaseRecord): Promise<void> {
  await context.target.check();
  await context.journal.append(entry);
}

async function effect(context: RolloutContext, step: Step): Promise<void> {
  const { target } = context;
  switch (step.do) {
    case "begin":
      await keepProof(context, step.deployment);
      return record(context, { kind: "intent", deployment: step.deployment });
    case "images":
      return images(context, step.images);
    case "folders":
      return prepare(target, step.deployment);
    case "secrets":
      return deliverSecrets(target, step.deployment, step.services, await context.reveal(step.deployment));
    case "backup": {
      const { folder, files } = await backUp(target, step.deployment.id, step.services);
      return record(context, { kind: "backup", id: step.deployment.id, folder, files });
    }
    case "create":
      return createContainer(target, step.deployment, step.container);
    case "start":
      return startContainer(target, step.container);
    case "gate":
      return gate(context, step);
    case "site":
      return installSite(target, step.text, { takesDefault: step.takesDefault, listen: context.listen });
    case "flags":
      return setFlags(target, step.green);
    case "drain":
      // Requests that chose the old slot have arrived there after this; it answers them before it ends.
      return target.clock.sleep(context.drainMs, target.signal);
    case "stop": {
      const status = await stopContainer(target, step.container, step.seconds);
      if (status === 137)
        context.onEvent({
          kind: "notice",
          message: `${step.container} did not end in ${step.seconds} s and was killed`,
        });
      return;
    }
    case "phase":
      return record(context, { kind: "phase", id: step.id, phase: step.phase });
    case "verify":
      return context.verifyAgain(step.deployment);
    case "commit":
      return record(context, {
        kind: "commit",
        id: step.deployment.id,
        streams: await takeOver(context, step.deployment, step.streams),
      });
    case "writer":
      return target.write(writerFile(target.app, step.service), `${step.release}\n`, { mode: "0644" });
    case "promote":
      await tellWriter(target, step.container);
      return gate(context, step, "active");
    case "remove":
      return removeContainer(target, step.container);
    case "compose":
      return target.write(target.paths.compose, formatCompose(target.app, containersOf(step.deployment)), {
        mode: "0644",
      });
    case "prune": {
      const removed = await prune(target, step.deployment, step.images);
      for (const name of removed) context.onEvent({ kind: "notice", message: `removed the image ${name}` });
      return;
    }
    case "done":
      return record(context, { kind: "done", id: step.id });
    case "undone":
      return record(context, { kind: "undone", id: step.id, reason: context.reason });
  }
}

async function images(context: RolloutContext, wanted: Readonly<Record<string, string>>): Promise<void> {
  const { target, from } = context;
  await target.check();
  const sent = await sendImages({
    // What the target has under its id only needs its name; the target itself can tell that.
    from: from ?? target.docker,
    to: target.docker,
    images: Object.entries(wanted).map(([name, id]) => ({ name, id })),
    signal: target.signal,
    onProgress: ({ bytes }) => context.onEvent({ kind: "sending", bytes }),
  });
  context.sentBytes += sent.bytes;
  if (sent.full)
    context.onEvent({ kind: "notice", message: "the target's engine wanted whole images, so all layers were sent" });
}

async function gate(
  context: RolloutContext,
  step: Extract<Step, { do: "gate" | "promote" }>,
  role?: "active",
): Promise<void> {
  try {
    await health(context, step, role);
  } catch (error) {
    if (step.mustBeHealthy || !(error instanceof SlipwayError) || error.code !== "deploy.unhealthy") throw error;
    context.onEvent({ kind: "notice", message: error.message });
  }
}

async function health(
  context: RolloutContext,
  step: Extract<Step, { do: "gate" | "promote" }>,
  role: "active" | undefined,
): Promise<void> {
  const { target } = context;
  const service = serviceOf(step.deployment, step.service);
  const port = slotPort(step.deployment, step.service);
  await awaitHealthy({
    connection: target.connection,
    docker: target.docker,
    clock: target.clock,
    signal: target.signal,
    container: step.container,
    service,
    ...(port === undefined ? {} : { port }),
    deadlineMs: context.healthMs,
    // A worker that is looked at again has shown before that it is stable.
    stableMs: role === "active" ? 0 : context.stableMs,
    redact: context.redact,
    ...(role === undefined ? {} : { role }),
  });
}

/** The streams where the new writer begins. What the old one wrote until its end counts: the release must read that too. */
async function takeOver(
  context: RolloutContext,
  deployment: Deployment,
  services: readonly string[],
): Promise<Readonly<Record<string, StreamMark>>> {
  const { target, journal } = context;
  const history = await readHistory(journal);
  const marks = await markStreams(target.connection, target.app, services, history);
  const since = Object.fromEntries(
    Object.entries(marks).map(([name, mark]) => [
      name,
      countsSince(history.current?.streams?.[name]?.versions ?? {}, mark.versions),
    ]),
  );
  requireReadable(deployment.app, deployment.commit, versionsOf(marks), since);
  return marks;
}

/** What the record says now. */
export async function readHistory(journal: Journal<ReleaseRecord>): Promise<History> {
  const entries: JournalEntry<ReleaseRecord>[] = [];
  for await (const entry of journal.read()) entries.push(entry);
  return historyOf(entries);
}

async function keepProof({ target, proof }: RolloutContext, { commit }: Deployment): Promise<void> {
  if (proof === undefined) return;
  await target.change("keep the statement", sh`mkdir -p ${target.paths.proofs}`);
  await target.write(`${target.paths.proofs}/${commit}.json`, proof.statement, { mode: "0644" });
  await target.write(`${target.paths.proofs}/${commit}.json.asc`, proof.signature, { mode: "0644" });
}

/** Refuses a release that is no longer what the deployment began with. */
export function requireSame(release: Release<"verified">, deployment: Deployment): void {
  const same =
    release.commit === deployment.commit &&
    deployment.app.services.every(({ name }) => release.images[name] === deployment.images[name]);
  if (!same) throw fail("deploy.unverified", `the statement of ${deployment.commit} changed while it was deployed`);
}

/** Whether an error means that this run must not touch the host any more. */
export const isOusted = (error: unknown): boolean =>
  error instanceof SlipwayError && ["deploy.fenced", "journal.conflict", "connection.lost"].includes(error.code);
