import type { Service } from "@slipway/model";
import { archiveEnd } from "./archive.ts";
import { type Archive, createContainer, removeContainer, removeVolumes, type VolumeMount } from "./container.ts";
import type { Context } from "./context.ts";
import { frames, unlessGone } from "./docker.ts";
import { fail } from "./errors.ts";
import { frontProgram } from "./front.ts";
import { tar } from "./images/tar.ts";
import type { RunStep } from "./pipeline.ts";
import { stepUser } from "./policy.ts";
import type { StepWork } from "./steps.ts";
import { makeVolume } from "./workspace.ts";

/** The application as it runs beside an end-to-end test. Disposing removes all of it. */
export interface RunningServices extends AsyncDisposable {
  readonly network: string;
  /** The one address that a test gets. */
  readonly url: string;
  /** Puts what the services printed into the step's log. */
  tellLogs(): Promise<void>;
}

const readyMs = 60_000;
const frontPort = 8080;
const limits = { memoryMb: 512, cpus: 1, processes: 128 };

/** The environment that a service is promised in every place where it runs. */
export const serviceEnv = (service: Service, all: readonly Service[], release: string): Record<string, string> => ({
  ...service.env,
  SLIPWAY_RELEASE: release,
  ...Object.fromEntries(
    all.flatMap((one) =>
      one.port === undefined
        ? []
        : [[`SLIPWAY_URL_${one.name.toUpperCase().replaceAll("-", "_")}`, `http://${one.name}:${one.port}`]],
    ),
  ),
});

/**
 * Starts the images built in this run on an internal network of their own, with empty data, and a front that routes as
 * production does. Resolves when every service with a `ready` path answers it; rejects with `ci.step-failed` when one does not.
 */
export async function startServices(
  context: Context,
  work: StepWork<RunStep>,
  made: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): Promise<RunningServices> {
  const { docker, clock, policy } = context;
  const all = work.app?.services.filter((service) => work.step.services.includes(service.name)) ?? [];
  const unknown = work.step.services.find((name) => !all.some((service) => service.name === name));
  if (unknown !== undefined) throw fail("ci.pipeline-invalid", `app.ts describes no service "${unknown}"`);
  const network = `${made.name}-net`;
  const containers: { name: string; id: string }[] = [];
  const volumes: string[] = [];
  const release = `${work.attempt.candidate}/end-to-end`;

  const remove = async (): Promise<void> => {
    for (const { id } of containers) await removeContainer(docker, id);
    await removeVolumes(docker, volumes, clock);
    await unlessGone(docker.getNetwork(network).remove());
  };
  const logsOf = async (id: string): Promise<string> => {
    const bytes = await docker.getContainer(id).logs({ stdout: true, stderr: true, tail: 100, follow: false });
    let text = "";
    for await (const frame of frames([bytes] as unknown as AsyncIterable<Uint8Array>))
      text += Buffer.from(frame.bytes).toString();
    return text;
  };
  const tellLogs = async (): Promise<void> => {
    for (const { name, id } of containers) await work.log.note(`--- what ${name} printed ---\n${await logsOf(id)}`);
  };

  try {
    await docker.createNetwork({ Name: network, Internal: true, Labels: { ...made.labels } });
    const data = new Map<string, string>();
    for (const service of all.filter((one) => one.data === true || one.events !== undefined)) {
      const volume = await makeVolume(context, work.attempt, {
        step: work.step.name,
        index: work.index,
        name: `data-${service.name}`,
        kind: "work",
      });
      volumes.push(volume);
      data.set(service.name, volume);
    }
    for (const service of all) {
      const image = work.upstream.images.get(service.name);
      if (image === undefined)
        throw fail("ci.pipeline-invalid", `"${work.step.name}" runs "${service.name}" but does not need its image`);
      const own = data.get(service.name);
      const mounts: VolumeMount[] = own === undefined ? [] : [{ volume: own, at: "/data", readOnly: false }];
      for (const other of service.reads ?? []) {
        const volume = data.get(other);
        if (volume !== undefined) mounts.push({ volume, at: `/data/${other}`, readOnly: true });
      }
      const container = await createContainer(
        docker,
        {
          name: `${made.name}-${service.name}`,
          image,
          env: serviceEnv(service, all, release),
          labels: made.labels,
          mounts,
          network,
          alias: service.name,
          limits,
        },
        // It is the only one there, so it is the writer of its stream from the start.
        service.events === undefined || own === undefined ? [] : [writerFile(release)],
      );
      containers.push({ name: service.name, id: container.id });
      await container.start();
    }
    const front = await createContainer(docker, {
      name: `${made.name}-front`,
      image: policy.node,
      command: ["node", "-e", frontProgram],
      env: { FRONT: JSON.stringify({ port: frontPort, readyMs, services: all }) },
      user: `${stepUser}:${stepUser}`,
      labels: made.labels,
      mounts: [],
      network,
      alias: "front",
      limits,
    });
    containers.push({ name: "front", id: front.id });
    await front.start();
    await ready(front, logsOf, { clock, signal: work.signal });
  } catch (thrown) {
    await tellLogs().catch(() => {});
    await remove();
    throw thrown;
  }
  return { network, url: `http://front:${frontPort}`, tellLogs, [Symbol.asyncDispose]: remove };
}

async function ready(
  front: Awaited<ReturnType<typeof createContainer>>,
  logsOf: (id: string) => Promise<string>,
  { clock, signal }: { readonly clock: Context["clock"]; readonly signal: AbortSignal },
): Promise<void> {
  const until = clock.monotonic() + readyMs + 5_000;
  for (;;) {
    signal.throwIfAborted();
    const printed = await logsOf(front.id);
    if (printed.includes("front: ready")) return;
    const { State: state } = await front.inspect();
    if (!state.Running || clock.monotonic() > until)
      throw fail("ci.step-failed", `the services did not become ready: ${printed.trim()}`);
    await clock.sleep(100, signal);
  }
}

const writerFile = (release: string): Archive => ({
  at: "/data",
  bytes: (async function* () {
    yield* tar([{ path: "writer", kind: "bytes", mode: 0o644, owner: stepUser, bytes: Buffer.from(`${release}\n`) }]);
    yield archiveEnd();
  })(),
});
