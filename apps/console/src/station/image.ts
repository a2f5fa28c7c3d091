import { type BuiltImage, ensureImage, type ImageEngine, runtimeDescription } from "@slipway/ci/images/index";
import type { Bundle } from "./bundle.ts";

/** The image of the stations: Slipway's runtime image and one layer with the bundle. Made on the given engine when it is not there. */
export async function stationImage(docker: ImageEngine, bundle: Bundle, signal: AbortSignal): Promise<BuiltImage> {
  const runtime = await runtimeDescription(signal);
  return await ensureImage(
    docker,
    {
      name: `slipway/station:${process.versions.node}`,
      image: {
        architecture: runtime.architecture,
        layers: [...runtime.layers, [{ path: "app/station.mjs", kind: "bytes", mode: 0o644, bytes: bundle.code }]],
        // As root: it reads secrets that only root may, and leads the host's engine or its peers by SSH.
        config: {
          ...runtime.config,
          user: "0:0",
          command: ["node", "/app/station.mjs"],
          labels: { "slipway.base": "station" },
        },
      },
    },
    { signal },
  );
}
