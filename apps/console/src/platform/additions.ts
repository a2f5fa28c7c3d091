import { createHash } from "node:crypto";
import { SlipwayError } from "@slipway/model";
import { compileMonitor } from "@slipway/monitor";
import type { MachineInfo } from "@slipway/provision";
import type { StationSpec } from "../station/plan.ts";
import {
  type CiSettings,
  type MonitorSettings,
  type ReceiverSettings,
  stationPaths,
  stationSecrets,
} from "../station/settings.ts";
import type { Additions, StationFiles } from "./effective.ts";
import { type Identity, publicHalf } from "./identity.ts";
import type { Session } from "./session.ts";
import { addressOf } from "./surroundings.ts";
import { withToldChecks } from "./told-checks.ts";

/** Names of images on the hosts' engines. */
export interface StationImages {
  readonly station: { readonly name: string; readonly id: string };
  readonly node: { readonly name: string; readonly id: string };
  readonly toolchain: { readonly name: string; readonly id: string };
}

/** A station with the files it needs. */
export interface PlannedStation extends StationFiles {
  readonly mounts: readonly string[];
}

function stationsOf(
  session: Session,
  host: string,
  machines: readonly MachineInfo[],
  images: StationImages,
): readonly PlannedStation[] {
  const { platform } = session.project;
  const planned: PlannedStation[] = [];
  const state = (role: string): string => `${stationPaths.state(role)}:${stationPaths.state(role)}`;
  const own = addressOf(session.host(host), machines);
  if (platform.ci?.on.name === host && own !== undefined) {
    const ci: CiSettings = {
      host: { ...own, address: "127.0.0.1" },
      repositories: platform.ci.repositories,
      requiredSteps: platform.ci.requires ?? [],
      toolchain: images.toolchain.name,
      node: images.node.name,
    };
    planned.push({
      role: "ci",
      settings: ci,
      secrets: [stationSecrets.ciKey, stationSecrets.signingKey],
      mounts: [state("ci")],
    });
  }
  if (platform.monitor?.on.name === host) {
    const { watches, receiver } = platform.monitor;
    const monitor: MonitorSettings = compileMonitor(
      withToldChecks(watches, platform.hosts),
      platform.hosts.flatMap((one) => addressOf(one, machines) ?? []),
    );
    const channels = watches.spec.tell.map((channel) => channel.config.url.secret);
    planned.push({
      role: "monitor",
      settings: monitor,
      secrets: [stationSecrets.monitorKey, ...channels],
      mounts: [state("monitor"), `${stationPaths.run}:${stationPaths.run}`],
    });
    if (receiver !== undefined) {
      const received: ReceiverSettings = { port: receiver };
      planned.push({ role: "receiver", settings: received, secrets: [], mounts: [state("receiver")] });
    }
  }
  return planned;
}

/** That one is missing is told with all others before a host is configured, and hinders nobody who only looks. */
async function versionOf(vault: Identity["vault"], name: string): Promise<string> {
  try {
    return await vault.version(name);
  } catch (error) {
    if (error instanceof SlipwayError && error.code === "secret.missing") return "";
    throw error;
  }
}

/** What the platform adds to a host, and the containers of its stations. */
export async function additionsFor(
  session: Session,
  host: string,
  machines: readonly MachineInfo[],
  images: StationImages,
): Promise<{ readonly additions: Additions; readonly stations: readonly StationSpec[] }> {
  const { identity, project } = session;
  const { ci, monitor } = project.platform;
  const operator = identity.ssh.publicKey;
  const rootKeys = [operator];
  if (ci?.on.name === host) rootKeys.push(await publicHalf(identity, stationSecrets.ciKey));
  if (monitor !== undefined) rootKeys.push(await publicHalf(identity, stationSecrets.monitorKey));
  const planned = stationsOf(session, host, machines, images);
  const stations = await Promise.all(
    planned.map(async ({ role, settings, secrets, mounts }): Promise<StationSpec> => {
      const hash = createHash("sha256").update(JSON.stringify(settings));
      // A secret that was set anew has another ciphertext; the value itself must not reach a label, not even as a digest.
      for (const name of secrets) hash.update(await versionOf(identity.vault, name));
      return {
        name: `slipway-${role}`,
        image: images.station.id,
        command: ["node", "/app/station.mjs", role],
        // File by file: a station sees no secret of another. A file that is replaced also replaces the container.
        mounts: [
          ...[stationPaths.settings(role), ...secrets.map(stationPaths.secret)].map((file) => `${file}:${file}:ro`),
          ...mounts,
        ],
        depends: hash.digest("hex"),
      };
    }),
  );
  const additions: Additions = {
    rootKeys,
    ...(ci?.on.name === host
      ? { git: { repositories: ci.repositories, keys: [operator, ...(ci.developers ?? [])] } }
      : {}),
    stations: planned,
  };
  return { additions, stations };
}

/** Images that a host's engine must have before its stations start. */
export const imagesFor = (
  session: Session,
  host: string,
  images: StationImages,
): readonly { readonly name: string; readonly id: string }[] => {
  const { ci, monitor } = session.project.platform;
  const needed: { readonly name: string; readonly id: string }[] = [];
  if (ci?.on.name === host) needed.push(images.node, images.toolchain, images.station);
  else if (monitor?.on.name === host) needed.push(images.station);
  return needed;
};
