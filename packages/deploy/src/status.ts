import { type Docker, docker as dockerOf } from "@slipway/connection/docker";
import { remoteJournal } from "@slipway/journal";
import type { Connection } from "@slipway/model";
import { labels, pathsOf, type Slot } from "./names.ts";
import { historyOf, type Known, type ReleaseRecord } from "./record.ts";

/** One container as it is now. */
export interface Running {
  readonly service: string;
  readonly slot: Slot;
  readonly release: string;
  readonly image: string;
  readonly state: string;
  /** Docker's words, such as `Up 3 minutes (healthy)`. */
  readonly since: string;
  /** Whether requests (or, without a port, work) go to it: it is of the current deployment and runs. */
  readonly serving: boolean;
}

export interface Status {
  readonly app: string;
  readonly host: string;
  readonly current?: Known;
  /** A deployment that was begun and not ended: running now, or left by a run that died. */
  readonly pending?: Known;
  readonly containers: readonly Running[];
  /** Oldest first. */
  readonly history: readonly Known[];
}

/** What runs on a host, from its record and its engine. Takes no lock, changes nothing. */
export async function status(connection: Connection, app: string, docker?: Docker): Promise<Status> {
  const engine = docker ?? (await dockerOf(connection));
  const [history, listed] = await Promise.all([
    recordOf(connection, app),
    engine.listContainers({ all: true, filters: { label: [`${labels.app}=${app}`, labels.service, labels.slot] } }),
  ]);
  const { all, current, pending } = history;
  const containers = listed.map(
    (one): Running => ({
      service: one.Labels[labels.service] ?? "",
      slot: one.Labels[labels.slot] as Slot,
      release: one.Labels[labels.release] ?? "",
      image: one.ImageID,
      state: one.State,
      since: one.Status,
      serving: one.State === "running" && one.Labels[labels.deployment] === current?.deployment.id,
    }),
  );
  return {
    app,
    host: connection.host,
    ...(current === undefined ? {} : { current }),
    ...(pending === undefined ? {} : { pending }),
    containers: containers.toSorted((a, b) => (a.service + a.slot < b.service + b.slot ? -1 : 1)),
    history: all,
  };
}

/** Every deployment and rollback that was begun on a host, newest first. */
export async function releases(connection: Connection, app: string): Promise<readonly Known[]> {
  return (await recordOf(connection, app)).all.toReversed();
}

async function recordOf(connection: Connection, app: string): Promise<ReturnType<typeof historyOf>> {
  await using journal = await remoteJournal<ReleaseRecord>(connection, pathsOf(app).record);
  const entries: { readonly at: number; readonly record: ReleaseRecord }[] = [];
  for await (const entry of journal.read()) entries.push(entry);
  return historyOf(entries);
}
