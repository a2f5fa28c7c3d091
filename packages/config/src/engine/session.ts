import { randomBytes } from "node:crypto";
import { type Connection, messageOf, type Process, SlipwayError } from "@slipway/model";
import { fail } from "../errors.ts";
import { type Frame, frameReader } from "./frames.ts";
import { message, prologue } from "./script.ts";

/** The largest answer of one command, in characters. */
const answerLimit = 64 << 20;

/** The link broke: what was sent may have run. */
const lost: ReadonlySet<string> = new Set(["connection.lost", "connection.closed"]);

/** One `sh` on a host that answers scripts in frames. Scripts are sent one after another, each in one round trip. */
export interface Session extends AsyncDisposable {
  /** Runs a script; gives its frames in order. Rejects with `config.session` when the shell ended before it answered. */
  exchange(body: string, onFrame?: (frame: Frame) => void): Promise<readonly Frame[]>;
  /** How often it waited for the host. */
  readonly roundTrips: number;
  /** Differs between two starts of the machine. Empty before the first answer. */
  readonly boot: string;
}

/**
 * Starts the shell. It ends by itself when its input ends, so a change that runs when the operator dies is not cut short. When the
 * signal aborts, whoever waits for an answer gets `config.interrupted`; the change is left to finish on the host.
 */
export async function openSession(connection: Connection, signal?: AbortSignal): Promise<Session> {
  const nonce = randomBytes(16).toString("hex");
  const shell = await connection.spawn(["sh"]);
  return sessionOf(shell, nonce, connection.host, signal);
}

function sessionOf(shell: Process, nonce: string, host: string, signal: AbortSignal | undefined): Session {
  let started = false;
  let busy = false;
  let roundTrips = 0;
  let boot = "";
  let unframed = 0;
  let ended: Error | undefined;
  let errors = "";
  let take: (frame: Frame) => void = () => {};
  let abandon: (reason: Error) => void = () => {};

  const read = frameReader(nonce);
  shell.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const frames = read(chunk);
    unframed = frames.length > 0 ? 0 : unframed + chunk.length;
    for (const frame of frames) take(frame);
    if (unframed <= answerLimit) return;
    end(`one answer was larger than ${answerLimit >> 20} MiB`);
    shell.kill();
  });
  // Always drained: an unread stderr stops the shell.
  shell.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors = (errors + chunk).slice(-4_096);
  });
  const end = (why: string, cause?: unknown): void => {
    // A shell that never began has a reason of its own, such as a sudo that refuses, with its own advice.
    const never = boot === "" && cause instanceof SlipwayError && !lost.has(cause.code);
    ended ??= never
      ? cause
      : fail(
          "config.session",
          `the shell on ${host} ended: ${why}${errors === "" ? "" : `; it said: ${errors.trim()}`}`,
          { cause },
        );
    abandon(ended);
  };
  shell.exit.then(
    ({ status }) => end(`exit status ${status}`),
    (thrown: unknown) => end(messageOf(thrown), thrown),
  );
  const interrupt = (): void =>
    abandon(
      fail("config.interrupted", `the configuration of ${host} was interrupted; the change it is in goes on there`),
    );
  signal?.addEventListener("abort", interrupt);
  // A write to a shell that has just gone says what `exit` says better.
  shell.stdin.on("error", () => {});

  return {
    get roundTrips() {
      return roundTrips;
    },
    get boot() {
      return boot;
    },
    exchange: (body, onFrame) =>
      new Promise<readonly Frame[]>((resolve, reject) => {
        if (ended !== undefined) {
          reject(ended);
          return;
        }
        abandon = reject;
        if (signal?.aborted === true) {
          interrupt();
          return;
        }
        const frames: Frame[] = [];
        take = (frame) => {
          if (frame.name === "hello") {
            boot = frame.text;
            return;
          }
          if (frame.name === "end") {
            busy = false;
            resolve(frames);
            return;
          }
          frames.push(frame);
          onFrame?.(frame);
        };
        roundTrips += 1;
        busy = true;
        shell.stdin.write(`${started ? "" : `${prologue(nonce)}\n`}${message(body)}`);
        started = true;
      }),
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener("abort", interrupt);
      shell.stdin.end();
      // A change that still runs is left to finish on its own.
      if (!busy && ended === undefined) await shell.exit.catch(() => undefined);
    },
  };
}
