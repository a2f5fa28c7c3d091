import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Ran, type Running, type RunOptions, run, start } from "./run.ts";

const root = join(import.meta.dirname, "../..");
const voyages = join(root, ".slipway/test/voyage");

/** A project of its own: the checkout's ops.config.ts under another name, so that it can run beside the demo. */
export interface Project {
  readonly name: string;
  readonly folder: string;
}

/** What `ops demo --json` printed. */
export interface Voyage {
  readonly ok: boolean;
  readonly seconds: number;
  readonly changes: number;
  readonly legs: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly seconds: number;
    readonly changes: number;
    readonly seen: string;
  }[];
  /** With the token that works once. */
  readonly console: string;
}

/** The platform that all specs share. */
export interface Platform extends Project {
  readonly voyage: Voyage;
  /** Of the ledger as its users reach it, through nginx. */
  readonly app: string;
}

/** Makes the project's folder. Inside the checkout, where `@slipway/*` is found. */
export async function makeProject(name: string): Promise<Project> {
  const folder = join(voyages, name);
  await mkdir(folder, { recursive: true });
  const original = await readFile(join(root, "ops.config.ts"), "utf8");
  const own = original.replace('name: "demo"', `name: "${name}"`);
  if (own === original) throw new Error('ops.config.ts has no name: "demo" to replace');
  await writeFile(join(folder, "ops.config.ts"), own);
  return { name, folder };
}

export const removeProject = (project: Project): Promise<void> => rm(project.folder, { recursive: true, force: true });

/** Starts `ops` in a project. */
export const startOps = ({ folder }: Project, args: readonly string[], options: RunOptions = {}): Running =>
  start([process.execPath, "--conditions=source", join(root, "apps/console/src/cli/main.ts"), ...args], {
    ...options,
    cwd: folder,
    env: { INIT_CWD: undefined, NODE_OPTIONS: undefined, NO_COLOR: "1", FORCE_COLOR: undefined, ...options.env },
  });

/** Runs `ops` in a project to its end. */
export const ops = (project: Project, args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  startOps(project, args, { input: "", ...options }).ended;

/** Runs `ops … --json`, which must exit 0, and gives what it printed. */
export async function opsJson<T>(project: Project, args: readonly string[]): Promise<T> {
  const { status, stdout, stderr } = await ops(project, [...args, "--json"]);
  if (status !== 0) throw new Error(`ops ${args.join(" ")} exited with ${status}\n${stderr}`);
  return JSON.parse(stdout) as T;
}

/** The line of JSON that `ops demo --json` prints when everything is up; the demo goes on. */
export async function voyageOf(demo: Running): Promise<Voyage> {
  return JSON.parse((await demo.seen("stdout", /\n/)).split("\n")[0] ?? "") as Voyage;
}

/** Runs shell text on a host, as an operator does by hand. */
export const onHost = ({ folder }: Project, host: string, script: string): Promise<Ran> =>
  run([
    "ssh",
    "-F",
    join(folder, ".slipway/ssh_config"),
    "-o",
    "BatchMode=yes",
    "-o",
    "ConnectTimeout=5",
    host,
    script,
  ]);

/** As `onHost`; must exit 0. Gives the output, trimmed. */
export async function read(project: Project, host: string, script: string): Promise<string> {
  const { status, stdout, stderr } = await onHost(project, host, script);
  if (status !== 0) throw new Error(`on ${host}, ${script} exited with ${status}\n${stderr}`);
  return stdout.trim();
}

/** A host's address, as ssh knows it. */
export async function addressOf({ folder }: Project, host: string): Promise<string> {
  const { stdout } = await run(["ssh", "-G", "-F", join(folder, ".slipway/ssh_config"), host]);
  const [, address] = /^hostname (\S+)$/m.exec(stdout) ?? [];
  if (address === undefined) throw new Error(`ssh knows no address of ${host}`);
  return address;
}

/** Runs git in the ledger's working copy. */
export const git = ({ folder }: Project, ...args: readonly string[]): Promise<Ran> =>
  run(["git", ...args], { cwd: join(folder, ".slipway/ledger"), env: { GIT_TERMINAL_PROMPT: "0" } });

/** A commit of the ledger: `v1`, `v2`. */
export async function commitOf(project: Project, name: string): Promise<string> {
  const { stdout, stderr } = await git(project, "rev-parse", "--verify", `${name}^{commit}`);
  if (stdout === "") throw new Error(stderr);
  return stdout.trim();
}

/** Where `main` is on the git server. */
export const serverMain = async (project: Project): Promise<string> =>
  (await git(project, "ls-remote", "ci", "refs/heads/main")).stdout.split("\t")[0] ?? "";
