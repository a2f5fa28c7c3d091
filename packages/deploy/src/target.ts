import type { Readable } from "node:stream";
import type { Docker } from "@slipway/connection/docker";
import { writeFileAtomic } from "@slipway/connection/files";
import { type Clock, type Connection, quote, type ShellText } from "@slipway/model";
import { fail } from "./errors.ts";
import { type Paths, pathsOf } from "./names.ts";

const fenced = 75;

/**
 * An application's host for whoever holds the lock. Every change is refused with `deploy.fenced` once a newer holder exists: shell changes
 * inside the same command, others by a check right before.
 */
export class Target {
  readonly app: string;
  readonly connection: Connection;
  readonly docker: Docker;
  readonly clock: Clock;
  readonly paths: Paths;
  readonly fence: number;
  readonly #signal: () => AbortSignal;

  constructor(options: {
    readonly app: string;
    readonly connection: Connection;
    readonly docker: Docker;
    readonly clock: Clock;
    readonly fence: number;
    /** Asked before each effect, so that undoing can go on after an interruption. */
    readonly signal: () => AbortSignal;
  }) {
    this.app = options.app;
    this.connection = options.connection;
    this.docker = options.docker;
    this.clock = options.clock;
    this.fence = options.fence;
    this.paths = pathsOf(options.app);
    this.#signal = options.signal;
  }

  get signal(): AbortSignal {
    return this.#signal();
  }

  /** The condition under which a shell may change anything. */
  get #guard(): string {
    return `[ "$(cat ${quote(this.paths.fence)} 2>/dev/null)" = ${this.fence} ] || exit ${fenced}`;
  }

  /** Throws unless this holder is still the newest. Before a change that goes through the engine. */
  async check(): Promise<void> {
    this.signal.throwIfAborted();
    const { status } = await this.connection.exec(["sh", "-c", this.#guard], { timeoutMs: 30_000 });
    if (status !== 0) throw this.#taken();
  }

  /** Runs a shell script that changes something; gives its output. Throws `deploy.host` with the host's words when it fails. */
  async change(what: string, script: ShellText, stdin?: string | Readable): Promise<string> {
    this.signal.throwIfAborted();
    const text = `set -eu\n${this.#guard}\n${script.text}`;
    const { status, stdout, stderr } = await this.connection.exec(["sh", "-c", text], {
      timeoutMs: 600_000,
      ...(stdin === undefined ? {} : { stdin }),
    });
    if (status === fenced) throw this.#taken();
    if (status !== 0)
      throw fail(
        "deploy.host",
        `${this.connection.host}: could not ${what}: ${stderr.trim().slice(0, 500) || `status ${status}`}`,
      );
    return stdout;
  }

  /** Replaces a file as a whole. */
  async write(
    path: string,
    content: string,
    options: { readonly mode: string; readonly owner?: string },
  ): Promise<void> {
    await this.check();
    await writeFileAtomic(this.connection, path, content, options);
  }

  #taken(): Error {
    return fail(
      "deploy.fenced",
      `a newer run on ${this.app} at ${this.connection.host} took over from this one (fence ${this.fence})`,
    );
  }
}

/** The engine's HTTP status of an error, if it is one of the engine. */
export const engineStatus = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;
