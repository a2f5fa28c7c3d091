import { resolve } from "node:path";
import {
  type FleetEvent,
  type FleetResult,
  formatFleet,
  type HostPlan,
  refuseStale,
  type Share,
} from "@slipway/config";
import { type ExitCode, exitCodes, SlipwayError } from "@slipway/model";
import { coloured } from "../../cli/colour.ts";
import type { Context } from "../../cli/context.ts";
import { detailedExit } from "../../cli/detailed-exit.ts";
import { fail } from "../../errors.ts";
import { eachHost } from "../../platform/each-host.ts";
import { type EventSink, eventSink } from "../../platform/events.ts";
import { type ConfigureOptions, changesOf, configureFleet } from "../../platform/fleet.ts";
import { fleetTeller } from "../../platform/fleet-teller.ts";
import { stationsToDo } from "../../platform/host-stations.ts";
import { leftOver, readLastRuns, rememberRun } from "../../platform/last-run.ts";
import { chosenHosts, observeHost, preparedHosts } from "../../platform/prepare.ts";
import { readSavedPlan, type SavedPlan } from "../../platform/saved-plans.ts";
import { openSession, type Session } from "../../platform/session.ts";
import { showPlan } from "./plan.ts";

export interface ApplyOptions {
  /** A saved plan: exactly that is done. */
  readonly file?: string;
  readonly planOnly: boolean;
  readonly on: readonly string[];
  readonly only?: readonly string[];
  readonly all: boolean;
  readonly atOnce?: Share;
  readonly canary?: number;
  readonly giveUpAfter?: Share;
  readonly retry: boolean;
  readonly keepRemoved: boolean;
  readonly forgetRemoved: boolean;
  readonly adopt: boolean;
  /** File for events, or `-`. */
  readonly events?: string;
  readonly detailedExitCode: boolean;
}

export async function applyConfig(context: Context, options: ApplyOptions): Promise<number> {
  await using session = await openSession(context);
  if (options.planOnly) return await showPlan(session, context, options);
  const what = await whatToApply(session, context, options);
  if (what === "nothing to retry") {
    context.out.result("nothing to retry: the last run left no host behind", { ok: true, changes: 0, hosts: [] });
    return exitCodes.nothingToDo;
  }
  const sink = options.events === undefined ? undefined : await eventSink(options.events, context);
  try {
    return await run(session, context, { ...what, options, sink });
  } finally {
    await sink?.close();
  }
}

type What = Pick<ConfigureOptions, "on" | "only" | "exactly">;

/** Which hosts, and exactly what. */
async function whatToApply(
  session: Session,
  context: Context,
  options: ApplyOptions,
): Promise<What | "nothing to retry"> {
  const { platform } = session.project;
  const { file, on, only, retry } = options;
  if (file !== undefined) {
    if (only !== undefined || retry || options.keepRemoved || options.forgetRemoved)
      throw fail(
        "ops.saved-plan",
        "a saved plan is done as it is: --only, --retry, --keep-removed and --forget-removed do not go with it",
        {
          hint: "Say them to ops config plan, or apply without a file.",
        },
      );
    const saved = await readSavedPlan(resolve(context.cwd, file), platform);
    const exactly = new Map(saved.hosts.map((plan) => [plan.host, plan]));
    const names = on.length === 0 ? [...exactly.keys()] : on;
    const other = names.find((name) => !exactly.has(name));
    if (other !== undefined) throw fail("ops.saved-plan", `${file} holds no plan of ${other}`);
    await refuseMoved(session, context, { names, exactly, saved });
    return { on: names, exactly, ...(saved.only === undefined ? {} : { only: saved.only }) };
  }
  const base = only === undefined ? {} : { only };
  if (!retry) return { on, ...base };
  const among = (await chosenHosts(session, on)).map((host) => host.name);
  const left = leftOver(among, await readLastRuns(session.folder.configRuns));
  return left.length === 0 ? "nothing to retry" : { on: left, ...base };
}

const stale = (message: string): SlipwayError =>
  new SlipwayError({
    code: "config.stale",
    exitCode: exitCodes.refused,
    message,
    hint: "Look at what changed and make a new plan: ops config plan --out FILE.",
  });

/** Before anything is done to any host; each is asked again under its lock. */
async function refuseMoved(
  session: Session,
  context: Context,
  {
    names,
    exactly,
    saved,
  }: {
    readonly names: readonly string[];
    readonly exactly: ReadonlyMap<string, HostPlan>;
    readonly saved: SavedPlan;
  },
): Promise<void> {
  const { only } = saved;
  const prepared = await preparedHosts(session, await chosenHosts(session, names), { signal: context.signal });
  const { failed } = await eachHost(prepared, context, async (one) => {
    const { name } = one.host;
    const plan = exactly.get(name);
    if (plan === undefined) return;
    const now = { host: one.host, around: one.around, ...(only === undefined ? {} : { only }) };
    refuseStale(plan, now, await observeHost(session, one, context.signal));
    const stations = only === undefined ? await stationsToDo(one, await session.connect(name)) : [];
    if (JSON.stringify(stations) !== JSON.stringify(saved.stations[name] ?? []))
      throw stale(`the stations of ${name} are no longer as the plan saw them`);
  });
  const [first] = failed;
  if (first === undefined) return;
  const left = failed.map((one) => one.host).join(", ");
  if (failed.every((one) => one.code === "config.stale"))
    throw stale(`nothing was done: ${left} moved on since the plan was made`);
  throw fail("ops.hosts-failed", `nothing was done: ${left} could not be looked at`);
}

async function run(
  session: Session,
  context: Context,
  { options, sink, ...what }: What & { readonly options: ApplyOptions; readonly sink: EventSink | undefined },
): Promise<number> {
  const { out, signal } = context;
  const { canary, atOnce, giveUpAfter, keepRemoved, forgetRemoved, adopt } = options;
  const tell = fleetTeller(context.out);
  const { configRuns } = session.folder;
  const before = await readLastRuns(configRuns);
  // Should this process be killed, --retry does all of them.
  const chosen = await chosenHosts(session, what.on ?? []);
  await rememberRun(
    configRuns,
    chosen.map(({ name }) => ({ host: name, outcome: "not begun" })),
  );
  const result = await configureFleet(session, context, {
    ...what,
    ...(canary === undefined ? {} : { canary }),
    ...(atOnce === undefined ? {} : { atOnce }),
    ...(giveUpAfter === undefined ? {} : { giveUpAfter }),
    ...(keepRemoved ? { removed: "keep" } : forgetRemoved ? { removed: "forget" } : {}),
    ...(adopt ? { adopt } : {}),
    onEvent: (event: FleetEvent) => {
      tell(event);
      sink?.write(event);
    },
  }).catch(async (error: unknown) => {
    // Thrown before any host was begun: what was known before still holds.
    await rememberRun(configRuns, [], before);
    throw error;
  });
  await rememberRun(configRuns, result.hosts, before);
  signal.throwIfAborted();
  const changes = changesOf(result.hosts);
  const exit = exitOf(result);
  const lines = [formatFleet(result, { all: options.all, brief: out.watched })];
  const whole = what.only === undefined && result.hosts.length === session.project.platform.hosts.length;
  if (exit === exitCodes.done)
    lines.push(
      changes === 0 && whole
        ? "0 changes: every host is as ops.config.ts says"
        : `${changes} ${changes === 1 ? "change" : "changes"}`,
    );
  else lines.push("what is left, once what failed is mended: ops config --retry");
  const text = coloured(lines.join("\n"));
  // Events on standard output are all that is there, so that a program can read it line by line.
  if (options.events === "-" && !out.json) out.say(text);
  else out.result(text, { ok: exit === exitCodes.done, changes, ...result });
  return detailedExit(options, exit, changes === 0);
}

/** 0, 3 when some hosts are done and some are not; when none is, what their errors have in common, or 1. */
export function exitOf({ hosts }: Pick<FleetResult, "hosts">): ExitCode {
  if (hosts.every((host) => host.outcome === "done")) return exitCodes.done;
  if (hosts.some((host) => host.outcome === "done")) return exitCodes.partlyFailed;
  const exits = new Set(
    hosts.flatMap((host) => (host.outcome === "failed" ? [host.exitCode ?? exitCodes.failed] : [])),
  );
  const [only] = exits;
  return exits.size === 1 ? (only ?? exitCodes.failed) : exitCodes.failed;
}
