import { type Duplex, PassThrough, type Readable } from "node:stream";
import { type Command, type Connection, messageOf, type Process, type SlipwayError } from "@slipway/model";
import type Docker from "dockerode";
import { collect } from "./collect.ts";
import { killScript, loginLine, marked } from "./command-line.ts";
import { demultiplex } from "./demux.ts";
import { fail } from "./errors.ts";
import { AfterMark } from "./marker.ts";
import { relay } from "./relay.ts";

export interface ContainerOptions {
  /** User inside the container. Default: the container's own. */
  readonly user?: string;
}

/** A running container that has `sh`, through `docker exec`. Sockets inside it need perl or node there. */
export function container(docker: Docker, id: string, options: ContainerOptions = {}): Connection {
  const running = new Set<Process>();
  let closed: SlipwayError | undefined;
  const spawn: Connection["spawn"] = async (command, more = {}) => {
    if (closed !== undefined) throw closed;
    more.signal?.throwIfAborted();
    const process = await start(docker, id, command, options, more.signal);
    running.add(process);
    const gone = (): void => {
      running.delete(process);
    };
    process.exit.then(gone, gone);
    return process;
  };
  const connection: Connection = {
    host: id,
    get open() {
      return closed === undefined;
    },
    again: async () => container(docker, id, options),
    spawn,
    exec: (command, more) => collect(id, command, (signal) => spawn(command, { signal }), more),
    socket: (path) => relay(connection, { path }),
    tcp: (port, address = "127.0.0.1") => relay(connection, { port, address }),
    async [Symbol.asyncDispose]() {
      closed ??= fail("connection.closed", `the connection to container ${id} is closed`);
      for (const process of running) process.kill();
    },
  };
  return connection;
}

async function start(
  docker: Docker,
  id: string,
  command: Command,
  options: ContainerOptions,
  signal: AbortSignal | undefined,
): Promise<Process> {
  const { argv, mark } = marked(command);
  loginLine(argv);
  let exec: Docker.Exec;
  let stream: Duplex;
  try {
    exec = await docker.getContainer(id).exec({
      Cmd: [...argv],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      ...(options.user === undefined ? {} : { User: options.user }),
    });
    stream = await exec.start({ hijack: true, stdin: true });
  } catch (cause) {
    throw fail("connection.container", `container ${id} runs no command: ${messageOf(cause)}`, { cause });
  }
  const stdout = new AfterMark(mark, () => undefined);
  const stderr = new AfterMark(mark, () => undefined);
  stream.on("error", () => {});
  const split = demultiplex(stream, stdout, stderr);
  const exit = split.then(
    async () => {
      const { ExitCode } = await exec.inspect();
      if (stdout.pid === undefined) {
        throw fail(
          "connection.shell",
          `container ${id} did not run ${command[0]}: ${stderr.preamble || stdout.preamble}`,
        );
      }
      if (typeof ExitCode === "number") return { status: ExitCode };
      // The attached stream broke while the command goes on.
      throw fail("connection.lost", `the connection to container ${id} broke`);
    },
    (cause: unknown) => {
      throw fail("connection.lost", `the connection to container ${id} broke: ${messageOf(cause)}`, { cause });
    },
  );
  stdout.on("error", () => {});
  stderr.on("error", () => {});
  const settled = Promise.all([exit, outputEnd(stdout), outputEnd(stderr)]).then(([result]) => result);
  const forget = (): void => signal?.removeEventListener("abort", kill);
  settled.then(forget, forget);

  let killed = false;
  const kill = (): void => {
    if (killed) return;
    killed = true;
    stdout.resume();
    stderr.resume();
    const end = (pid: number): void => {
      const finish = (): unknown => stream.destroy();
      killInside(docker, id, pid).then(finish, finish);
    };
    if (stdout.pid === undefined) stdout.once("mark", end);
    else end(stdout.pid);
  };
  signal?.addEventListener("abort", kill, { once: true });
  if (signal?.aborted === true) kill();
  return { stdin: stream, stdout, stderr, exit: settled, kill };
}

async function killInside(docker: Docker, id: string, pid: number): Promise<void> {
  const killer = await docker.getContainer(id).exec({
    Cmd: ["sh", "-c", killScript, "sh", String(pid)],
    AttachStdout: true,
    User: "0",
  });
  const stream = await killer.start({ hijack: true, stdin: false });
  const sink = new PassThrough().resume();
  await demultiplex(stream, sink, new PassThrough().resume());
}

const outputEnd = (stream: Readable): Promise<void> =>
  new Promise((resolve) => {
    stream.once("end", resolve);
    stream.once("close", resolve);
  });
