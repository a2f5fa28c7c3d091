import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { exitCodes } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { include } from "../platform/include.ts";
import { openSession } from "../platform/session.ts";
import { sshHosts, writeSshFiles } from "../platform/ssh-files.ts";

export interface SshConfigOptions {
  /** Adds a line to ~/.ssh/config. */
  readonly include: boolean;
  /** Takes it out. */
  readonly removeInclude: boolean;
}

/** Writes what plain ssh needs to reach the platform's hosts, and prints it. */
export async function exportSshConfig(context: Context, options: SshConfigOptions): Promise<number> {
  const { out } = context;
  await using session = await openSession(context);
  const { platform } = session.project;
  const { sshConfig: file, sshInclude, knownHosts } = session.folder;
  const hosts = sshHosts(platform, await session.machines());
  await writeSshFiles(session.folder, hosts);
  const left = platform.hosts.filter((host) => !hosts.some((one) => one.name === host.name));
  for (const { name, on } of left)
    out.mark(
      "note",
      on.provider === "container" || on.provider === "local"
        ? `${name} is not reached by SSH: ops ssh ${name}`
        : `${name} has no machine yet: ops provision`,
    );
  const config = join(homedir(), ".ssh", "config");
  let changed: boolean | undefined;
  if (options.include || options.removeInclude) {
    changed = await include(config, sshInclude, options.include);
    out.mark(
      changed ? "changed" : "ok",
      `${config} ${options.include ? "includes" : "does not include"} ${sshInclude}`,
    );
  }
  const [first] = hosts;
  if (options.include) out.mark("note", `ssh ${first?.aliases?.[0] ?? `HOST.${platform.name}`}`);
  else out.mark("note", `ssh -F ${file} ${first?.name ?? "HOST"}`);
  out.result(await readFile(file, "utf8"), {
    ok: true,
    sshConfig: file,
    knownHosts,
    hosts: hosts.map((host) => ({ ...host, port: host.port ?? 22, user: host.user ?? "root" })),
    missing: left.map((host) => host.name),
    ...(changed === undefined ? {} : { changed }),
  });
  return exitCodes.done;
}
