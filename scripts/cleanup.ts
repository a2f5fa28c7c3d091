import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

type Query = Readonly<Record<string, string>>;

/** One request to the Docker engine's API; undefined when no engine answers. */
async function engine(method: string, path: string, query: Query = {}): Promise<unknown> {
  const at = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
  const url = new URL(at.replace(/^tcp:/, "http:"));
  const to = url.protocol === "unix:" ? { socketPath: url.pathname } : { host: url.hostname, port: url.port };
  try {
    const asking = request({
      ...to,
      method,
      path: `${path}?${new URLSearchParams(query).toString()}`,
      timeout: 60_000,
    });
    asking.on("timeout", () => asking.destroy(new Error("the engine does not answer")));
    asking.end();
    const [answer] = (await once(asking, "response")) as [IncomingMessage];
    const body = await text(answer);
    return body === "" ? {} : JSON.parse(body);
  } catch {
    return undefined;
  }
}

interface Labelled {
  readonly Labels?: Readonly<Record<string, string>> | null;
}

const kinds = [
  { path: "/containers", list: "/containers/json", query: { all: "1" }, remove: { force: "1", v: "1" } },
  { path: "/networks", list: "/networks", query: {}, remove: {} },
  { path: "/volumes", list: "/volumes", query: {}, remove: { force: "1" } },
  { path: "/images", list: "/images/json", query: {}, remove: { force: "1" } },
] as const;

/** Who made a thing: a test itself, or a platform of the local cloud that is named for its run. */
const marks = ["slipway.run", "slipway.cloud"] as const;

/**
 * Removes every container, network, volume and image whose label `slipway.run` or `slipway.cloud` is one that `mine`
 * accepts. Returns how many went. Does nothing when no engine answers; safe to repeat.
 */
export async function removeRuns(mine: (run: string) => boolean): Promise<number> {
  let removed = 0;
  for (const kind of kinds) {
    for (const mark of marks) {
      const filters = JSON.stringify({ label: [mark] });
      const answer = await engine("GET", kind.list, { ...kind.query, filters });
      const found = (Array.isArray(answer) ? answer : ((answer as { Volumes?: unknown } | undefined)?.Volumes ?? [])) as
        | (Labelled & { Id?: string; Name?: string })[]
        | undefined;
      for (const one of Array.isArray(found) ? found : []) {
        const run = one.Labels?.[mark];
        if (run === undefined || !mine(run)) continue;
        await engine("DELETE", `${kind.path}/${encodeURIComponent(one.Id ?? one.Name ?? "")}`, kind.remove);
        removed += 1;
      }
    }
  }
  return removed;
}

/** A name for this run; `abandoned` tells from it whether the process that made it still lives. */
export const runName = (): string => `test-${process.pid}-${Date.now().toString(36)}`;

/** Whether a run's process is gone, so that what it left (after a SIGKILL) may be removed. */
export function abandoned(run: string): boolean {
  const pid = Number(/^test-(\d+)-/.exec(run)?.[1]);
  if (!Number.isSafeInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
