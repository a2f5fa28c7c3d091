import { execFile } from "node:child_process";
import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { exitCodes, messageOf, SlipwayError } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { findConfig } from "../platform/find.ts";
import { loadProject } from "../platform/load.ts";

export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly hint?: string;
}

type Examine = (context: Context) => Promise<Omit<Finding, "what">>;

const program =
  (name: string, args: readonly string[], hint: string): Examine =>
  async (context) => {
    try {
      const { stdout, stderr } = await promisify(execFile)(name, [...args], { signal: context.signal });
      return { ok: true, detail: (stdout || stderr).split("\n")[0]?.trim() ?? "" };
    } catch {
      return { ok: false, detail: `${name} is not there`, hint };
    }
  };

const leastNode = [22, 18] as const;
const leastFreeBytes = 4 * 1024 ** 3;
const consolePort = 4300;

const examinations: Readonly<Record<string, Examine>> = {
  "Node.js": async () => {
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
    const ok = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
    return {
      ok,
      detail: process.version,
      ...(ok ? {} : { hint: "Run by ./ops, which brings a Node that is new enough." }),
    };
  },
  git: program("git", ["--version"], "apt-get install git"),
  OpenSSH: program("ssh", ["-V"], "apt-get install openssh-client"),
  mmdebstrap: program("mmdebstrap", ["--version"], "apt-get install mmdebstrap (only the local cloud needs it)"),
  "Docker engine": async () => {
    const { localDocker } = await import("@slipway/connection/docker");
    try {
      const version = await (await localDocker()).version();
      return { ok: true, detail: `${version.Version} (only the local cloud needs it)` };
    } catch (error) {
      return { ok: false, detail: messageOf(error), hint: "./ops engine start (only the local cloud needs it)" };
    }
  },
  disk: async (context) => {
    const { bavail, bsize } = await statfs(context.cwd);
    const free = bavail * bsize;
    const ok = free >= leastFreeBytes;
    return { ok, detail: `${(free / 1024 ** 3).toFixed(1)} GiB free`, ...(ok ? {} : { hint: "Free at least 4 GiB." }) };
  },
  [`port ${consolePort}`]: () =>
    new Promise((resolve) => {
      const server = createServer();
      server.once("error", (error) =>
        resolve({ ok: false, detail: messageOf(error), hint: "ops console --port N takes another one." }),
      );
      server.listen(consolePort, "127.0.0.1", () =>
        server.close(() => resolve({ ok: true, detail: "free, for the console" })),
      );
    }),
  "ops.config.ts": async (context) => {
    try {
      const project = await loadProject(context);
      return { ok: true, detail: `${findConfig(context.cwd, context.config)}: ${project.platform.hosts.length} hosts` };
    } catch (error) {
      const hint = error instanceof SlipwayError ? error.hint : undefined;
      return { ok: false, detail: messageOf(error), ...(hint === undefined ? {} : { hint }) };
    }
  },
};

/** Checks everything on this machine that a user can get wrong. */
export async function doctor(context: Context): Promise<number> {
  const findings = await Promise.all(
    Object.entries(examinations).map(
      async ([what, examine]): Promise<Finding> => ({ what, ...(await examine(context)) }),
    ),
  );
  const width = Math.max(...findings.map((one) => one.what.length));
  const text = findings
    .map(
      (one) =>
        `${one.ok ? "✓" : "✗"} ${one.what.padEnd(width)}  ${one.detail}${one.hint === undefined ? "" : `\n  ${" ".repeat(width)}  → ${one.hint}`}`,
    )
    .join("\n");
  context.out.result(text, { ok: findings.every((one) => one.ok), findings });
  return findings.every((one) => one.ok) ? exitCodes.done : exitCodes.failed;
}
