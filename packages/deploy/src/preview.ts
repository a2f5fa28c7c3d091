import { docker as dockerOf } from "@slipway/connection/docker";
import { remoteJournal } from "@slipway/journal";
import { systemClock } from "@slipway/model";
import type { DeployOptions } from "./deploy.ts";
import { reveal, sumsOf } from "./effects.ts";
import { pathsOf } from "./names.ts";
import { observe } from "./observe.ts";
import { type Plan, plan } from "./plan.ts";
import type { ReleaseRecord } from "./record.ts";
import { deploymentId, entriesOf } from "./session.ts";

/**
 * What `deploy` would begin with, as of now: takes no lock and changes nothing. Where an earlier run left something it is what puts that in
 * order; the deployment itself is planned after it.
 */
export async function preview(options: Omit<DeployOptions, "from" | "onEvent" | "verify" | "proof">): Promise<Plan> {
  const { release, connection } = options;
  const { name } = release.app;
  const clock = options.clock ?? systemClock;
  const engine = options.docker ?? (await dockerOf(connection));
  await using journal = await remoteJournal<ReleaseRecord>(connection, pathsOf(name).record, { clock });
  const [entries, revealed] = await Promise.all([entriesOf(journal), reveal(release.app, options.secrets)]);
  const seen = await observe(connection, engine, name, entries);
  const id = deploymentId(clock.now(), release.commit, 0);
  const wanted = {
    action: "deploy",
    release,
    secrets: sumsOf(revealed),
    id,
    by: options.by ?? "unknown",
    fence: 0,
  } as const;
  return plan(seen, wanted, {
    ...(options.site === undefined ? {} : { site: options.site }),
    ...(options.keep === undefined ? {} : { keep: options.keep }),
  });
}
