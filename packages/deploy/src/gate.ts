import { request } from "node:http";
import { text } from "node:stream/consumers";
import { containerLogs, type Docker } from "@slipway/connection/docker";
import { type Clock, type Connection, messageOf, type Service, SlipwayError } from "@slipway/model";
import { fail } from "./errors.ts";

export interface GateOptions {
  readonly connection: Connection;
  readonly docker: Docker;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly container: string;
  readonly service: Service;
  /** Its port on the host's loopback. */
  readonly port?: number;
  readonly deadlineMs: number;
  /** How long a worker without a port has to run undisturbed. */
  readonly stableMs: number;
  /** Takes secrets out of what the container said, before it goes into an error. */
  readonly redact: (text: string) => string;
  /** A writer's role to wait for; without it, any in which it can take requests. */
  readonly role?: "active";
}

/** A container that ended so often will not become healthy. */
const mostRestarts = 2;

/**
 * Waits until a container can take over: with a port, its ready path answers 200 (a writer also says its role); without, Docker's health
 * check says healthy, or it has run for `stableMs` without a restart. Throws `deploy.unhealthy` with what was seen last and the end of its log.
 */
export async function awaitHealthy(options: GateOptions): Promise<void> {
  const { clock, signal, docker, container, deadlineMs } = options;
  const end = clock.monotonic() + deadlineMs;
  let pause = 20;
  let stableFrom: number | undefined;
  let started = "";
  for (;;) {
    signal.throwIfAborted();
    const { State, RestartCount } = await docker.getContainer(container).inspect();
    let seen: string;
    if (!State.Running && !State.Restarting) throw await unhealthy(options, `it ended with ${State.ExitCode}`);
    if (RestartCount > mostRestarts)
      throw await unhealthy(options, `it ended ${RestartCount} times, last with ${State.ExitCode}`);
    if (State.Health?.Status === "unhealthy") throw await unhealthy(options, "its health check says unhealthy");
    if (options.port !== undefined) {
      const answer = await ready(options, options.port);
      if (answer === "") return;
      seen = answer;
    } else if (State.Health !== undefined) {
      if (State.Health.Status === "healthy") return;
      seen = `its health check says ${State.Health.Status}`;
    } else {
      const now = clock.monotonic();
      const life = `${RestartCount} ${State.StartedAt}`;
      // While the engine waits before it starts it again, a container is `Restarting` and `Running` too.
      const up = State.Running && !State.Restarting;
      if (!up || life !== started) stableFrom = up ? now : undefined;
      started = life;
      if (stableFrom !== undefined && now - stableFrom >= options.stableMs) return;
      seen = `it has not run for ${options.stableMs} ms without a restart`;
    }
    if (clock.monotonic() >= end) throw await unhealthy(options, `after ${deadlineMs} ms ${seen}`);
    await clock.sleep(pause, signal);
    pause = Math.min(250, pause * 1.5);
  }
}

/** Empty when ready, else what stands against it. */
async function ready(options: GateOptions, port: number): Promise<string> {
  const path = options.service.ready ?? "/";
  let answer: { status: number; body: string };
  try {
    answer = await get(options.connection, port, path, 5_000);
  } catch (error) {
    if (error instanceof SlipwayError && error.code === "connection.lost") throw error;
    return `GET ${path} fails: ${messageOf(error)}`;
  }
  if (answer.status !== 200) return `GET ${path}: status ${answer.status} ≠ 200`;
  if (options.service.events === undefined) return "";
  const role = roleOf(answer.body);
  if (options.role === undefined)
    return role === "standby" || role === "active" ? "" : `GET ${path}: role ${role} ≠ standby`;
  return role === options.role ? "" : `GET ${path}: role ${role} ≠ ${options.role}`;
}

function roleOf(body: string): string {
  try {
    const { role } = JSON.parse(body) as { role?: unknown };
    return typeof role === "string" ? role : "unknown";
  } catch {
    return "unknown";
  }
}

/** One GET to a port on the host's loopback, through the connection. */
export async function get(
  connection: Connection,
  port: number,
  path: string,
  timeoutMs: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: string }> {
  const stream = await connection.tcp(port, "127.0.0.1");
  try {
    return await new Promise((resolve, reject) => {
      const asked = request({
        path,
        method: "GET",
        headers: { Host: "localhost", ...headers, Connection: "close" },
        createConnection: () => stream,
        signal: AbortSignal.timeout(timeoutMs),
      });
      asked.once("error", reject);
      asked.once("response", (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      });
      asked.end();
    });
  } finally {
    stream.destroy();
  }
}

async function unhealthy(options: GateOptions, why: string): Promise<Error> {
  let said = "";
  try {
    const { stdout, stderr } = await containerLogs(options.docker, options.container, { tail: 20 });
    said = (await Promise.all([text(stdout), text(stderr)])).join("").trim().slice(-2_000);
  } catch {
    // The reason is worth more than the log; it may be gone with its container.
  }
  const log = said === "" ? "" : `; its last words:\n${options.redact(said)}`;
  return fail("deploy.unhealthy", `${options.container} did not become healthy: ${why}${log}`);
}
