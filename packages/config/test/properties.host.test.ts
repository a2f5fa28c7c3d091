import { spawn } from "node:child_process";
import { createConnection } from "node:net";
import { join } from "node:path";
import { ssh as connectBySsh } from "@slipway/connection";
import { type Machine, startMachine } from "@slipway/machines";
import {
  type AnyProperty,
  type Connection,
  type DebianLike,
  debian,
  type Host,
  type Revertable,
  revert,
  Secret,
} from "@slipway/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type ApplyEvent,
  type ApplyOptions,
  apply,
  apt,
  clock,
  configure,
  docker,
  file,
  firewall,
  formatReport,
  git,
  hostname,
  locale,
  nginx,
  observe,
  plan,
  type Report,
  ssh,
  sudo,
  systemd,
  timezone,
  user,
} from "../src/index.ts";
import { gatedHost } from "./operator.ts";

let machine: Machine;
let connection: Connection;
const address = () => ({
  host: machine.name,
  address: machine.address,
  port: machine.port,
  user: machine.user,
  hostKeys: [machine.hostKey.sha256],
});
const connect = (): Promise<Connection> => connectBySsh(address(), { privateKey: machine.privateKey });

beforeAll(async () => {
  machine = await startMachine({ name: "config" });
  connection = await connect();
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await machine?.[Symbol.asyncDispose]();
});

const hostWith = (...has: AnyProperty[]): Host => ({
  name: "config",
  os: "debian",
  distro: debian("12"),
  on: { provider: "test", spec: {} },
  has,
  can: () => true,
});
const make = async (property: AnyProperty, options: ApplyOptions = {}): Promise<Report> => {
  const report = await apply(hostWith(property), connection, { removed: "keep", ...options });
  expect(report.failed + report.blocked, formatReport(report)).toBe(0);
  return report;
};
const run = async (script: string, ...args: string[]): Promise<string> => {
  const output = await connection.exec(["sh", "-c", script, "sh", ...args]);
  return `${output.stdout}${output.stderr}`.trim();
};

/** Not there, planned, applied, seen, and nothing on the second run, which costs one round trip. */
async function becomesTrue(property: AnyProperty): Promise<void> {
  const host = hostWith(property);
  const states = plan(host, await observe(host, connection)).items.map((item) => item.state);
  expect(states.some((state) => state !== "ok")).toBe(true);
  expect((await make(property)).changed).toBeGreaterThan(0);
  expect(await make(property)).toMatchObject({ changed: 0, roundTrips: 1 });
  expect(plan(host, await observe(host, connection)).items.map((item) => item.state)).not.toContain("change");
}

async function isUndone(property: Revertable<DebianLike, string>): Promise<void> {
  expect((await make(revert(property))).changed).toBeGreaterThan(0);
  expect(await make(revert(property))).toMatchObject({ changed: 0, roundTrips: 1 });
}

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEbDhPtmlbsqKx5gNqqYY7cMiVXVF6uHeXCg1vSrsX ada@laptop";
const sleeper = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";

test("systemd: enabled, started, running, disabled and back", async () => {
  await make(systemd.unit("sleeper", sleeper));
  await becomesTrue(systemd.enabled("sleeper"));
  await becomesTrue(systemd.started("sleeper"));
  await isUndone(systemd.started("sleeper"));
  await isUndone(systemd.enabled("sleeper"));
  await becomesTrue(systemd.running("sleeper"));
  const first = await run("systemctl show -P MainPID sleeper");
  await make(systemd.unit("sleeper", `${sleeper}# another text\n`));
  expect(await run("systemctl show -P MainPID sleeper")).not.toBe(first);
  await becomesTrue(systemd.disabled("sleeper"));
});

test("a secret reaches its file and nothing else", async () => {
  const value = "s3cret-value-of-this-test";
  const token = file.content("/etc/token", new Secret("app.token"), { owner: "app" });
  const events: ApplyEvent[] = [];
  const secrets = { reveal: async () => value };
  await make(user.account("app", { system: true, home: "/srv/app" }));
  const report = await make(token, { secrets, onEvent: (event) => events.push(event) });
  expect(report.changed).toBe(1);
  expect(await run("cat /etc/token; stat -c ' %a %U' /etc/token")).toBe(`${value} 600 app`);
  expect(await make(token, { secrets })).toMatchObject({ changed: 0, roundTrips: 1 });
  expect(JSON.stringify([events, report])).not.toContain(value);
});

test("an interrupted dpkg is repaired", async () => {
  await run("cd /tmp && apt-get -q download hello && dpkg --unpack hello_*.deb && rm hello_*.deb");
  expect(await run("dpkg -s hello | grep ^Status")).toBe("Status: install ok unpacked");
  await make(apt.installed("hello"));
  expect(await run("dpkg -s hello | grep ^Status")).toBe("Status: install ok installed");
  await make(revert(apt.installed("hello")));
});

test("the lock of apt is waited for", async () => {
  const hold =
    'use Fcntl; open F,">",shift; my $l=pack("s s x4 q q i x4",F_WRLCK,0,0,0,0); fcntl(F,F_SETLKW,$l) or die $!; $|=1; print "held\n"; <STDIN>';
  await using other = await connect();
  const holder = await other.spawn(["perl", "-e", hold, "/var/lib/dpkg/lock-frontend"]);
  holder.stderr.resume();
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  const made = make(apt.installed("hello"));
  // The command has been refused once when it sleeps before it asks again.
  await run(
    `until for p in /proc/[0-9]*/cmdline; do [ "$(tr '\\0' ' ' <"$p" 2>/dev/null)" != "sleep 1 " ] || exit 0; done; do :; done`,
  );
  holder.stdin.end("\n");
  expect(await made).toMatchObject({ changed: 1 });
});

test("kill -9 in the middle: the next run waits for the change on its way, then does the rest", async () => {
  const program = spawn(process.execPath, ["--conditions=source", join(import.meta.dirname, "operator.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  program.stdin.end(JSON.stringify({ address: address(), privateKey: machine.privateKey }));
  await new Promise<void>((resolve) => {
    program.stdout.on("data", (chunk: Buffer) => chunk.includes("changing") && resolve());
  });
  await run("while [ ! -p /root/gate ]; do sleep 0.1; done");
  const ended = new Promise((resolve) => program.once("exit", resolve));
  program.kill("SIGKILL");
  await ended;
  const waiting = Promise.withResolvers<ApplyEvent>();
  const again = apply(gatedHost, connection, {
    removed: "keep",
    onEvent: (event) => event.type === "waiting" && waiting.resolve(event),
  });
  expect(await waiting.promise).toMatchObject({ holder: expect.stringContaining("process") });
  await run("echo >/root/gate");
  const report = await again;
  expect(report, formatReport(report)).toMatchObject({ failed: 0, ok: 1, changed: 2 });
  expect(await run("cat /root/notes /root/after")).toBe("noted\nafter");
  expect(await apply(gatedHost, connection, { removed: "keep" })).toMatchObject({ changed: 0, ok: 3, roundTrips: 1 });
});

test("ssh.hardened: only keys, and a new login still works", async () => {
  await becomesTrue(ssh.hardened);
  await using again = await connect();
  expect((await again.exec(["sshd", "-T"])).stdout).toContain("passwordauthentication no");
  await isUndone(ssh.hardened);
});

/** Whether a TCP connection from here is taken; a firewall drops it without a word. */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: machine.address, port, timeout: 1_000 });
    const settle = (taken: boolean) => () => {
      socket.destroy();
      resolve(taken);
    };
    socket.once("connect", settle(true)).once("timeout", settle(false)).once("error", settle(false));
  });

test("nginx and the firewall: sites are tried before they are installed, only listed ports answer", async () => {
  const site = (port: number, text: string) =>
    nginx.site(`on-${port}`, `server { listen ${port} default_server; location / { return 200 "${text}"; } }\n`);
  await becomesTrue(nginx.installed);
  await make(nginx.site("broken", "server { listen 80; nonsense on; }\n")).then(
    () => expect.unreachable(),
    (thrown: unknown) => expect(String(thrown)).toContain('unknown directive "nonsense"'),
  );
  await becomesTrue(site(80, "one"));
  await becomesTrue(site(8099, "two"));
  // A connection of its own each time: workers that a reload retires close those that are kept open, at any moment.
  const fetched = async (): Promise<string> =>
    (await fetch(`http://${machine.address}/`, { headers: { connection: "close" } })).text();
  // nginx answers the reload before its new workers take over, and for a while old and new ones take turns.
  const soon = { timeout: 30_000 };
  await expect.poll(fetched, soon).toBe("one");
  await becomesTrue(site(80, "another"));
  await expect.poll(fetched, soon).toBe("another");
  await becomesTrue(firewall.allowsOnly(22, 80));
  expect([await answers(80), await answers(8099)]).toEqual([true, false]);
  // Live rules that somebody took away are seen and put back.
  await run("nft delete table inet slipway");
  expect((await make(firewall.allowsOnly(22, 80))).changed).toBe(1);
  expect((await make(firewall.allowsOnly(22, 80, 8099))).changed).toBeGreaterThan(0);
  expect(await answers(8099)).toBe(true);
  await isUndone(firewall.allowsOnly(22, 80, 8099));
  await isUndone(site(8099, "two"));
});

test("git.server: a push reaches review alone and leaves a durable request", async () => {
  await run(
    'mkdir -p /root/w && cd /root/w && ssh-keygen -q -t ed25519 -N "" -f key && printf "%s %s\\n" 127.0.0.1 "$(cat /etc/ssh/ssh_host_ed25519_key.pub)" >known',
  );
  const server = git.server({ repositories: ["ledger"], authorizedKeys: [await run("cat /root/w/key.pub")] });
  await becomesTrue(server);
  const push = (refs: string): Promise<string> =>
    run(
      `cd /root/w && export GIT_SSH_COMMAND="ssh -i /root/w/key -o UserKnownHostsFile=/root/w/known" HOME=/root
[ -d l ] || { git init -q -b main l && git -C l -c user.name=a -c user.email=a@b commit -q --allow-empty -m one; }
git -C l push -q git@127.0.0.1:/srv/git/ledger.git $1 2>&1; echo "status $?"`,
      refs,
    );
  const refused = await push("HEAD:main");
  expect(refused).toContain("main moves only by CI: git push ci HEAD:review");
  expect(refused).toContain("status 1");
  expect(await push("HEAD:refs/tags/v1")).toContain("only review is open for pushes");
  expect(await push("HEAD:refs/verified/x")).toContain("status 1");
  const taken = await push("HEAD:review");
  const commit = await run("git -C /root/w/l rev-parse HEAD");
  expect(taken).toContain(`queued for CI: ${commit}`);
  expect(taken).toContain("status 0");
  expect(await push(":review")).toContain("status 1");
  const name = await run("ls /srv/git/ledger.git/slipway/queue");
  expect(name).toMatch(new RegExp(`^\\d{19}-${commit}\\.json$`));
  const request: unknown = JSON.parse(await run("cat /srv/git/ledger.git/slipway/queue/*.json"));
  expect(request).toEqual({ ref: "refs/heads/review", old: "0".repeat(40), new: commit, at: expect.any(Number) });
  expect(await run("stat -c '%U %a' /srv/git/ledger.git/hooks/update /srv/git/ledger.git/hooks")).toBe(
    "root 755\nroot 755",
  );
  // The user has no shell, and no way past sshd's restrictions.
  expect(await run("ssh -i /root/w/key -o UserKnownHostsFile=/root/w/known git@127.0.0.1 id; echo $?")).toContain(
    "128",
  );
  expect(await make(server)).toMatchObject({ changed: 0, roundTrips: 1 });
});

test("docker.installed: the engine runs with the packet size of the network outside", async () => {
  await becomesTrue(docker.installed);
  const outer = await run("cat /sys/class/net/eth0/mtu");
  const inner = await run("docker network inspect bridge -f '{{index .Options \"com.docker.network.driver.mtu\"}}'");
  expect(inner).toBe(outer);
  // The firewall and Docker each keep their own tables.
  await make(firewall.allowsOnly(22));
  expect(await run("nft list tables")).toContain("table ip nat");
  await make(revert(firewall.allowsOnly(22)));
  expect(await run("docker info -f '{{.ServerVersion}}'")).toMatch(/^\d+\./);
});

test("a whole host with nothing to do is one round trip", async () => {
  const whole = hostWith(
    hostname.is("web-1.example.org"),
    locale.is("en_GB.UTF-8"),
    timezone.is("Asia/Singapore"),
    clock.synchronised,
    git.installed,
    apt.installed("curl", "ca-certificates"),
    user.account("deploy", { groups: ["docker"] }),
    user.authorizedKeys("deploy", [key]),
    sudo.allows("deploy"),
    docker.installed,
    nginx.installed,
    firewall.allowsOnly(22, 80, 443),
    ssh.hardened,
    file.content("/etc/motd", "web\n"),
    file.directory("/srv/data", { owner: "deploy" }),
  );
  await configure(whole, connection, { removed: "keep" });
  const report = await configure(whole, connection, { removed: "keep" });
  expect(report).toMatchObject({ changed: 0, failed: 0, roundTrips: 1 });
  console.log(`nothing to do: ${report.ok} claims in ${Math.round(report.ms)} ms, ${report.roundTrips} round trip`);
});
