import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { portableQuote } from "@slipway/connection/command-line";
import type { Command, Connection, Host } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { fail } from "../errors.ts";
import { attached, type Ended } from "../platform/attached.ts";
import { openSession, type Session } from "../platform/session.ts";
import { sshHosts, writeSshFiles } from "../platform/ssh-files.ts";
import { containerOf } from "../platform/targets.ts";

export interface SshOptions {
  readonly host: string;
  /** One word is text for a shell, several are a command and its arguments; none asks for a session. */
  readonly command: readonly string[];
}

/** The line for the login shell at the other end, of whatever kind. Undefined for a session. Pure. */
export const remoteLine = (command: readonly string[]): string | undefined =>
  command.length > 1 ? command.map(portableQuote).join(" ") : command[0];

/** The same for a shell that is started here. */
const shellArgv = (command: readonly string[]): Command => {
  const [first, ...more] = command;
  if (first === undefined) return ["sh", "-c", 'exec "$(command -v bash || echo sh)" -l'];
  return more.length === 0 ? ["sh", "-c", first] : [first, ...more];
};

/** The system's ssh with the pinned keys alone. Pure. */
export function sshArgv(config: string, { host, command }: SshOptions, terminal: boolean): Command {
  const line = remoteLine(command);
  const quiet = !terminal ? ["-T"] : line === undefined ? [] : ["-t", "-o", "LogLevel=ERROR"];
  // Behind the host, ssh would take a word with a hyphen for an option of its own.
  return ["ssh", "-F", config, ...quiet, host, ...(line === undefined ? [] : ["--", line])];
}

/** Logs in to a host, or runs a command there; gives its exit code. */
export async function sshTo(context: Context, options: SshOptions): Promise<number> {
  const { out, signal } = context;
  await using session = await openSession(context);
  const host = session.host(options.host);
  const terminal = process.stdin.isTTY && process.stdout.isTTY && !out.json;
  if (options.command.length === 0 && out.json)
    throw fail("ops.no-terminal", "--json needs a command to tell about", { hint: "ops ssh --json HOST COMMAND" });
  const ended = await reach(session, host, { ...options, terminal, signal, keep: out.json });
  signal.throwIfAborted();
  const { status, stdout, stderr } = ended;
  if (out.json) out.result("", { ok: status === 0, host: host.name, status, stdout, stderr });
  return status;
}

interface How extends SshOptions {
  readonly terminal: boolean;
  readonly signal: AbortSignal;
  readonly keep: boolean;
}

async function reach(session: Session, host: Host, how: How): Promise<Ended> {
  const inside = containerOf(host.on);
  if (inside !== undefined) return await inContainer(session, host, inside, how);
  if (host.on.provider === "local")
    return (await attached(shellArgv(how.command), how)) ?? { status: 127, stdout: "", stderr: "" };
  const hosts = sshHosts(session.project.platform, await session.machines());
  if (!hosts.some((one) => one.name === host.name))
    throw fail("ops.not-provisioned", `the machine of ${host.name} does not exist`);
  await writeSshFiles(session.folder, hosts);
  const ended = await attached(sshArgv(session.folder.sshConfig, how, how.terminal), how);
  if (ended === undefined) throw fail("ops.no-ssh", "this machine has no ssh client");
  return ended;
}

async function inContainer(session: Session, host: Host, id: string, how: How): Promise<Ended> {
  if (how.terminal) {
    const ended = await attached(["docker", "exec", "-it", id, ...shellArgv(how.command)], how);
    if (ended !== undefined) return ended;
  }
  if (how.command.length === 0 && process.stdin.isTTY)
    throw fail("ops.no-docker", "a session in a container needs a terminal and the docker client");
  // With a script on standard input the shell reads that, as it does at the other end of ssh.
  const command: Command = how.command.length === 0 ? ["sh"] : shellArgv(how.command);
  return await piped(await session.connect(host.name), command, how);
}

/** Runs a command with this process's input and outputs. */
async function piped(connection: Connection, command: Command, { signal, keep }: How): Promise<Ended> {
  const running = await connection.spawn(command, { signal });
  // Input that the command does not read to its end is no failure.
  const input = pipeline(process.stdin, running.stdin).catch(() => undefined);
  const take = async (from: NodeJS.ReadableStream, to: NodeJS.WritableStream): Promise<string> => {
    if (keep) return await text(from);
    await pipeline(from, to, { end: false });
    return "";
  };
  const [stdout, stderr, { status }] = await Promise.all([
    take(running.stdout, process.stdout),
    take(running.stderr, process.stderr),
    running.exit,
  ]);
  process.stdin.destroy();
  await input;
  return { status, stdout, stderr };
}
