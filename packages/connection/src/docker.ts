import { Agent } from "node:http";
import { type Duplex, PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { type Connection, messageOf } from "@slipway/model";
import type Docker from "dockerode";
import { demultiplex } from "./demux.ts";
import { fail } from "./errors.ts";

export type { default as Docker } from "dockerode";
export { demultiplex } from "./demux.ts";

const engineSocket = "/var/run/docker.sock";

type GiveSocket = (error: Error | null, socket: Duplex) => void;

/** Node's HTTP client calls these on its sockets; a forwarded stream has no use for them. */
const socketMethods = ["setTimeout", "setKeepAlive", "setNoDelay", "ref", "unref"] as const;

function likeSocket(stream: Duplex): Duplex {
  const bare = stream as Duplex & Record<string, unknown>;
  for (const name of socketMethods) {
    if (bare[name] === undefined) Object.defineProperty(bare, name, { value: () => bare });
  }
  return stream;
}

function agentOver(connection: Connection, path: string): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 8 });
  const createConnection = (_options: unknown, give: GiveSocket): undefined => {
    connection.socket(path).then(
      (stream) => give(null, likeSocket(stream)),
      // The socket is never looked at when there is an error.
      (error: Error) => give(error, undefined as unknown as Duplex),
    );
    return undefined;
  };
  // docker-modem inspects the options of every request to any depth, for a log that is off: through the agent that would be everything
  // the connection holds, and take minutes once a few sockets are kept alive.
  const inspect = (): string => `agent of ${connection.host}`;
  Object.assign(agent, { createConnection, [Symbol.for("nodejs.util.inspect.custom")]: inspect });
  return agent;
}

/**
 * The Docker engine of a host, over its connection: every request is a stream inside it, nothing is opened beside.
 * Ends with the connection. No request is made here, so it resolves also where no engine runs.
 */
export async function docker(connection: Connection, path: string = engineSocket): Promise<Docker> {
  const { default: Engine } = await import("dockerode");
  // docker-modem takes an agent, though dockerode's types do not say so. Host and port fill in the URL only.
  const options: Docker.DockerOptions & { readonly agent: Agent } = {
    protocol: "http",
    host: "localhost",
    port: 2375,
    agent: agentOver(connection, path),
  };
  return new Engine(options);
}

/** The engine of this machine, or the one that DOCKER_HOST names (unix, tcp; TLS by DOCKER_CERT_PATH). */
export async function localDocker(): Promise<Docker> {
  const { default: Engine } = await import("dockerode");
  return new Engine();
}

/** Waits for nothing: rejects with `docker.unreachable` and one sentence when the engine does not answer. */
export async function checkDocker(engine: Docker): Promise<void> {
  try {
    await engine.ping();
  } catch (cause) {
    throw fail("docker.unreachable", `the Docker engine does not answer: ${messageOf(cause)}`, { cause });
  }
}

export interface RunOptions {
  /** What to run; the name is the caller's to choose. */
  readonly create: Docker.ContainerCreateOptions;
  /** Receives the output as it comes; a slow sink slows the container. */
  readonly stdout?: NodeJS.WritableStream;
  readonly stderr?: NodeJS.WritableStream;
  readonly signal?: AbortSignal;
  /** Called when the container was created, before it starts. */
  readonly onCreated?: (id: string) => void | Promise<void>;
}

export interface RunResult {
  readonly id: string;
  readonly status: number;
  readonly oomKilled: boolean;
  /** Empty for an output that went to a stream. */
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Creates a container, attaches before it starts so that no output is missed, waits for its end, and removes it with its volumes.
 * An abort kills it and rejects with the signal's reason; the container is removed in every case.
 */
export async function runToEnd(engine: Docker, options: RunOptions): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const made = await engine.createContainer({ ...options.create, Tty: false });
  const kill = (): void => {
    // 409: it ended in between; the wait below tells.
    made.kill().catch(() => {});
  };
  try {
    await options.onCreated?.(made.id);
    const attached = await made.attach({ stream: true, stdout: true, stderr: true });
    // Asked before the start, so that a short life is not missed.
    const stopped: Promise<{ StatusCode: number }> = made.wait({ condition: "next-exit" });
    stopped.catch(() => {});
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const outputs = Promise.all([
      demultiplex(attached, stdout, stderr),
      options.stdout === undefined ? text(stdout) : sendTo(stdout, options.stdout),
      options.stderr === undefined ? text(stderr) : sendTo(stderr, options.stderr),
    ]);
    outputs.catch(() => {});
    options.signal?.throwIfAborted();
    options.signal?.addEventListener("abort", kill, { once: true });
    await made.start();
    if (options.signal?.aborted === true) kill();
    const { StatusCode } = await stopped;
    const [, out, err] = await outputs;
    options.signal?.throwIfAborted();
    const { State } = await made.inspect();
    return { id: made.id, status: StatusCode, oomKilled: State.OOMKilled, stdout: out, stderr: err };
  } finally {
    options.signal?.removeEventListener("abort", kill);
    await made.remove({ force: true, v: true });
  }
}

function sendTo(from: Readable, to: NodeJS.WritableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    from.once("end", () => resolve(""));
    from.once("error", reject);
    // A sink that fails must not stop the container: its output is then dropped.
    to.once("error", () => {
      from.unpipe(to);
      from.resume();
    });
    from.pipe(to, { end: false });
  });
}

interface Progress {
  readonly stream?: string;
  readonly error?: string;
}

/** Reads the engine's answer to its end, which is when the work is done; a failure comes inside an answer of status 200. */
async function progressOf(answer: NodeJS.ReadableStream, what: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const line of (await text(answer)).split("\n")) {
    if (line.trim() === "") continue;
    const progress = JSON.parse(line) as Progress;
    if (progress.error !== undefined) throw fail("docker.failed", `${what}: ${progress.error}`);
    if (progress.stream !== undefined) lines.push(progress.stream.trim());
  }
  return lines;
}

/** Loads images from a tar; gives the names or ids that the engine says it loaded. */
export async function loadImage(engine: Docker, tar: Readable): Promise<readonly string[]> {
  const answer = await engine.loadImage(tar).catch((cause: unknown) => {
    throw fail("docker.failed", `the engine did not load the image: ${messageOf(cause)}`, { cause });
  });
  const lines = await progressOf(answer, "the engine did not load the image");
  return lines.flatMap((line) => /^Loaded image(?: ID)?: (.+)$/.exec(line)?.[1] ?? []);
}

/** A tar of images by name or id, as `docker save` writes it. */
export async function saveImages(engine: Docker, names: readonly string[]): Promise<Readable> {
  const query = names.map((name) => `names=${encodeURIComponent(name)}`).join("&");
  const path = `/images/get?${query}&`;
  return new Promise((resolve, reject) => {
    engine.modem.dial(
      {
        path,
        method: "GET",
        isStream: true,
        statusCodes: { 200: true, 404: "no such image", 500: "server error" },
      },
      (error: Error | null, answer: unknown) => {
        if (error !== null)
          reject(fail("docker.failed", `the images cannot be saved: ${error.message}`, { cause: error }));
        else resolve(answer as Readable);
      },
    );
  });
}

/** dockerode's types say the least of its streams; they are Node's. */
const readable = (stream: NodeJS.ReadableStream): Readable => stream as unknown as Readable;

/** A container's log so far, or as it comes with `follow` until the signal aborts. */
export async function containerLogs(
  engine: Docker,
  id: string,
  options: { readonly follow?: boolean; readonly tail?: number; readonly signal?: AbortSignal } = {},
): Promise<{ readonly stdout: Readable; readonly stderr: Readable }> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const base = { stdout: true, stderr: true, ...(options.tail === undefined ? {} : { tail: options.tail }) };
  const made = engine.getContainer(id);
  const attached =
    options.follow === true
      ? readable(await made.logs({ ...base, follow: true }))
      : Readable.from([await made.logs({ ...base, follow: false })]);
  options.signal?.addEventListener("abort", () => attached.destroy(), { once: true });
  demultiplex(attached, stdout, stderr).catch(() => {});
  return { stdout, stderr };
}
