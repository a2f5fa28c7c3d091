import { type ChildProcessByStdio, spawn as spawnChild } from "node:child_process";
import { connect } from "node:net";
import { constants } from "node:os";
import type { Duplex, Readable, Writable } from "node:stream";
import type { Command, Connection, Process, SlipwayError } from "@slipway/model";
import { collect } from "./collect.ts";
import { loginLine } from "./command-line.ts";
import { fail } from "./errors.ts";

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** This machine, as its own user and in this process's folder. Every command runs in a process group of its own. */
export function local(): Connection {
  const running = new Set<Process>();
  let closed: SlipwayError | undefined;
  const spawn: Connection["spawn"] = async (command, options = {}) => {
    if (closed !== undefined) throw closed;
    options.signal?.throwIfAborted();
    loginLine(command);
    const process = await start(command, options.signal);
    running.add(process);
    const gone = (): void => {
      running.delete(process);
    };
    process.exit.then(gone, gone);
    return process;
  };
  return {
    host: "localhost",
    get open() {
      return closed === undefined;
    },
    again: async () => local(),
    spawn,
    exec: (command, options) => collect("localhost", command, (signal) => spawn(command, { signal }), options),
    socket: (path) => dial({ path }, () => fail("connection.socket", `the socket ${path} did not answer`)),
    tcp: (port, address = "127.0.0.1") =>
      dial({ port, host: address }, () => fail("connection.port", `${address}:${port} did not answer`)),
    async [Symbol.asyncDispose]() {
      closed ??= fail("connection.closed", "the local connection is closed");
      for (const process of running) process.kill();
    },
  };
}

function dial(to: { path: string } | { port: number; host: string }, explain: () => SlipwayError): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // Half open, as a forwarded channel is: a peer may still answer after our end.
    const socket = connect({ ...to, allowHalfOpen: true });
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      socket.setNoDelay(true);
      resolve(socket);
    });
    socket.once("error", (cause) => reject(Object.assign(explain(), { cause })));
  });
}

function start(command: Command, signal: AbortSignal | undefined): Promise<Process> {
  return new Promise((resolve, reject) => {
    // Through sh, so that a missing program is status 127 here as it is everywhere else.
    const child: Child = spawnChild("sh", ["-c", 'exec "$@"', "sh", ...command], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    child.once("error", (cause) =>
      reject(fail("connection.argument", `${command[0]} could not be started: ${cause.message}`, { cause })),
    );
    child.once("spawn", () => resolve(live(child, signal)));
  });
}

function live(child: Child, signal: AbortSignal | undefined): Process {
  const group = child.pid;
  let over = false;
  let killed = false;
  const send = (name: NodeJS.Signals): void => {
    if (over || group === undefined) return;
    try {
      process.kill(-group, name);
    } catch {
      // ESRCH: it ended in between.
    }
  };
  const kill = (): void => {
    if (killed || over) return;
    killed = true;
    child.stdout.resume();
    child.stderr.resume();
    send("SIGTERM");
    insist = setTimeout(() => send("SIGKILL"), 2_000);
  };
  let insist: NodeJS.Timeout | undefined;
  child.stdin.on("error", () => {});
  const exit = new Promise<{ status: number }>((resolve) => {
    child.once("close", (code, name) => {
      over = true;
      clearTimeout(insist);
      signal?.removeEventListener("abort", kill);
      resolve({ status: code ?? 128 + (name === null ? 0 : constants.signals[name]) });
    });
  });
  signal?.addEventListener("abort", kill, { once: true });
  if (signal?.aborted === true) kill();
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exit, kill };
}
