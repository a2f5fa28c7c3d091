import type { Engine } from "../../src/local/engine.ts";
import type { Cloud } from "../../src/local/state.ts";

type Labels = Readonly<Record<string, string>>;

/** A cloud of one process on an engine that keeps volumes only, and the cloud's own machine. What helpers are started for is told. */
export function labelledCloud(name: string) {
  const volumes = new Map<string, Labels>();
  let helpers = 0;
  let since = "2026-01-01T00:00:00Z";
  const gateway = { Id: "gateway", Names: [`/slipway.${name}.gateway`], Image: "", State: "running", Labels: {} };
  const answerTo = (method: string, path: string, filters: string, body: unknown): unknown => {
    if (path === "/volumes/create") {
      const made = body as { readonly Name: string; readonly Labels: Labels };
      volumes.set(made.Name, made.Labels);
    } else if (method === "DELETE" && path.startsWith("/volumes/")) volumes.delete(path.slice("/volumes/".length));
    else if (path === "/volumes") return { Volumes: [...volumes].map(([Name, Labels]) => ({ Name, Labels })) };
    else if (path === "/containers/json") return filters.includes("slipway.gateway") ? [gateway] : [];
    else if (path === "/containers/gateway/json") return { State: { StartedAt: since } };
    else if (path === "/containers/create") helpers += 1;
    return { Id: "helper", StatusCode: 0 };
  };
  const call: Engine["call"] = (method, path, { query, body } = {}) => {
    const answer = answerTo(method, path, JSON.stringify(query ?? {}), body);
    return Promise.resolve({ status: 200, text: "", json: () => structuredClone(answer) });
  };
  return {
    cloud: { engine: { call }, name, image: () => Promise.resolve("debian") } as unknown as Cloud,
    helpers: () => helpers,
    restart: (at: string) => {
      since = at;
    },
  };
}
