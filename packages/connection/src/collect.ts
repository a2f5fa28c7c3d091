import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Command, ExecOptions, Output, Process } from "@slipway/model";
import { fail } from "./errors.ts";

const defaultMaxBytes = 64 * 1024 * 1024;

/** Reads a stream to its end; calls `tooLarge` once when it is longer than `max` and then drops what follows. */
function gather(stream: Readable, max: number, tooLarge: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= max) chunks.push(chunk);
    else if (size - chunk.length <= max) tooLarge();
  });
  // An error of the transport also rejects `exit`, which tells it better.
  stream.on("error", () => {});
  return () => Buffer.concat(chunks).toString("utf8");
}

function feed(process: Process, stdin: ExecOptions["stdin"], broken: (reason: unknown) => void): void {
  // A command may end without reading its input; its status says what that means.
  process.stdin.on("error", () => {});
  if (stdin instanceof Readable) {
    pipeline(stdin, process.stdin).catch((reason: unknown) => {
      // Only the source's own failure matters: half an input must not count as a whole one.
      if (stdin.errored !== null) broken(reason);
    });
  } else process.stdin.end(stdin ?? "");
}

/** Runs a process to its end as {@link Connection.exec} promises, on top of any `spawn`. */
export async function collect(
  host: string,
  command: Command,
  spawn: (signal: AbortSignal) => Promise<Process>,
  options: ExecOptions = {},
): Promise<Output> {
  options.signal?.throwIfAborted();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          stop.abort(fail("connection.timeout", `${command[0]} on ${host} did not end within ${options.timeoutMs} ms`));
        }, options.timeoutMs);
  try {
    const stopped = new Promise<never>((_, reject) => {
      stop.signal.addEventListener("abort", () => reject(stop.signal.reason), { once: true });
    });
    stopped.catch(() => {});
    // The signal also ends the process, even one that starts only after this gave up waiting for it.
    const spawning = spawn(stop.signal);
    spawning.catch(() => {});
    const process = await Promise.race([spawning, stopped]);
    const max = options.maxOutputBytes ?? defaultMaxBytes;
    const tooLarge = (): void =>
      stop.abort(fail("connection.output-too-large", `${command[0]} on ${host} printed more than ${max} bytes`));
    const stdout = gather(process.stdout, max, tooLarge);
    const stderr = gather(process.stderr, max, tooLarge);
    feed(process, options.stdin, (reason) => stop.abort(reason));
    const { status } = await Promise.race([process.exit, stopped]);
    return { status, stdout: stdout(), stderr: stderr() };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
  }
}
