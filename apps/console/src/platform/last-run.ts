import { readFile, rename, writeFile } from "node:fs/promises";
import type { HostOutcome, HostResult } from "@slipway/config";

/** How the last run of `ops config` ended on each host, by host. */
export type LastRuns = Readonly<Record<string, HostOutcome>>;

/** What is remembered in `file`; nothing when there is no file, or one that is not understood. */
export async function readLastRuns(file: string): Promise<LastRuns> {
  try {
    const read = JSON.parse(await readFile(file, "utf8")) as { version?: unknown; hosts?: LastRuns };
    return read.version === 1 && typeof read.hosts === "object" ? read.hosts : {};
  } catch {
    return {};
  }
}

/** Remembers how a run ended, or that it begins; other hosts keep what is known of them, or was known `before`. */
export async function rememberRun(
  file: string,
  results: readonly Pick<HostResult, "host" | "outcome">[],
  before?: LastRuns,
): Promise<void> {
  const hosts = { ...(before ?? (await readLastRuns(file))) };
  // What was not begun because another host failed is left over, though the host itself may be as it should.
  for (const { host, outcome } of results) hosts[host] = outcome;
  await writeFile(`${file}.new`, `${JSON.stringify({ version: 1, hosts }, undefined, 2)}\n`);
  await rename(`${file}.new`, file);
}

/** Which of `hosts` the last run left undone. Pure. */
export const leftOver = (hosts: readonly string[], last: LastRuns): readonly string[] =>
  hosts.filter((host) => last[host] === "failed" || last[host] === "not begun");
