import type { Readable } from "node:stream";
import { countOf, masker, type Share } from "@slipway/config";
import { type Connection, exitCodes, type Host } from "@slipway/model";
import type { Context } from "../../cli/context.ts";
import { printable } from "../../cli/printable.ts";
import { eachHost, hostsAtOnce } from "../../platform/each-host.ts";
import { chosenHosts, described } from "../../platform/prepare.ts";
import { openSession } from "../../platform/session.ts";

export interface ExecOptions {
  readonly command: string;
  readonly on: readonly string[];
  readonly atOnce?: Share;
}

export interface Executed {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Passes on every line of a stream as it comes, without its secrets; a last one without an end too. */
async function eachLine(stream: Readable, take: (line: string) => void): Promise<void> {
  let open = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (open + chunk).split("\n");
    open = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
  if (open !== "") take(open);
}

/** Runs a command for the shell of a host, with nothing on its input. Lines are handed over as they come. */
export async function runOn(
  connection: Connection,
  command: string,
  take: {
    readonly stdout: (line: string) => void;
    readonly stderr: (line: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const process = await connection.spawn(["sh", "-c", command], { signal: take.signal });
  process.stdin.on("error", () => {});
  process.stdin.end();
  const [{ status }] = await Promise.all([
    process.exit,
    eachLine(process.stdout, take.stdout),
    eachLine(process.stderr, take.stderr),
  ]);
  return status;
}

/** Runs one command on hosts, in parallel; every line of its output with the host's name before it. */
export async function execOnHosts(context: Context, options: ExecOptions): Promise<number> {
  await using session = await openSession(context);
  const { out, signal } = context;
  const hosts = await chosenHosts(session, options.on);
  const all = await described(session);
  const width = Math.max(...hosts.map((host) => host.name.length));
  const { answers, failed, exit } = await eachHost(
    hosts,
    context,
    async (host: Host): Promise<Executed> => {
      // What the platform adds, such as a monitor, has secrets there too.
      const { host: whole = host, around } = all.get(host.name) ?? {};
      const secrets = session.identity.vault;
      const mask = await masker(whole, { secrets, ...(around === undefined ? {} : { around }) });
      const kept = { stdout: "", stderr: "" };
      const take = (name: "stdout" | "stderr") => (line: string) => {
        const shown = out.hidden(mask(line));
        if (out.json) kept[name] += `${shown}\n`;
        else process[name].write(`${host.name.padEnd(width)} | ${printable(shown)}\n`);
      };
      const connection = await session.connect(host.name);
      const status = await runOn(connection, options.command, {
        stdout: take("stdout"),
        stderr: take("stderr"),
        signal,
      });
      if (status !== 0) out.mark("bad", `${host.name}: exit status ${status}`);
      return { status, ...kept };
    },
    options.atOnce === undefined ? hostsAtOnce : countOf(options.atOnce, hosts.length, "down"),
  );
  const bad = answers.filter((one) => one.value.status !== 0).length + failed.length;
  out.result("", {
    ok: bad === 0,
    command: options.command,
    hosts: answers.map(({ host, value }) => ({ host: host.name, ...value })),
    ...(failed.length === 0 ? {} : { failed }),
  });
  if (bad === 0) return exitCodes.done;
  if (bad < hosts.length) return exitCodes.partlyFailed;
  return failed.length === hosts.length ? exit : exitCodes.failed;
}
