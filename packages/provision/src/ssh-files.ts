import type { MachineInfo } from "./machines.ts";

const reachable = (machines: readonly MachineInfo[]): readonly MachineInfo[] =>
  machines.filter((machine) => machine.address !== "" && machine.hostPublicKeys.length > 0);

/** Text of a known_hosts file with the pinned keys, under name and address. */
export const knownHosts = (machines: readonly MachineInfo[]): string =>
  reachable(machines)
    .flatMap((machine) => machine.hostPublicKeys.map((key) => `${machine.name},${machine.address} ${key}\n`))
    .join("");

/** Quotes a path for ssh_config. */
const word = (path: string): string => (/[\s"]/.test(path) ? `"${path.replaceAll('"', '\\"')}"` : path);

/** Text of an ssh_config, for `ssh -F FILE HOST`: pinned host keys only, and only the operator's key. */
export const sshConfig = (
  machines: readonly MachineInfo[],
  files: { readonly identity: string; readonly knownHosts: string },
): string =>
  reachable(machines)
    .map((machine) =>
      [
        `Host ${machine.name}`,
        `  HostName ${machine.address}`,
        "  User root",
        `  IdentityFile ${word(files.identity)}`,
        "  IdentitiesOnly yes",
        `  UserKnownHostsFile ${word(files.knownHosts)}`,
        "  GlobalKnownHostsFile /dev/null",
        "  StrictHostKeyChecking yes",
        "  HostKeyAlgorithms ssh-ed25519",
        "  UpdateHostKeys no",
        "",
      ].join("\n"),
    )
    .join("\n");
