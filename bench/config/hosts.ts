import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ssh } from "@slipway/connection";
import { type Machine, startMachine } from "@slipway/machines";
import type { SshAddress } from "@slipway/model";
import type { Inventory } from "./inventory.ts";
import { files, packages, units, users } from "./wanted.ts";

/** Fresh hosts that one key opens; all that a contender needs to get at them lies in `folder`. */
export interface Hosts extends AsyncDisposable {
  readonly folder: string;
  readonly addresses: readonly SshAddress[];
  readonly inventoryFile: string;
  readonly keyFile: string;
  readonly knownHostsFile: string;
  /** What stands on each host of all that is wanted, and the names of all its packages. */
  snapshot(): Promise<readonly string[]>;
}

// Before the clock starts: Python for Ansible, the archives of all packages in apt's cache, and lists that are of today for everybody.
const prepare = `set -e
umask 077
printf '%s\\n' "$1" >>/root/.ssh/authorized_keys
shift
exec >/dev/null
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=600 update
apt-get -y -q -o DPkg::Lock::Timeout=600 install --no-install-recommends python3 python3-apt
apt-get -y -q -o DPkg::Lock::Timeout=600 install --no-install-recommends --download-only "$@"
umask 022
mkdir -p /var/lib/slipway
touch /var/lib/slipway/apt-updated`;

const look = `
n=$1; shift
for p do case $n in 0) break ;; esac
n=$((n-1)); shift
stat -c '%n %a %U %G %s' -- "$p"; sha256sum -- "$p"
done
n=$1; shift
for u do case $n in 0) break ;; esac
n=$((n-1)); shift
printf '%s ' "$u"; systemctl is-active "$u"; systemctl is-enabled "$u"
done
for u do
getent passwd "$u"; id -nG "$u"; stat -c '%n %a %U' "/home/$u"
done
dpkg-query -W -f '\${Package} \${Version} \${db:Status-Status}\\n'
`;

const paths: readonly string[] = [
  ...files.map((file) => file.path),
  ...users.map((user) => user.sudoers),
  ...units.map((unit) => `/etc/systemd/system/${unit.name}`),
];
const lookArgs = [
  String(paths.length),
  ...paths,
  String(units.length),
  ...units.map((unit) => unit.name),
  ...users.map((user) => user.name),
];

const addressOf = ({ name, address, port, user, hostKey }: Machine): SshAddress => ({
  host: name,
  address,
  port,
  user,
  hostKeys: [hostKey.sha256],
});

async function ask(machine: Machine, script: string, args: readonly string[]): Promise<string> {
  await using connection = await ssh(addressOf(machine), { privateKey: machine.privateKey });
  const { status, stdout, stderr } = await connection.exec(["sh", "-c", script, "sh", ...args]);
  if (status !== 0) throw new Error(`${machine.name}: status ${status}: ${stderr}`);
  return stdout;
}

/** Starts so many hosts and prepares them. `folder` holds the key `id` and `id.pub`. */
export async function startHosts(
  prefix: string,
  count: number,
  key: { readonly file: string; readonly publicKey: string },
  folder: string,
  signal: AbortSignal,
): Promise<Hosts> {
  await using started = new AsyncDisposableStack();
  const starting = Array.from({ length: count }, (_, index) =>
    startMachine({ name: `${prefix}-${index + 1}`, signal }).then((machine) => started.use(machine)),
  );
  // All are waited for, so that none starts after the others were removed.
  const outcomes = await Promise.allSettled(starting);
  const machines = outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  for (const machine of machines) {
    signal.throwIfAborted();
    await ask(machine, prepare, [key.publicKey, ...packages]);
  }
  const addresses = machines.map(addressOf);
  const inventoryFile = join(folder, `${prefix}.json`);
  const knownHostsFile = join(folder, `${prefix}.known_hosts`);
  const inventory: Inventory = { hosts: addresses, keyFile: key.file };
  await writeFile(inventoryFile, JSON.stringify(inventory));
  await writeFile(
    knownHostsFile,
    machines.map(({ address, hostKey }) => `${address} ${hostKey.type} ${hostKey.raw}\n`).join(""),
  );
  const owned = started.move();
  return {
    folder,
    addresses,
    inventoryFile,
    keyFile: key.file,
    knownHostsFile,
    snapshot: () => Promise.all(machines.map((machine) => ask(machine, look, lookArgs))),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
