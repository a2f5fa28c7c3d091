import { mkdir, readFile } from "node:fs/promises";
import { ssh } from "@slipway/connection";
import { systemClock } from "@slipway/model";
import { runMonitor } from "@slipway/monitor";
import type { Role } from "./main.ts";
import { type MonitorSettings, stationPaths, stationSecrets } from "./settings.ts";

/** Watches every host of the platform, from its own. */
export const monitorStation: Role<MonitorSettings> = async (settings, signal, say) => {
  const privateKey = await readFile(stationPaths.secret(stationSecrets.monitorKey));
  const dir = stationPaths.state("monitor");
  await mkdir(dir, { recursive: true });
  await mkdir(stationPaths.run, { recursive: true });
  await runMonitor(settings, {
    connect: (address) => ssh(address, { privateKey }, { signal }),
    secrets: { reveal: async (secret) => (await readFile(stationPaths.secret(secret.name), "utf8")).trim() },
    clock: systemClock,
    signal,
    dir,
    socketPath: stationPaths.monitorSocket,
    onReady: () => say("watching"),
    log: say,
  });
};
