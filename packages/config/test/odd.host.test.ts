import { ssh } from "@slipway/connection";
import {
  germanLocale,
  heldApt,
  interruptedDpkg,
  loginUser,
  type Machine,
  makeProxy,
  readOnlyEtc,
  startMachine,
  talkative,
} from "@slipway/machines";
import { type Connection, debian, type Host, host, type SshAddress } from "@slipway/model";
import { expect, test } from "vitest";
import { apply, apt, file, formatReport, observe, plan, systemd, user } from "../src/index.ts";

const sleeper = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";

/** A little of each: a file, a package, a user, a unit. */
const small = (version: "12" | "13" = "12"): Host =>
  host("odd", {
    os: debian(version),
    on: { provider: "test", spec: {} },
    has: [
      file.content("/etc/small.conf", "größe = klein\n"),
      apt.installed("tree"),
      user.account("app", { system: true }),
      systemd.running("sleeper").requires(systemd.unit("sleeper", sleeper)),
    ],
  });

const addressOf = (machine: Machine, login = "root"): SshAddress => ({
  host: "odd",
  address: machine.address,
  port: machine.port,
  user: login,
  hostKeys: [machine.hostKey.sha256],
});
const rootOf = (machine: Machine): Promise<Connection> => ssh(addressOf(machine), { privateKey: machine.privateKey });

/** Everything is made once, all of it is there, and the second run has nothing to do and asks once. */
async function settles(wanted: Host, connection: Connection): Promise<void> {
  const first = await apply(wanted, connection);
  expect(first, formatReport(first)).toMatchObject({ failed: 0, blocked: 0 });
  expect(first.changed).toBeGreaterThanOrEqual(5);
  const second = await apply(wanted, connection);
  expect(second, formatReport(second)).toMatchObject({ changed: 0, failed: 0, blocked: 0, roundTrips: 1 });
  const states = plan(wanted, await observe(wanted, connection)).items.map((item) => item.state);
  expect(states).not.toContain("change");
  const there = "cat /etc/small.conf; test -x /usr/bin/tree && id -un app && systemctl is-active sleeper";
  expect((await connection.exec(["sh", "-c", there])).stdout).toBe("größe = klein\napp\nactive\n");
}

/** An error and what caused it. */
const causes = (error: unknown): readonly unknown[] =>
  error instanceof Error ? [error, ...causes(error.cause)] : [error];

interface Odd {
  readonly distro?: "debian-13";
  /** Logs in as this user, and through sudo. Default root. */
  readonly login?: string;
  readonly make: (root: Connection) => Promise<unknown>;
}

const odds: Readonly<Record<string, Odd>> = {
  "Debian 13": { distro: "debian-13", make: async () => {} },
  "a user with sudo": { login: "ada", make: (root) => loginUser(root, "ada") },
  "a user whose shell is fish": { login: "ada", make: (root) => loginUser(root, "ada", { shell: "fish" }) },
  "a user whose shell is dash": { login: "ada", make: (root) => loginUser(root, "ada", { shell: "dash" }) },
  "a login that talks": {
    login: "ada",
    make: async (root) => {
      await loginUser(root, "ada");
      await talkative(root, "ada");
    },
  },
  "a fish that talks": {
    login: "ada",
    make: async (root) => {
      await loginUser(root, "ada", { shell: "fish" });
      await talkative(root, "ada");
    },
  },
  "a host that speaks German": { make: germanLocale },
  "a host that speaks German to a user of fish on Debian 13": {
    distro: "debian-13",
    login: "ada",
    make: async (root) => {
      await loginUser(root, "ada", { shell: "fish" });
      await germanLocale(root);
    },
  },
  "a host whose dpkg was killed": { make: interruptedDpkg },
};

test.for(Object.entries(odds))("%s: made once, then nothing to do", async ([, odd]) => {
  await using machine = await startMachine(odd.distro === undefined ? {} : { distro: odd.distro });
  {
    await using root = await rootOf(machine);
    await odd.make(root);
  }
  const { login } = odd;
  await using connection = await ssh(
    addressOf(machine, login),
    { privateKey: machine.privateKey },
    // sshd has just read its configuration again.
    { sudo: login !== undefined, waitMs: 10_000 },
  );
  await settles(small(odd.distro === undefined ? "12" : "13"), connection);
});

/** Until ours was refused once and is asleep before it asks again, or itself waits beside the other. The engine's own watch sleeps longer. */
const waiting = `until [ "$(pgrep -cx apt-get)" -ge 2 ]; do
for p in /proc/[0-9]*/cmdline; do [ "$(tr '\\0' ' ' <"$p" 2>/dev/null)" != "sleep 1 " ] || exit 0; done
done`;

test("an apt-get of somebody else: waited for", async () => {
  await using machine = await startMachine();
  await using root = await rootOf(machine);
  const held = await heldApt(root);
  const settled = settles(small(), root);
  await root.exec(["sh", "-c", waiting]);
  await held[Symbol.asyncDispose]();
  await settled;
});

test("a read-only /etc: what needs it fails and says so, and works once it can be written", async () => {
  await using machine = await startMachine();
  await using root = await rootOf(machine);
  await root.exec(["apt-get", "-qq", "update"]);
  {
    await using _readOnly = await readOnlyEtc(root);
    const report = await apply(small(), root);
    const outcomes = Object.fromEntries(report.items.map((item) => [item.property, item]));
    expect(outcomes["/etc/small.conf has its content"], formatReport(report)).toMatchObject({
      outcome: "failed",
      error: expect.stringContaining("Read-only file system"),
    });
    expect(outcomes["user app exists"]).toMatchObject({ outcome: "failed", error: expect.stringMatching(/\/etc\//) });
    expect(outcomes["sleeper.service runs and starts with the machine"]?.outcome).toBe("blocked");
    // Nothing half-made is left beside it.
    expect((await root.exec(["sh", "-c", "ls -A /etc | grep slipway-"])).stdout).toBe("");
  }
  await settles(small(), root);
});

test.for(["asks for a password", "refuses"] as const)("a sudo that %s: said, with what to do", async (sudo) => {
  await using machine = await startMachine();
  {
    await using root = await rootOf(machine);
    await loginUser(root, "ada", { sudo });
    await talkative(root, "ada");
  }
  await using connection = await ssh(addressOf(machine, "ada"), { privateKey: machine.privateKey }, { sudo: true });
  const said = await apply(small(), connection).then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
  expect(String(said)).toMatch(/a password is required/);
  expect(causes(said)).toContainEqual(
    expect.objectContaining({ code: "connection.sudo", hint: expect.stringContaining("NOPASSWD") }),
  );
});

test("a round trip of 2 s: time goes by round trips, of which there are few", async () => {
  await using machine = await startMachine();
  await using proxy = await makeProxy(machine, { delayMs: 1_000 });
  await proxy.listen();
  const from = performance.now();
  await using connection = await ssh(
    { ...addressOf(machine), address: "127.0.0.1", port: proxy.port },
    { privateKey: machine.privateKey },
  );
  const connected = performance.now() - from;
  const first = await apply(small(), connection);
  expect(first, formatReport(first)).toMatchObject({ failed: 0, blocked: 0 });
  const second = await apply(small(), connection);
  expect(second).toMatchObject({ changed: 0, roundTrips: 1 });
  // As many as there are changes in a row; one to look, one for what taking back would need, and one to note what was applied.
  expect(first.roundTrips).toBeLessThanOrEqual(first.changed + 3);
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  console.log(
    `login ${seconds(connected)}; first run ${first.roundTrips} round trips, ${seconds(first.ms)}; second ${second.roundTrips}, ${seconds(second.ms)}`,
  );
});
