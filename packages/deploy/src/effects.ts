import { createHash } from "node:crypto";
import type { Docker } from "@slipway/connection/docker";
import { type App, messageOf, Secret, type Secrets, type Service, sh } from "@slipway/model";
import { fail } from "./errors.ts";
import { dataFolder, flagFile, labels, networkName } from "./names.ts";
import { portOf } from "./ports.ts";
import type { Deployment } from "./record.ts";
import { engineStatus, type Target } from "./target.ts";
import { type ContainerSpec, containersOf, secretFolder } from "./topology.ts";

/** Numeric user of an image: who owns its data and secrets. */
async function ownerOf(docker: Docker, image: string): Promise<string> {
  const { Config } = await docker.getImage(image).inspect();
  const [user = "", group] = (Config.User ?? "").split(":");
  if (user === "" || user === "root") return "0:0";
  if (!/^\d+$/.test(user) || (group !== undefined && !/^\d+$/.test(group)))
    throw fail("deploy.user", `${image} runs as "${Config.User}", whose number the host cannot know`);
  return `${user}:${group ?? user}`;
}

/** Data folders belong to the service's user; they are never removed. */
export async function prepare(target: Target, deployment: Deployment): Promise<void> {
  const { app } = deployment;
  for (const spec of containersOf(deployment)) {
    const service = app.services.find((one) => one.name === spec.service);
    if (service?.data !== true) continue;
    const owner = await ownerOf(target.docker, spec.imageId);
    const folder = dataFolder(app.name, spec.service);
    await target.change(
      `prepare ${folder}`,
      // A release with another user would otherwise find files that it cannot write.
      sh`folder=${folder} owner=${owner}
[ -d "$folder" ] || (umask 027; mkdir "$folder")
[ "$(stat -c %u:%g "$folder")" = "$owner" ] || chown -R "$owner" "$folder"`,
    );
  }
  const name = networkName(app.name);
  const found = await target.docker.listNetworks({ filters: { name: [name] } });
  if (found.some((network) => network.Name === name)) return;
  await target.check();
  await target.docker.createNetwork({ Name: name, CheckDuplicate: true, Labels: { [labels.app]: app.name } });
}

/** Values of an application's secrets: service → name → value. */
export type Revealed = ReadonlyMap<string, ReadonlyMap<string, string>>;

export async function reveal(app: App, secrets: Secrets | undefined): Promise<Revealed> {
  const all = new Map<string, ReadonlyMap<string, string>>();
  for (const service of app.services) {
    const values = new Map<string, string>();
    for (const name of service.secrets ?? []) {
      if (secrets === undefined) throw fail("deploy.secret", `${app.name}/${service.name} needs the secret ${name}`);
      values.set(name, await secrets.reveal(new Secret(name)));
    }
    all.set(service.name, values);
  }
  return all;
}

/** `service/name` → SHA-256, for comparing with what is on the host. Never stored. */
export const sumsOf = (revealed: Revealed): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...revealed].flatMap(([service, values]) =>
      [...values].map(([name, value]) => [`${service}/${name}`, createHash("sha256").update(value).digest("hex")]),
    ),
  );

/** Secrets become files that only the service's user can read; they arrive over standard input. */
export async function deliverSecrets(
  target: Target,
  deployment: Deployment,
  services: readonly string[],
  revealed: Revealed,
): Promise<void> {
  for (const spec of containersOf(deployment)) {
    if (!services.includes(spec.service)) continue;
    const owner = await ownerOf(target.docker, spec.imageId);
    const folder = secretFolder(deployment.app.name, deployment.slot, spec.service);
    await target.change(`prepare ${folder}`, sh`rm -rf ${folder}; (umask 077; mkdir -p ${folder})`);
    for (const [name, value] of revealed.get(spec.service) ?? [])
      await target.write(`${folder}/${name}`, value, { mode: "0400", owner });
  }
}

/** Creates a container and refuses it unless its image has the id of the statement. */
export async function createContainer(target: Target, deployment: Deployment, name: string): Promise<void> {
  const spec = specOf(deployment, name);
  const { docker } = target;
  // Readers belong to the groups that own what they read.
  const groups = new Set<string>();
  for (const mount of spec.mounts) {
    const other = deployment.app.services.find(
      (service) => mount.readOnly && mount.from === dataFolder(deployment.app.name, service.name),
    );
    const image = other === undefined ? undefined : deployment.images[other.name];
    if (image !== undefined) groups.add((await ownerOf(docker, image)).split(":")[1] ?? "0");
  }
  await target.check();
  const made = await docker.createContainer(createOptions(spec, [...groups])).catch((error: unknown) => {
    if (engineStatus(error) === 409)
      throw fail("deploy.name-taken", `${target.connection.host} has another container ${name}`, { cause: error });
    throw error;
  });
  const { Image } = await made.inspect();
  if (Image === spec.imageId) return;
  await made.remove({ force: true });
  throw fail("deploy.image-differs", `${spec.image} on ${target.connection.host} is ${Image}, not ${spec.imageId}`);
}

/** What the engine is asked for. Pure. */
export function createOptions(spec: ContainerSpec, groups: readonly string[] = []): Docker.ContainerCreateOptions {
  return {
    name: spec.name,
    Image: spec.image,
    Labels: { ...spec.labels },
    Env: Object.entries(spec.env).map(([key, value]) => `${key}=${value}`),
    StopTimeout: spec.stopSeconds,
    ...(spec.port === undefined ? {} : { ExposedPorts: { [`${spec.port.container}/tcp`]: {} } }),
    HostConfig: {
      NetworkMode: spec.network,
      RestartPolicy: { Name: "unless-stopped" },
      ...(groups.length === 0 ? {} : { GroupAdd: [...groups] }),
      Mounts: spec.mounts.map((mount) => ({
        Type: "bind",
        Source: mount.from,
        Target: mount.to,
        ReadOnly: mount.readOnly,
      })),
      ...(spec.port === undefined
        ? {}
        : {
            PortBindings: {
              [`${spec.port.container}/tcp`]: [{ HostIp: "127.0.0.1", HostPort: String(spec.port.host) }],
            },
          }),
      SecurityOpt: ["no-new-privileges"],
      // A log must not fill the disk.
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
    },
  };
}

export function specOf(deployment: Deployment, name: string): ContainerSpec {
  const spec = containersOf(deployment).find((one) => one.name === name);
  if (spec === undefined) throw fail("deploy.topology", `${deployment.app.name} has no container ${name}`);
  return spec;
}

export function serviceOf(deployment: Deployment, name: string): Service {
  const service = deployment.app.services.find((one) => one.name === name);
  if (service === undefined) throw fail("deploy.topology", `${deployment.app.name} has no service ${name}`);
  return service;
}

export const slotPort = (deployment: Deployment, service: string): number | undefined => {
  const base = deployment.ports[service];
  return base === undefined ? undefined : portOf(base, deployment.slot);
};

export async function startContainer(target: Target, name: string): Promise<void> {
  await target.check();
  try {
    await target.docker.getContainer(name).start();
  } catch (error) {
    if (engineStatus(error) === 304) return;
    const message = messageOf(error);
    if (/port is already allocated|address already in use/.test(message))
      throw fail("deploy.port-taken", `${name} cannot start on ${target.connection.host}: ${message}`, {
        cause: error,
      });
    throw error;
  }
}

/**
 * Tells a service to look again who may write. By the host's own `kill`: the engine takes any signal that is sent through it for
 * somebody's wish to stop the container, and would not start it again after a crash or a reboot.
 */
export async function tellWriter(target: Target, name: string): Promise<void> {
  const { State } = await target.docker.getContainer(name).inspect();
  // One that does not run is told by the gate that follows; 0 would mean this shell's own process group.
  if (State.Pid > 0) await target.change(`tell ${name} to look who writes`, sh`kill -USR2 ${String(State.Pid)}`);
}

/** Asks a container to end and waits until it did. One that is gone or stopped is fine. Gives its exit status. */
export async function stopContainer(target: Target, name: string, seconds: number): Promise<number | undefined> {
  await target.check();
  const container = target.docker.getContainer(name);
  try {
    await container.stop({ t: seconds });
  } catch (error) {
    if (engineStatus(error) !== 304 && engineStatus(error) !== 404) throw error;
  }
  try {
    return (await container.inspect()).State.ExitCode;
  } catch (error) {
    if (engineStatus(error) === 404) return undefined;
    throw error;
  }
}

/** Volumes stay. */
export async function removeContainer(target: Target, name: string): Promise<void> {
  await target.check();
  try {
    await target.docker.getContainer(name).remove({ v: false });
  } catch (error) {
    if (engineStatus(error) !== 404) throw error;
  }
}

/** Sets exactly the given flags, and makes them survive a crash of the host. */
export async function setFlags(target: Target, green: readonly string[]): Promise<void> {
  const { flags } = target.paths;
  const wanted = green.map((service) => flagFile(target.app, service));
  await target.change(
    "switch",
    sh`cd ${flags}
for flag in ${["", ...wanted]}; do [ -z "$flag" ] || [ -e "$flag" ] || : > "$flag"; done
for flag in ${flags}/*.green; do
  keep=no
  for wanted in ${["", ...wanted]}; do [ "$flag" != "$wanted" ] || keep=yes; done
  [ "$keep" = yes ] || rm -f "$flag"
done
sync ${flags}`,
  );
}
