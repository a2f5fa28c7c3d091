import {
  applyAll,
  type FleetOptions,
  type FleetResult,
  formatFleet,
  type HostPlan,
  type HostResult,
} from "@slipway/config";
import type { Context } from "../cli/context.ts";
import { fail } from "../errors.ts";
import { fleetTeller } from "./fleet-teller.ts";
import { makeStations } from "./host-stations.ts";
import { chosenHosts, listName, preparedHosts } from "./prepare.ts";
import type { Session } from "./session.ts";

export interface ConfigureOptions
  extends Pick<FleetOptions, "canary" | "atOnce" | "giveUpAfter" | "only" | "removed" | "adopt" | "onEvent"> {
  /** Names of hosts; all when empty. */
  readonly on?: readonly string[];
  /** By host: exactly this is done. */
  readonly exactly?: ReadonlyMap<string, HostPlan>;
}

/** Makes hosts as ops.config.ts says, then the stations on them. Nothing of one host's failure stops another that has begun. */
export async function configureFleet(
  session: Session,
  context: Context,
  options: ConfigureOptions = {},
): Promise<FleetResult> {
  const { signal, clock, out } = context;
  const { on = [], exactly, ...passed } = options;
  const prepared = await preparedHosts(session, await chosenHosts(session, on), { signal, only: options.only });
  const byName = new Map(prepared.map((one) => [one.host.name, one]));
  return await applyAll(
    prepared.map(({ host, around }) => {
      const saved = exactly?.get(host.name);
      return {
        host,
        around,
        list: listName(session.project.platform, host),
        secrets: session.identity.vault,
        connect: () => session.open(host.name),
        ...(saved === undefined ? {} : { exactly: saved }),
      };
    }),
    {
      ...session.project.platform.rollout,
      ...passed,
      signal,
      clock,
      after: async (host, connection) => {
        const one = byName.get(host.name);
        // Who asks for some properties asks for nothing else.
        if (one === undefined || options.only !== undefined) return [];
        const done = await makeStations(one, connection, signal);
        for (const line of done) out.mark("changed", `${host.name}: ${line}`);
        return done;
      },
    },
  );
}

export const changesOf = (hosts: readonly HostResult[]): number =>
  hosts.reduce((sum, one) => sum + (one.report?.changed ?? 0) + one.also.length, 0);

/** As {@link configureFleet} for all hosts, but throws `ops.hosts-failed` or `ops.partly-failed` with the reports of those that failed. */
export async function configureAll(session: Session, context: Context): Promise<readonly HostResult[]> {
  const result = await configureFleet(session, context, { onEvent: fleetTeller(context.out) });
  context.signal.throwIfAborted();
  const failed = result.hosts.filter((one) => one.outcome !== "done");
  if (failed.length === 0) return result.hosts;
  throw fail(
    failed.length === result.hosts.length ? "ops.hosts-failed" : "ops.partly-failed",
    [
      `${failed.map((one) => one.host).join(", ")} could not be configured`,
      formatFleet({ hosts: failed, ms: result.ms }),
    ].join("\n"),
  );
}
