import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Stored } from "../src/stream/event.ts";

/** A service of the ledger as a real process. Killed when disposed of. */
export interface Service extends AsyncDisposable {
  readonly url: string;
  readonly process: ChildProcess;
  /** The first line of its log (from now on, or already seen) of which this is true. */
  said(what: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  exited(): Promise<number | null>;
}

export const start = async (
  service: "core" | "mail" | "web",
  environment: Readonly<Record<string, string>>,
  first: "listening" | "started" | "stopped" = service === "mail" ? "started" : "listening",
): Promise<Service> => {
  const main = new URL(`../src/${service}/main.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main], {
    env: { PATH: process.env["PATH"] ?? "", PORT: "0", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit") as Promise<[number | null]>;
  const lines: Record<string, unknown>[] = [];
  let wake = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
    wake.resolve();
    wake = Promise.withResolvers();
  });
  const said: Service["said"] = async (what) => {
    for (;;) {
      const found = lines.find(what);
      if (found !== undefined) return found;
      await wake.promise;
    }
  };
  const { port } = await said((line) => line["what"] === first);
  return {
    url: `http://127.0.0.1:${String(port)}`,
    process: child,
    said,
    exited: async () => (await exit)[0],
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exit;
    },
  };
};

export interface Folder extends AsyncDisposable {
  readonly path: string;
  events(): Promise<Stored[]>;
  /** Names the writer as a deployment does: all at once. */
  name(release: string): Promise<void>;
}

export const folder = async (): Promise<Folder> => {
  const path = await mkdtemp(join(tmpdir(), "ledger-"));
  return {
    path,
    events: async () => {
      const text = await readFile(join(path, "events.jsonl"), "utf8");
      return text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Stored);
    },
    name: async (release) => {
      await writeFile(join(path, "writer.new"), `${release}\n`);
      await rename(join(path, "writer.new"), join(path, "writer"));
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
};

export const grant = (url: string, borrower: string, key?: string): Promise<Response> =>
  fetch(`${url}/api/loans`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(key === undefined ? {} : { "Idempotency-Key": key }) },
    body: JSON.stringify({ borrower, email: `${borrower}@example.com`, principal: 1000 }),
  });

export const ready = async (url: string): Promise<{ role: string; offset: number }> =>
  (await (await fetch(`${url}/readyz`)).json()) as { role: string; offset: number };
