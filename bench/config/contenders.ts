import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { quote } from "@slipway/model";
import type { Hosts } from "./hosts.ts";
import { type Ran, run } from "./process.ts";
import { files, packages, units, users } from "./wanted.ts";

/** What the operator says of one host. */
interface Result {
  readonly changed: number;
  readonly ok: number;
  readonly ms: number;
  readonly roundTrips: number;
}

export interface Ours extends Ran {
  readonly results: readonly Result[];
  readonly maxRssKb: number;
  /** Since its start, in ms: all code was loaded, the last host let us in, all was configured; and the time of the processor. */
  readonly phases: {
    readonly loaded: number;
    readonly connected: number;
    readonly configured: number;
    readonly cpu: number;
  };
}

const here = import.meta.dirname;

/** Slipway: one Node program for all hosts, from built packages, its code cached as `ops` does it. */
export async function ours(hosts: Hosts, signal: AbortSignal): Promise<Ours> {
  const env = { NODE_COMPILE_CACHE: join(hosts.folder, "node-cache") };
  const ran = await run([process.execPath, join(here, "operator.ts"), hosts.inventoryFile], { signal, env });
  return { ...ran, ...(JSON.parse(ran.stdout) as Omit<Ours, keyof Ran>) };
}

export interface Ansible extends Ran {
  /** Sum over the hosts. */
  readonly changed: number;
}

const sshOptions = (hosts: Hosts): readonly string[] => [
  "-o",
  "BatchMode=yes",
  "-o",
  `UserKnownHostsFile=${hosts.knownHostsFile}`,
  "-o",
  "StrictHostKeyChecking=yes",
  "-i",
  hosts.keyFile,
];
const controlFolder = (hosts: Hosts): string => join(hosts.folder, "cm");

/** Ansible at its best: pipelining, a fork for each host, no facts, connections that stay open between runs. */
export async function ansible(hosts: Hosts, signal: AbortSignal): Promise<Ansible> {
  const name = basename(hosts.inventoryFile, ".json");
  const cfg = join(hosts.folder, `${name}.cfg`);
  const inventory = join(hosts.folder, `${name}.ini`);
  const wanted = join(hosts.folder, "wanted.json");
  await writeFile(
    cfg,
    `[defaults]
forks = ${hosts.addresses.length}
gathering = explicit
interpreter_python = /usr/bin/python3
local_tmp = ${hosts.folder}/ansible
[ssh_connection]
pipelining = True
ssh_args = -F none -o ControlMaster=auto -o ControlPersist=600s ${sshOptions(hosts).join(" ")}
control_path_dir = ${controlFolder(hosts)}
control_path = %(directory)s/%%h
`,
  );
  await writeFile(
    inventory,
    hosts.addresses.map(({ host, address, user }) => `${host} ansible_host=${address} ansible_user=${user}\n`).join(""),
  );
  await writeFile(wanted, JSON.stringify({ files, packages, units, users }));
  const env = { ANSIBLE_CONFIG: cfg, ANSIBLE_NOCOLOR: "1", ANSIBLE_HOME: join(hosts.folder, "ansible") };
  const command = ["ansible-playbook", "-i", inventory, "-e", `@${wanted}`, join(here, "playbook.yml")];
  const ran = await run(command, { env, signal });
  const changed = [...ran.stdout.matchAll(/ changed=(\d+) /g)].reduce((sum, [, count]) => sum + Number(count), 0);
  return { ...ran, changed };
}

/** Ends the connections that Ansible left open. */
export async function ansibleGone(hosts: Hosts): Promise<void> {
  const signal = AbortSignal.timeout(10_000);
  for (const { address } of hosts.addresses) {
    const path = `ControlPath=${controlFolder(hosts)}/${address}`;
    // It may have ended by itself.
    await run(["ssh", "-O", "exit", "-o", path, address], { signal }).catch(() => undefined);
  }
}

const words = (of: readonly string[]): string => of.map(quote).join(" ");
const paths = [
  ...files.map((file) => file.path),
  ...users.map((user) => user.sudoers),
  ...units.map((unit) => `/etc/systemd/system/${unit.name}`),
];

/** The same questions that our run asks of a host where nothing is to do, and nothing else. */
const probes = `LC_ALL=C; export LC_ALL
dpkg-query -W -f '\${Package}\\t\${db:Status-Status}\\t\${Version}\\n' ${words(packages)}
set -- ${words(paths)}
stat -c '%n %F' -- "$@"
stat -L -c '%n %F %a %U %G' -- "$@"
sha256sum -- "$@"
getent passwd ${words(users.map((user) => user.name))}
getent group
systemctl show -p Names,LoadState,ActiveState,UnitFileState,NeedDaemonReload -- ${words(units.map((unit) => unit.name))}
`;

/** The floor: OpenSSH to all hosts at once, each running one script; with its own choice of a key exchange, or with the one that we use. */
export function floor(hosts: Hosts, signal: AbortSignal, keyExchange?: "curve25519-sha256"): Promise<Ran> {
  const choice = keyExchange === undefined ? "" : `-o KexAlgorithms=${keyExchange} `;
  const lines = hosts.addresses.map(
    ({ address, user }) =>
      `ssh -F none -T ${choice}${words(sshOptions(hosts))} ${quote(`${user}@${address}`)} sh <"$0" >/dev/null & p="$p $!"`,
  );
  const script = join(hosts.folder, "probes.sh");
  return writeFile(script, probes).then(() =>
    run(["sh", "-c", `p=\n${lines.join("\n")}\nfor c in $p; do wait $c || exit; done`, script], { signal }),
  );
}
