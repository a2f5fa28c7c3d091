import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection, Output } from "@slipway/model";

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "slipway-journal-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** This machine as a host: as much of a Connection as a journal uses. The real ones live in a package that this one may not import. */
export function here(): Connection {
  const start: Connection["spawn"] = async ([program, ...args]) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    child.stdin.on("error", () => {});
    const exit = new Promise<{ status: number }>((resolve) =>
      child.once("close", (code) => resolve({ status: code ?? 255 })),
    );
    return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exit, kill: () => void child.kill() };
  };
  return {
    host: "here",
    open: true,
    again: async () => here(),
    spawn: start,
    async exec(command, options): Promise<Output> {
      const process = await start(command);
      const read = (stream: NodeJS.ReadableStream): (() => string) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        return () => Buffer.concat(chunks).toString();
      };
      const [stdout, stderr] = [read(process.stdout), read(process.stderr)];
      process.stdin.end(options?.stdin ?? "");
      const { status } = await process.exit;
      return { status, stdout: stdout(), stderr: stderr() };
    },
    socket: () => Promise.reject(new Error("a journal needs no sockets")),
    tcp: () => Promise.reject(new Error("a journal needs no ports")),
    [Symbol.asyncDispose]: async () => {},
  };
}

export async function listOf<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}
