import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { knownHosts, type MachineInfo, type SshHost, sshConfig } from "@slipway/provision";
import type { LocalFolder } from "./folder.ts";
import type { Platform } from "./ops.ts";
import { existingSpec } from "./targets.ts";

/** The hosts that plain ssh can reach, in the platform's order: machines that exist, each also as `NAME.PLATFORM`. Pure. */
export function sshHosts(
  { name: platform, hosts }: Pick<Platform, "name" | "hosts">,
  machines: readonly MachineInfo[],
): readonly SshHost[] {
  return hosts.flatMap(({ name, on }): readonly SshHost[] => {
    const aliases = [`${name}.${platform}`];
    const existing = existingSpec(on);
    if (existing !== undefined) {
      const { address, hostKey, port, user } = existing;
      const login = { ...(port === undefined ? {} : { port }), ...(user === undefined ? {} : { user }) };
      return [{ name, aliases, address, hostPublicKeys: [hostKey], ...login }];
    }
    const machine = machines.find((one) => one.name === name);
    if (machine === undefined || machine.address === "" || machine.hostPublicKeys.length === 0) return [];
    return [{ name, aliases, address: machine.address, hostPublicKeys: machine.hostPublicKeys }];
  });
}

/** Writes known_hosts and both ssh configurations, each at once: an ssh that starts meanwhile reads the old one or the new one. */
export async function writeSshFiles(folder: LocalFolder, hosts: readonly SshHost[]): Promise<void> {
  await put(folder.knownHosts, knownHosts(hosts));
  const files = { identity: folder.operatorKey, knownHosts: folder.knownHosts };
  await put(folder.sshConfig, sshConfig(hosts, files));
  await put(folder.sshInclude, sshConfig(hosts, { ...files, names: "aliases" }));
}

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const half = `${file}.${process.pid}.new`;
  // ssh refuses a configuration that others may write to.
  await writeFile(half, text, { mode: 0o600 });
  await rename(half, file);
}
