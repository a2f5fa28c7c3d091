import { docker } from "@slipway/connection/docker";
import { sendImages } from "@slipway/deploy";
import { type Connection, type Host, SlipwayError } from "@slipway/model";
import { applyStations, seeStations } from "../station/apply.ts";
import { describeStationStep, planStations } from "../station/plan.ts";
import type { PreparedHost } from "./prepare.ts";

const givesDocker = (host: Host): boolean => host.has.some((property) => property.gives.includes("docker"));

/** What would be done to the stations on a host, as lines for people. Where Docker is not there yet, all of them are to come. */
export async function stationsToDo(
  { host, stations, engine }: PreparedHost,
  connection: Connection,
): Promise<readonly string[]> {
  if (engine === undefined || !givesDocker(host)) return [];
  try {
    return planStations(stations, await seeStations(await docker(connection))).map(describeStationStep);
  } catch (error) {
    // No engine listens there: whatever else is wrong has no such code.
    if (error instanceof SlipwayError && error.code === "connection.socket")
      return stations.map(({ name }) => `${name} runs`);
    throw error;
  }
}

/** Sends the images that are missing and makes exactly the wanted stations run. Gives what was done. */
export async function makeStations(
  { host, stations, images, engine }: PreparedHost,
  connection: Connection,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (engine === undefined || !givesDocker(host)) return [];
  const target = await docker(connection);
  const steps = planStations(stations, await seeStations(target));
  const done: string[] = [];
  if (images.length > 0) {
    const sent = await sendImages({ from: engine, to: target, images, signal });
    if (sent.bytes > 0) done.push(`images sent (${(sent.bytes / 1e6).toFixed(0)} MB)`);
  }
  await applyStations(target, steps, signal);
  return [...done, ...steps.map(describeStationStep)];
}
