import { request } from "node:http";
import { text } from "node:stream/consumers";

/** One request to the Docker engine of this machine; gives its JSON, or undefined for an empty answer. */
export function engine(method: "GET" | "DELETE", path: string): Promise<unknown> {
  const url = new URL((process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").replace(/^tcp:/, "http:"));
  const to = url.protocol === "unix:" ? { socketPath: url.pathname } : { host: url.hostname, port: url.port };
  return new Promise((resolve, reject) => {
    request({ ...to, method, path, timeout: 60_000 }, (answer) => {
      text(answer).then((body) => resolve(body === "" ? undefined : JSON.parse(body)), reject);
    })
      .on("error", reject)
      .end();
  });
}

interface Listed {
  readonly Id?: string;
  readonly Name?: string;
  readonly Names?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>> | null;
}

/** A thing in the engine: what it is called, and the path of the API that removes it. */
export interface Thing {
  readonly title: string;
  readonly path: string;
}

/** Containers, volumes and networks that belong to a platform of the local cloud, by their labels or their names. */
export async function thingsOf(platform: string): Promise<readonly Thing[]> {
  const [containers, volumes, networks] = (await Promise.all([
    engine("GET", "/containers/json?all=1"),
    engine("GET", "/volumes"),
    engine("GET", "/networks"),
  ])) as [readonly Listed[], { readonly Volumes: readonly Listed[] | null }, readonly Listed[]];
  const own = (kind: string, all: readonly Listed[]): readonly Thing[] =>
    all.flatMap((one) => {
      const name = one.Name ?? one.Names?.[0]?.slice(1) ?? "";
      const mine =
        one.Labels?.["slipway.cloud"] === platform ||
        name.startsWith(`slipway.${platform}.`) ||
        name === `slipway-${platform}`;
      return mine ? [{ title: `${kind} ${name}`, path: `/${kind}s/${one.Id ?? name}` }] : [];
    });
  return [...own("container", containers), ...own("volume", volumes.Volumes ?? []), ...own("network", networks)];
}

/** Removes things by force, in their order. */
export async function removeThings(things: readonly Thing[]): Promise<void> {
  for (const { path } of things) await engine("DELETE", path.startsWith("/networks") ? path : `${path}?force=1&v=1`);
}
