import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { configure } from "@slipway/config";
import example from "../../docs/examples/ci-host/ops.config.ts";
import { Tally, type Watched, watchedHost } from "./support.ts";

// The host that docs/from-ansible.md and docs/from-propellor.md show, made by each of the three on a fresh host of its own. Ends are compared.
const folder = join(import.meta.dirname, "../../docs/examples/ci-host");
const tally = new Tally();

// In a container Debian's unit would be skipped without a word, whoever starts it.
const likeMachine = `d=/etc/systemd/system/systemd-timesyncd.service.d
mkdir -p "$d" && printf '[Unit]\\nConditionVirtualization=\\nConditionCapability=\\n' >"$d/machine.conf" && systemctl daemon-reload
apt-get -q -o DPkg::Lock::Timeout=600 update >/dev/null`;
const aptInstall = `DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=600 install --no-install-recommends "$@" >/dev/null`;

const look = `sed -n 's/^LANG=//p' /etc/default/locale
locale -a | grep -x en_US.utf8
readlink /etc/localtime
cat /etc/timezone
for u in systemd-timesyncd docker; do echo "$u $(systemctl is-active "$u") $(systemctl is-enabled "$u")"; done
dpkg-query -W -f '\${Package} \${Version} \${db:Status-Status}\\n' locales tzdata systemd-timesyncd git docker.io docker-compose`;

/** Runs it twice; the second time nothing may change. */
async function byUs(host: Watched): Promise<void> {
  const [wanted] = example.hosts;
  if (wanted === undefined) throw new Error("the example has no host");
  const first = await configure(wanted, host.root);
  const second = await configure(wanted, host.root);
  tally.time("Slipway, first", first.ms);
  tally.time("Slipway, again", second.ms);
  if (second.changed > 0) tally.add("changed again by Slipway");
}

async function byAnsible(host: Watched): Promise<void> {
  await host.run(aptInstall, "python3", "python3-apt");
  await using stack = new AsyncDisposableStack();
  const work = await mkdtemp(join(tmpdir(), "slipway-trial-"));
  stack.defer(() => rm(work, { recursive: true }));
  const { address, privateKey, hostKey } = host.machine;
  await writeFile(join(work, "id"), privateKey, { mode: 0o600 });
  await writeFile(join(work, "known_hosts"), `${address} ${hostKey.type} ${hostKey.raw}\n`);
  const args = `-F none -o UserKnownHostsFile=${work}/known_hosts -o StrictHostKeyChecking=yes -i ${work}/id`;
  const vars = `ansible_host=${address} ansible_user=root ansible_python_interpreter=/usr/bin/python3`;
  await writeFile(join(work, "hosts"), `ci ${vars} ansible_ssh_common_args='${args} -o ControlMaster=no'\n`);
  const play = async (): Promise<{ ms: number; changed: number }> => {
    const from = performance.now();
    const env = { ...process.env, ANSIBLE_PIPELINING: "1", ANSIBLE_HOME: work, ANSIBLE_NOCOLOR: "1" };
    const command = ["-i", join(work, "hosts"), join(folder, "playbook.yml")];
    const { stdout } = await promisify(execFile)("ansible-playbook", command, { env });
    return { ms: performance.now() - from, changed: Number(/ changed=(\d+)/.exec(stdout)?.[1]) };
  };
  const first = await play();
  const second = await play();
  tally.time("Ansible, first", first.ms);
  tally.time("Ansible, again", second.ms);
  if (second.changed !== 0) tally.add("changed again by Ansible");
}

/** On the host itself, which therefore gets a Haskell compiler. */
async function byPropellor(host: Watched): Promise<void> {
  await host.run(aptInstall, "ghc", "libghc-propellor-dev");
  await host.run(
    'mkdir /root/propellor && printf %s "$1" >/root/propellor/config.hs',
    await readFile(join(folder, "config.hs"), "utf8"),
  );
  const from = performance.now();
  await host.run("cd /root/propellor && ghc -O0 config.hs 2>&1");
  tally.time("Propellor, compiling", performance.now() - from);
  for (const when of ["first", "again"]) {
    const start = performance.now();
    const said = await host.run("/root/propellor/config 2>&1");
    tally.time(`Propellor, ${when}`, performance.now() - start);
    if (!said.endsWith("overall ... ok") && !said.endsWith("overall ... done")) throw new Error(said.slice(-2_000));
    if (when === "again") {
      process.stderr.write(`${said}\n`);
      if (said.includes("... done")) tally.add("changed again by Propellor");
    }
  }
}

const makers = { Slipway: byUs, Ansible: byAnsible, Propellor: byPropellor };
const ends: string[] = [];
for (const [name, make] of Object.entries(makers)) {
  await using host = await watchedHost(`docs-${name.toLowerCase()}`);
  await host.run(likeMachine);
  await make(host);
  const end = await host.run(look);
  ends.push(end);
  process.stderr.write(`${name}:\n${end}\n`);
  if (end !== ends[0]) tally.add("another end state");
}
tally.print([
  "another end state",
  "changed again by Slipway",
  "changed again by Ansible",
  "changed again by Propellor",
]);
