import type { Docker } from "@slipway/connection/docker";
import type { SeenStation, StationStep } from "./plan.ts";

const label = "slipway.station";
const digestLabel = "slipway.digest";

/** The stations' containers on a host's engine, running or not. */
export async function seeStations(docker: Docker): Promise<readonly SeenStation[]> {
  const containers = await docker.listContainers({ all: true, filters: { label: [label] } });
  return containers.map((one) => ({
    id: one.Id,
    name: one.Labels[label] ?? "",
    digest: one.Labels[digestLabel],
    running: one.State === "running",
  }));
}

/** Carries a plan out, in its order. Each step may be repeated. */
export async function applyStations(docker: Docker, steps: readonly StationStep[], signal: AbortSignal): Promise<void> {
  for (const step of steps) {
    signal.throwIfAborted();
    if (step.do === "remove") {
      // A grace period, so that what it writes down is written.
      await docker.getContainer(step.id).stop({ t: 10 }).catch(ignoreGone);
      await docker.getContainer(step.id).remove({ force: true, v: true }).catch(ignoreGone);
    } else if (step.do === "start") await docker.getContainer(step.id).start();
    else {
      const { spec, digest } = step;
      const container = await docker.createContainer({
        name: spec.name,
        Image: spec.image,
        Cmd: [...spec.command],
        Labels: { [label]: spec.name, [digestLabel]: digest },
        HostConfig: {
          NetworkMode: "host",
          Binds: [...spec.mounts],
          RestartPolicy: { Name: "unless-stopped" },
          Init: true,
          LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
        },
      });
      await container.start();
    }
  }
}

function ignoreGone(error: unknown): void {
  // 304: it was stopped already; 404: somebody else removed it.
  if (error instanceof Error && "statusCode" in error && (error.statusCode === 304 || error.statusCode === 404)) return;
  throw error;
}
