import { type ApplyEvent, apply, file, formatReport, type Report, systemd } from "@slipway/config";
import { ssh } from "@slipway/connection";
import { makeProxy } from "@slipway/machines";
import {
  type AnyProperty,
  type Clock,
  debian,
  everyOs,
  guarded,
  type Host,
  property,
  systemClock,
} from "@slipway/model";
import { codeOf, countOr, Tally, watchedHost } from "./support.ts";

// The operator's wall clock is another one whenever it is asked, by an hour and by a year, for all of the process. A run waits for a lock,
// another is refused, a link breaks, a guarded change is confirmed, and one that locks out is undone by the host: as if it were right.
const count = countOr(5);
const tally = new Tally();
const hourMs = 3_600_000;
const jumps = [hourMs, -hourMs, 365 * 24 * hourMs, -365 * 24 * hourMs];
const now = Date.now.bind(Date);
let asked = 0;
Date.now = () => {
  asked += 1;
  return now() + (jumps[asked % jumps.length] ?? 0);
};
const clock: Clock = { ...systemClock, now: () => Date.now() };

await using shared = await watchedHost("clock");
await using proxy = await makeProxy(shared.address);
await proxy.listen();
const address = { ...shared.address, address: "127.0.0.1", port: proxy.port };
const credentials = { privateKey: shared.machine.privateKey };

const hostWith = (...has: AnyProperty[]): Host => ({
  name: "clock",
  os: "debian",
  distro: debian("12"),
  on: { provider: "trial", spec: {} },
  has,
  can: () => true,
});
/** Is done when somebody writes into /root/gate. */
const gate = (name: string): AnyProperty =>
  property(`the gate ${name} was passed`, {
    on: everyOs,
    observe: {
      read: ["ls", `/root/passed-${name}`],
      reads: [`file:/root/passed-${name}`],
      parse: (_: string, status: number) => status === 0,
    },
    plan: (passed) =>
      passed
        ? []
        : [
            [
              "sh",
              "-c",
              'echo "$1" >>/root/log; rm -f /root/gate; mkfifo /root/gate; cat /root/gate; rm /root/gate; touch "/root/passed-$1"',
              "sh",
              name,
            ],
          ],
    writes: [`file:/root/passed-${name}`],
  });
const dropIn = "/etc/ssh/sshd_config.d/00-trial.conf";
const sshdWith = (text: string): AnyProperty => {
  const guard = { title: "sshd", files: [dropIn], settle: [["systemctl", "reload", "ssh"]] } as const;
  return guarded(file.content(dropIn, text).onChange(guarded(systemd.reloaded("ssh"), guard)), guard);
};
const expect = (what: string, holds: boolean, seen: unknown): void => {
  tally.add(holds ? what : "otherwise than with a clock that is right");
  if (!holds) process.stderr.write(`not: ${what}: ${seen instanceof Error ? seen.stack : JSON.stringify(seen)}\n`);
};
const atGate = (): Promise<string> => shared.run("while [ ! -p /root/gate ]; do sleep 0.05; done");
const options = { clock, removed: "keep" } as const;

async function locks(round: number): Promise<void> {
  await using connection = await ssh(address, credentials, { clock });
  const [first, second] = [`lock-${round}`, `wait-${round}`];
  const holds = apply(hostWith(gate(first)), connection, options);
  await atGate();
  const refused = await apply(hostWith(gate(second)), shared.root, { ...options, lockWaitSeconds: 0 }).catch(codeOf);
  expect("refused while another one runs", refused === "config.locked", refused);
  let waiting: (event: ApplyEvent) => void = () => {};
  const waits = new Promise<void>((resolve) => {
    waiting = ({ type }) => (type === "waiting" ? resolve() : undefined);
  });
  const after = apply(hostWith(file.content(`/root/${second}`, "x")), shared.root, {
    ...options,
    lockWaitSeconds: 60,
    onEvent: waiting,
  });
  await waits;
  // The link breaks while the lock is held and waited for.
  proxy.cut("reset");
  await shared.run("echo >/root/gate");
  const [held, waited] = await Promise.all([holds, after.catch((error: Error) => error)]);
  expect("went on over a new link, nothing twice", held.changed === 1 && held.reconnects === 1, held);
  expect("waited for the lock, then was made", !(waited instanceof Error) && waited.changed === 1, waited);
  const log = await shared.run(`grep -c -x ${first} /root/log`);
  expect("done once", log === "1", log);
}

async function guards(round: number): Promise<void> {
  await using connection = await ssh(address, credentials, { clock });
  const text = `MaxAuthTries ${5 + (round % 2)}\n`;
  const report = await apply(hostWith(sshdWith(text)), connection, options);
  const left = await shared.run(
    `cat ${dropIn}; ls /var/lib/slipway/config/guard; ls /etc/systemd/system | grep guard || true`,
  );
  expect("confirmed, and no guard left", report.failed === 0 && left === text.trim(), [formatReport(report), left]);
}

async function lockOut(): Promise<void> {
  await using connection = await ssh(address, credentials, { clock });
  const before = await shared.run(`cat ${dropIn}`);
  const report: Report = await apply(hostWith(sshdWith("AllowUsers nobody\n")), connection, options);
  const back = await shared.run(`cat ${dropIn}`);
  const told = report.items[0]?.error?.includes("the host took it back") === true;
  expect("what locks out was taken back by the host", told && back === before, [formatReport(report), back]);
}

for (let round = 0; round < count; round += 1) {
  await locks(round);
  await guards(round);
}
await lockOut();
const again = await apply(hostWith(sshdWith(`MaxAuthTries ${5 + ((count - 1) % 2)}\n`)), shared.root, options);
expect("nothing to do in the end", again.changed === 0 && again.failed === 0, again);
process.stdout.write(`the wall clock was asked ${asked} times\n`);
if (asked === 0) tally.add("the clock was never asked");
tally.print(["otherwise than with a clock that is right", "the clock was never asked"]);
