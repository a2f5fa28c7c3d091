import { type Release, systemClock } from "@slipway/model";
import { countsSince, requireReadable } from "./data.ts";
import type { Known, VersionCounts } from "./record.ts";
import { openSession, type RolloutOptions, type Session } from "./session.ts";
import { markStreams, versionsOf } from "./streams.ts";
import { writersOf } from "./topology.ts";

export interface DeployOptions extends RolloutOptions {
  /** Only the verifier can make one; its image ids are compared with those on the host again. */
  readonly release: Release<"verified">;
}

export interface DeployResult {
  readonly outcome: "deployed" | "nothing to do";
  readonly current: Known;
  /** Bytes of images that travelled. */
  readonly sentBytes: number;
  readonly ms: number;
}

/**
 * Makes a verified release run on a host, without a moment in which nobody answers:
 *
 *     images ─ backup ─ start new beside old ─ healthy ─ switch ─ drain ─ stop old ─ COMMIT ─ new becomes the writer ─ remove old
 *     └──────────────── any failure or interruption: undone, the old release runs ────┘└─── goes forward, also in a next run ──┘
 *
 * First puts in order what an earlier run left, however it ended. Does nothing when the release runs already. Throws `deploy.locked`,
 * `deploy.data` (the release cannot read the events there are), `deploy.unhealthy`, `deploy.image-differs` and others of `deployErrors`.
 */
export async function deploy(options: DeployOptions): Promise<DeployResult> {
  const { release } = options;
  const clock = options.clock ?? systemClock;
  const from = clock.monotonic();
  await using session = await openSession(release.app.name, `deploy ${release.commit.slice(0, 12)}`, options);
  await session.recover(release.commit);
  const seen = await session.observe();
  if (seen.history.current?.deployment.commit !== release.commit) {
    const { all, since } = await streamsOf(session, options, release);
    requireReadable(release.app, release.commit, all, since);
  }
  const { changed, sentBytes } = await session.bring("deploy", release);
  const { current } = (await session.observe()).history;
  if (current === undefined) throw new Error("a release runs, so the record has one");
  return { outcome: changed ? "deployed" : "nothing to do", current, sentBytes, ms: clock.monotonic() - from };
}

/** Versions in the streams that the release would read: all of them, and those written since the running release started. */
export async function streamsOf(
  session: Session,
  options: RolloutOptions,
  release: Pick<Release, "app">,
): Promise<{
  readonly all: Readonly<Record<string, VersionCounts>>;
  readonly since: Readonly<Record<string, VersionCounts>>;
}> {
  const { history } = await session.observe();
  const services = writersOf(release.app).map(({ name }) => name);
  const all = versionsOf(await markStreams(options.connection, session.app, services, history));
  const since = Object.fromEntries(
    Object.entries(all).map(([name, counts]) => [
      name,
      countsSince(history.current?.streams?.[name]?.versions ?? {}, counts),
    ]),
  );
  return { all, since };
}
