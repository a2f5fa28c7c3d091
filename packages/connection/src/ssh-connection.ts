import { once } from "node:events";
import type { Socket } from "node:net";
import { constants } from "node:os";
import type { Duplex } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import type { Command, Connection, ExecOptions, Output, Process, SlipwayError } from "@slipway/model";
import type { Client, ClientChannel } from "ssh2";
import { collect } from "./collect.ts";
import { killScript, loginLine, marked } from "./command-line.ts";
import { fail } from "./errors.ts";
import { AfterMark } from "./marker.ts";
import { relay } from "./relay.ts";
import { Slots } from "./slots.ts";

/** sshd allows 10 sessions on one connection (MaxSessions); two stay free for ending commands. */
const sessionLimit = 8;
const killLimit = 2;

/** How a command ended; empty while it runs. */
interface Ended {
  readonly status?: number;
}
type OpenChannel = (done: (error: Error | undefined, channel: ClientChannel) => void) => void;

/** A live connection; made by {@link ssh}. */
export class SshConnection implements Connection {
  readonly host: string;
  readonly #client: Client;
  readonly #tcp: Socket;
  readonly #sudo: boolean;
  readonly #sessions = new Slots(sessionLimit);
  readonly #kills = new Slots(killLimit);
  #isReady = false;
  #disposed = false;
  #broken: SlipwayError | undefined;
  readonly #whenBroken = new Set<(error: SlipwayError) => void>();

  readonly again: Connection["again"];

  constructor(host: string, client: Client, tcp: Socket, how: { readonly sudo: boolean } & Pick<Connection, "again">) {
    this.host = host;
    this.#client = client;
    this.#tcp = tcp;
    this.#sudo = how.sudo;
    this.again = how.again;
    const lost = (cause?: Error): void => this.#break(cause);
    tcp.once("end", () => lost());
    tcp.once("close", () => lost());
    client.on("error", lost);
  }

  /** Called once, when the host let us in. */
  ready(): void {
    this.#isReady = true;
  }

  get open(): boolean {
    return this.#isReady && this.#broken === undefined;
  }

  #break(cause?: Error): void {
    if (this.#broken !== undefined) return;
    const why = cause === undefined ? "" : `: ${cause.message}`;
    this.#broken = this.#disposed
      ? fail("connection.closed", `the connection to ${this.host} is closed`)
      : fail("connection.lost", `the connection to ${this.host} broke${why}`, cause === undefined ? {} : { cause });
    this.#sessions.refuse(this.#broken);
    this.#kills.refuse(this.#broken);
    for (const tell of this.#whenBroken) tell(this.#broken);
    this.#whenBroken.clear();
  }

  /** Opens a channel, or rejects when the connection breaks. */
  #channel(open: OpenChannel): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) return reject(this.#broken);
      const end = (error: unknown): void => {
        this.#whenBroken.delete(end);
        reject(error);
      };
      this.#whenBroken.add(end);
      try {
        open((error, channel) => {
          if (error !== undefined) return end(error);
          this.#whenBroken.delete(end);
          resolve(channel);
        });
      } catch (error) {
        // ssh2 throws "Not connected" between the end of the link and its event.
        end(this.#broken ?? fail("connection.lost", `the connection to ${this.host} broke`, { cause: error }));
      }
    });
  }

  async #session(line: string, slots: Slots, signal?: AbortSignal): Promise<[ClientChannel, () => void, Ended]> {
    for (;;) {
      const leave = await slots.enter(signal);
      const end: { status?: number } = {};
      try {
        const exec: OpenChannel = (done) =>
          this.#client.exec(line, (error, channel) => {
            // Now, not after an await: the status of a quick command arrives in the same packet as the channel.
            channel?.once("exit", (code: number | null, signalName?: string) => {
              end.status = code ?? 128 + (constants.signals[signalName as NodeJS.Signals] ?? 0);
            });
            done(error, channel);
          });
        // Not given up when the signal aborts: a command that has begun is then ended, not left behind.
        return [await this.#channel(exec), leave, end];
      } catch (error) {
        const others = slots.held - 1;
        leave();
        const refused = error instanceof Error && "reason" in error;
        if (!refused) throw error;
        // The server allows fewer sessions than sshd's default: wait for one of ours to end.
        if (others < 1) throw fail("connection.channel", `${this.host} opens no session`, { cause: error });
        slots.lower(others);
      }
    }
  }

  exec(command: Command, options?: ExecOptions): Promise<Output> {
    return collect(this.host, command, (signal) => this.spawn(command, { signal }), options);
  }

  spawn(command: Command, options: { readonly signal?: AbortSignal } = {}): Promise<Process> {
    return this.#spawn(command, this.#sessions, options.signal);
  }

  async #spawn(command: Command, slots: Slots, signal?: AbortSignal): Promise<Process> {
    const { argv, mark } = marked(command, this.#sudo);
    const [channel, leave, over] = await this.#session(loginLine(argv), slots, signal);
    const ending = (): Error | undefined => this.#broken;
    const stdout = new AfterMark(mark, ending);
    const stderr = new AfterMark(mark, ending);
    channel.pipe(stdout);
    channel.stderr.pipe(stderr);
    // A reader who leaves early must not keep the rest in the channel, or it would never close.
    stdout.once("close", () => channel.resume());
    stderr.once("close", () => channel.stderr.resume());
    let broke: (error: SlipwayError) => void = () => {};
    const exit = new Promise<{ status: number }>((resolve, reject) => {
      broke = reject;
      this.#whenBroken.add(broke);
      const both = Promise.all([ended(stdout), ended(stderr), once(channel, "close")]);
      both.then(
        () => {
          if (this.#broken !== undefined) reject(this.#broken);
          else if (stdout.pid === undefined) reject(this.#shellError(command, stdout, stderr));
          else if (over.status === undefined) {
            reject(fail("connection.lost", `${this.host} ended ${command[0]} without a status`));
          } else resolve({ status: over.status });
        },
        // `once` rejects when the channel itself raises an error.
        (error: unknown) => reject(this.#broken ?? error),
      );
    });
    const forget = (): void => {
      leave();
      this.#whenBroken.delete(broke);
      signal?.removeEventListener("abort", kill);
    };
    // Also keeps an `exit` that nobody awaits from ending the program.
    exit.then(forget, forget);
    exit.then(undefined, (error: Error) => {
      stdout.destroy(error);
      stderr.destroy(error);
    });
    stdout.on("error", () => {});
    stderr.on("error", () => {});

    let killed = false;
    const kill = (): void => {
      if (killed) return;
      killed = true;
      // Whoever kills reads no further; unread output would keep the channel open.
      channel.resume();
      stdout.resume();
      stderr.resume();
      const end = async (pid: number): Promise<void> => {
        const killer = await this.#spawn(["sh", "-c", killScript, "sh", String(pid)], this.#kills);
        killer.stdin.end();
        killer.stdout.resume();
        killer.stderr.resume();
        await killer.exit;
      };
      const go = (pid: number): void => {
        // The channel closes even when the command cannot be ended, such as after it changed its user.
        end(pid).then(
          () => channel.close(),
          () => channel.close(),
        );
      };
      if (over.status !== undefined) channel.close();
      else if (stdout.pid !== undefined) go(stdout.pid);
      else stdout.once("mark", go);
    };
    signal?.addEventListener("abort", kill, { once: true });
    if (signal?.aborted === true) kill();
    return { stdin: channel, stdout, stderr, exit, kill };
  }

  #shellError(command: Command, stdout: AfterMark, stderr: AfterMark): SlipwayError {
    // What sudo says is in the host's language; that it is sudo who speaks is not. `exec: sudo: not found` is the shell.
    const refused = this.#sudo ? /(?<!: )sudo: ([^\n]{1,300})$/.exec(stderr.preamble)?.[1] : undefined;
    if (refused !== undefined) {
      const said = printable(refused);
      return fail("connection.sudo", `${this.host} lets this login do nothing through sudo -n; it said: ${said}`);
    }
    const said = printable([stdout.preamble, stderr.preamble].filter((text) => text !== "").join("; ")).slice(0, 300);
    const how = this.#sudo ? "through sudo " : "";
    return fail(
      "connection.shell",
      `${this.host} did not run ${command[0]} ${how}${said === "" ? "and said nothing" : `but said: ${said}`}`,
    );
  }

  async socket(path: string): Promise<Duplex> {
    // sshd opens forwarded sockets as the login user, whom sudo does not help.
    if (this.#sudo) return relay(this, { path });
    try {
      return await this.#channel((done) => this.#client.openssh_forwardOutStreamLocal(path, done));
    } catch (error) {
      throw (
        this.#broken ?? fail("connection.socket", `the socket ${path} on ${this.host} did not answer`, { cause: error })
      );
    }
  }

  async tcp(port: number, address = "127.0.0.1"): Promise<Duplex> {
    try {
      return await this.#channel((done) => this.#client.forwardOut("127.0.0.1", 0, address, port, done));
    } catch (error) {
      throw (
        this.#broken ?? fail("connection.port", `${address}:${port} on ${this.host} did not answer`, { cause: error })
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    if (this.#tcp.closed) return;
    // Not `once` of node:events, which rejects when the peer resets meanwhile: closed is closed.
    const closed = new Promise<void>((resolve) => this.#tcp.once("close", () => resolve()));
    this.#break();
    this.#client.end();
    // A peer that is gone would never answer our end.
    const timer = setTimeout(() => this.#tcp.destroy(), 1_000);
    await closed;
    clearTimeout(timer);
  }
}

/** Text of a host, safe on a terminal and in one line. */
const printable = (text: string): string => stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, " ");

/** Resolves when a stream was read to its end or was destroyed. */
const ended = (stream: NodeJS.ReadableStream): Promise<void> =>
  new Promise((resolve) => {
    stream.once("end", resolve);
    stream.once("close", resolve);
  });
