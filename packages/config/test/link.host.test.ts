import { ssh } from "@slipway/connection";
import { type Machine, makeProxy, startMachine } from "@slipway/machines";
import {
  type AnyProperty,
  type Connection,
  debian,
  everyOs,
  guarded,
  type Host,
  property,
  type SshAddress,
} from "@slipway/model";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type ApplyEvent, apply, file, formatReport, systemd } from "../src/index.ts";

let machine: Machine;
let root: Connection;
let proxy: Awaited<ReturnType<typeof makeProxy>>;
let through: Connection;

const addressOf = (where: { address: string; port: number }): SshAddress => ({
  ...where,
  host: "linked",
  user: "root",
  hostKeys: [machine.hostKey.sha256],
});
beforeAll(async () => {
  machine = await startMachine({ name: "linked" });
  root = await ssh(addressOf(machine), { privateKey: machine.privateKey });
});
afterAll(async () => {
  await root?.[Symbol.asyncDispose]();
  await machine?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  proxy = await makeProxy(machine);
  await proxy.listen();
  through = await ssh(addressOf({ address: "127.0.0.1", port: proxy.port }), { privateKey: machine.privateKey });
});
afterEach(async () => {
  await through[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await run("rm -rf /var/lib/slipway /root/gate /root/passed /root/log");
});

const run = async (script: string): Promise<string> => {
  const output = await root.exec(["sh", "-c", script]);
  return `${output.stdout}${output.stderr}`.trim();
};
const hostWith = (...has: AnyProperty[]): Host => ({
  name: "linked",
  os: "debian",
  distro: debian("12"),
  on: { provider: "test", spec: {} },
  has,
  can: () => true,
});
const exists = (path: string) => ({
  read: ["ls", "-d", path] as const,
  parse: (_: string, status: number) => status === 0,
});
/** Runs until somebody writes into /root/gate; every time that it runs is in /root/log. */
const gate = property("the gate was passed", {
  on: everyOs,
  observe: exists("/root/passed"),
  plan: (passed) =>
    passed
      ? []
      : [
          [
            "sh",
            "-c",
            "echo began >>/root/log; rm -f /root/gate; mkfifo /root/gate; cat /root/gate; touch /root/passed",
          ],
        ],
  writes: ["file:/root/passed"],
});
const noted = property("the passage is noted", {
  on: everyOs,
  observe: { read: ["true"], reads: [], parse: () => 0 },
  plan: () => [["sh", "-c", "echo noted >>/root/log"]],
  writes: [],
  action: true,
});

test.for(["reset", "silence"] as const)(
  "a link that ends by %s in the middle of a change is made anew; the change is not repeated",
  async (how) => {
    const events: string[] = [];
    const host = hostWith(gate.onChange(noted), file.content("/root/after", `${how}\n`));
    const report = apply(host, through, { onEvent: (event) => events.push(event.type) });
    await run("while [ ! -p /root/gate ]; do sleep 0.05; done");
    proxy.cut(how);
    // Open for as long as the new session waits for the old one's change.
    await run("echo >/root/gate");
    const seen = await report;
    expect(seen, formatReport(seen)).toMatchObject({ changed: 3, failed: 0, reconnects: 1 });
    expect(await run("cat /root/log /root/after")).toBe(`began\nnoted\n${how}`);
    expect(events).toContain("reconnecting");
    // The session that was cut off holds no lock.
    expect(await apply(host, root)).toMatchObject({ changed: 0, roundTrips: 1 });
  },
);

test("a reset at any byte of an apply: never a false ok, always finished, nothing twice", async () => {
  const host = hostWith(
    property("one line", {
      on: everyOs,
      observe: { read: ["cat", "/root/log"], reads: ["file:/root/log"], parse: (text) => text },
      plan: (text) => (text === "" ? [["sh", "-c", "echo line >>/root/log"]] : []),
      writes: ["file:/root/log"],
    }).onChange(noted),
    file.content("/root/after", "cut\n"),
  );
  const before = proxy.passed;
  const dry = await apply(host, through);
  expect(dry.failed).toBe(0);
  const whole = proxy.passed - before;
  for (let part = 0; part < 12; part += 1) {
    await run("rm -rf /var/lib/slipway /root/log /root/after");
    await using again = await ssh(addressOf({ address: "127.0.0.1", port: proxy.port }), {
      privateKey: machine.privateKey,
    });
    void proxy.cutAfter(Math.round((whole * part) / 12), "reset");
    const seen = await apply(host, again);
    expect(seen, formatReport(seen)).toMatchObject({ failed: 0, blocked: 0 });
    expect(await run("cat /root/log /root/after")).toBe("line\nnoted\ncut");
  }
});

test("a machine that starts anew for a property is waited for, then the run goes on", async () => {
  const reboot = property("the machine was started anew", {
    on: everyOs,
    observe: exists("/run/started-anew"),
    plan: (there) => (there ? [] : [["systemctl", "reboot"]]),
    reboots: true,
  });
  // Stands for what is true after the boot and was not before.
  await run(
    "printf '[Service]\\nType=oneshot\\nExecStart=/bin/touch /run/started-anew\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/anew.service && systemctl enable -q anew",
  );
  const events: ApplyEvent[] = [];
  const report = await apply(hostWith(reboot, file.content("/root/after", "boot\n")), through, {
    onEvent: (event) => events.push(event),
  });
  expect(report, formatReport(report)).toMatchObject({ changed: 2, failed: 0 });
  expect(report.reconnects).toBeGreaterThan(0);
  root = await root.again({ waitMs: 30_000 });
  expect(await run("cat /root/after")).toBe("boot");
});

const dropIn = "/etc/ssh/sshd_config.d/00-test.conf";
const sshdWith = (text: string) => {
  const guard = { title: "sshd", files: [dropIn], settle: [["systemctl", "reload", "ssh"]] } as const;
  return guarded(file.content(dropIn, text).onChange(guarded(systemd.reloaded("ssh"), guard)), guard);
};

test("a change that would lock everybody out is taken back by the host", async () => {
  const harmless = await apply(hostWith(sshdWith("MaxAuthTries 5\n")), through);
  expect(harmless, formatReport(harmless)).toMatchObject({ failed: 0, changed: 2 });
  expect(await run("ls /var/lib/slipway/config/guard /etc/systemd/system | grep guard")).toBe(
    "/var/lib/slipway/config/guard:",
  );
  const report = await apply(hostWith(sshdWith("AllowUsers nobody\n")), through);
  expect(report, formatReport(report)).toMatchObject({ failed: 2 });
  expect(report.items[0]?.error).toContain("nobody could log in");
  expect(report.items[0]?.error).toContain("the host took it back");
  expect(await run(`cat ${dropIn}; sshd -T | grep -i maxauthtries`)).toBe("MaxAuthTries 5\nmaxauthtries 5");
  await using again = await root.again();
  expect(again.open).toBe(true);
});

test("an operator who dies behind a guarded change: the next run begins with what was there before", async () => {
  const controller = new AbortController();
  const gated = sshdWith("MaxAuthTries 3\n").onChange(gate);
  const dead = apply(hostWith(gated), through, { signal: controller.signal });
  await run("while [ ! -p /root/gate ]; do sleep 0.05; done");
  controller.abort();
  await expect(dead).rejects.toMatchObject({ code: "config.interrupted" });
  await run("echo >/root/gate");
  const report = await apply(hostWith(sshdWith("MaxAuthTries 3\n")), root);
  expect(report, formatReport(report)).toMatchObject({ failed: 0 });
  expect(await run(`cat ${dropIn}; ls /etc/systemd/system | grep guard`)).toBe("MaxAuthTries 3");
});
