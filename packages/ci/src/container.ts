import { Readable } from "node:stream";
import type { Docker as Engine } from "@slipway/connection/docker";
import { type Clock, type Command, messageOf } from "@slipway/model";
import { type Docker, frames, statusOf, unlessGone } from "./docker.ts";
import { fail } from "./errors.ts";

/** Bounds of one container. */
export interface Limits {
  readonly memoryMb: number;
  readonly cpus: number;
  readonly processes: number;
}

export interface VolumeMount {
  readonly volume: string;
  readonly at: string;
  readonly readOnly: boolean;
}

/** A container of a run, as data. */
export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  /** Absent: what the image starts. */
  readonly command?: Command;
  readonly env: Readonly<Record<string, string>>;
  readonly workdir?: string;
  /** Absent: the image's own. */
  readonly user?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly VolumeMount[];
  /** Name of a network, or `none`. */
  readonly network: string;
  /** Name by which other containers of the network find it. */
  readonly alias?: string;
  readonly limits: Limits;
}

/** Largest log that the engine keeps of one container; the CI's own file has the rest. */
const engineLogSize = "10m";

/**
 * What the engine is asked for. Nothing of the host is in it: no socket, no folder, no device, no capability, and nothing that
 * could gain one; the root is read-only, /tmp is memory.
 */
export const containerOptions = (spec: ContainerSpec): Engine.ContainerCreateOptions => ({
  name: spec.name,
  Image: spec.image,
  ...(spec.command === undefined ? {} : { Entrypoint: [spec.command[0]], Cmd: spec.command.slice(1) }),
  Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
  ...(spec.workdir === undefined ? {} : { WorkingDir: spec.workdir }),
  ...(spec.user === undefined ? {} : { User: spec.user }),
  Labels: { ...spec.labels },
  ...(spec.network === "none" ? { NetworkDisabled: true } : {}),
  ...(spec.alias === undefined
    ? {}
    : { NetworkingConfig: { EndpointsConfig: { [spec.network]: { Aliases: [spec.alias] } } }, Hostname: spec.alias }),
  HostConfig: {
    Init: true,
    NetworkMode: spec.network,
    Memory: spec.limits.memoryMb * 1024 * 1024,
    MemorySwap: spec.limits.memoryMb * 1024 * 1024,
    NanoCpus: Math.round(spec.limits.cpus * 1e9),
    PidsLimit: spec.limits.processes,
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges"],
    ReadonlyRootfs: true,
    Tmpfs: { "/tmp": "rw,exec,nosuid,nodev,mode=1777,size=1g" },
    Mounts: spec.mounts.map(({ volume, at, readOnly }) => ({
      Type: "volume" as const,
      Source: volume,
      Target: at,
      ReadOnly: readOnly,
    })),
    LogConfig: { Type: "json-file", Config: { "max-size": engineLogSize, "max-file": "1" } },
  },
});

export type Archive = { readonly at: string; readonly bytes: AsyncIterable<Uint8Array> };

/** Makes a container and puts files into its volumes. Whoever made it removes it with {@link removeContainer}. */
export async function createContainer(docker: Docker, spec: ContainerSpec, archives: readonly Archive[] = []) {
  let container: Awaited<ReturnType<Docker["createContainer"]>>;
  try {
    container = await docker.createContainer(containerOptions(spec));
  } catch (thrown) {
    if (statusOf(thrown) === 404)
      throw fail("ci.no-image", `the CI's engine has no image ${spec.image}`, { cause: thrown });
    throw thrown;
  }
  try {
    for (const { at, bytes } of archives) await container.putArchive(Readable.from(bytes), { path: at });
  } catch (thrown) {
    await removeContainer(docker, container.id);
    if (statusOf(thrown) === undefined) throw thrown;
    // The engine answers and refuses: a link or a file of the repository is where an output is mounted.
    throw fail("ci.missing-output", `the files do not fit beside the outputs: ${messageOf(thrown)}`, { cause: thrown });
  }
  return container;
}

/** Ends and removes a container. Done when it is not there. */
export const removeContainer = (docker: Docker, id: string): Promise<void> =>
  unlessGone(docker.getContainer(id).remove({ force: true, v: true }));

/** Removes volumes; one that a dying container still holds is tried again until the signal's deadline. */
export async function removeVolumes(docker: Docker, volumes: readonly string[], clock: Clock): Promise<void> {
  for (const volume of volumes) {
    for (let turn = 0; ; turn += 1) {
      try {
        await docker.getVolume(volume).remove();
        break;
      } catch (thrown) {
        if (statusOf(thrown) === 404) break;
        if (statusOf(thrown) !== 409 || turn >= 20) throw thrown;
        await clock.sleep(250);
      }
    }
  }
}

export interface Ended {
  readonly status: number;
  readonly timedOut: boolean;
  readonly outOfMemory: boolean;
}

export interface RunOptions {
  readonly archives?: readonly Archive[];
  readonly output: (stream: number, bytes: Uint8Array) => Promise<void> | void;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** After a container ended, its last output is waited for so long. */
const lastOutputMs = 5_000;

/**
 * Runs a container to its end and removes it, whatever happens. Output is attached before it starts, so nothing is missed.
 * After `timeoutMs` it is killed; when the signal aborts, too, and the call rejects with the signal's reason.
 */
export async function runContainer(docker: Docker, spec: ContainerSpec, options: RunOptions): Promise<Ended> {
  const { clock, signal } = options;
  signal.throwIfAborted();
  const container = await createContainer(docker, spec, options.archives);
  const finished = new AbortController();
  const onAbort = (): void => void unlessGone(container.kill()).catch(() => {});
  try {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    const copied = (async () => {
      for await (const { stream: kind, bytes } of frames(stream as unknown as AsyncIterable<Uint8Array>))
        await options.output(kind, bytes);
    })();
    // A broken stream shows in `wait` too, which tells it better.
    copied.catch(() => {});
    signal.addEventListener("abort", onAbort, { once: true });
    await container.start();
    let timedOut = false;
    clock
      .sleep(options.timeoutMs, finished.signal)
      .then(
        async () => {
          timedOut = true;
          await unlessGone(container.kill());
        },
        () => {},
      )
      .catch(() => {});
    const { StatusCode: status } = (await container.wait()) as { StatusCode: number };
    await Promise.race([copied.catch(() => {}), clock.sleep(lastOutputMs, finished.signal).catch(() => {})]);
    const { State: state } = await container.inspect();
    signal.throwIfAborted();
    return { status, timedOut, outOfMemory: state.OOMKilled };
  } finally {
    finished.abort();
    signal.removeEventListener("abort", onAbort);
    await removeContainer(docker, container.id);
  }
}
