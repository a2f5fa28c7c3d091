import { ssh as connectBySsh } from "@slipway/connection";
import { startMachine } from "@slipway/machines";
import { type AnyProperty, debian, type Host } from "@slipway/model";
import { expect, test } from "vitest";
import { apply, apt, command, file, formatReport, journald, mount, sysctl, systemd } from "../src/index.ts";

const hostWith = (has: readonly AnyProperty[]): Host => ({
  name: "taken-out",
  os: "debian",
  distro: debian("12"),
  on: { provider: "test", spec: {} },
  has,
  can: () => true,
});

const list = [
  journald.keeps({ atMost: "100M" }),
  mount.tmpfs("/mnt/slipway", { size: "8M" }),
  mount.tmpfs("/mnt/other", { size: "8M" }),
  sysctl.is("net.ipv4.tcp_fin_timeout", 33),
  systemd.timer("job", { at: "daily", run: ["true"] }),
  systemd.override("ssh", "[Service]\nNice=1\n"),
  apt.held("bash"),
  file.line("/etc/lines", "one"),
  file.line("/etc/lines", "1.0"),
  file.block("/etc/lines", "app", "two\n"),
  file.symlink("/srv/link", "nowhere"),
  file.template("/etc/template", () => "made\n"),
  apt.pinned("pin", { packages: ["bash"], to: "version 1" }),
  command.run({
    title: "there is a marker",
    holds: ["test", "-e", "/srv/marker"],
    run: ["touch", "/srv/marker"],
    undo: ["rm", "-f", "/srv/marker"],
  }),
];

test("what leaves the list is taken back, whatever became of it and of its neighbours", async () => {
  await using machine = await startMachine({ name: "taken-out" });
  const { name: host, address, port, user, hostKey, privateKey } = machine;
  await using connection = await connectBySsh(
    { host, address, port, user, hostKeys: [hostKey.sha256] },
    { privateKey },
  );
  const run = async (script: string): Promise<string> => (await connection.exec(["sh", "-c", script])).stdout.trim();
  const state = `cat /etc/lines /etc/fstab /etc/systemd/system/job.service
ls -A /srv /etc/sysctl.d /etc/apt/preferences.d /etc/template /etc/systemd/system
sysctl net.ipv4.tcp_fin_timeout; apt-mark showhold; findmnt /mnt/slipway /mnt/other; systemctl is-enabled job.timer
systemctl show -P Nice ssh`;
  // A unit of that name and a line like one of ours were there before.
  await run(
    "printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/job.service; systemctl daemon-reload; printf 'keep\\n1\\n' >/etc/lines",
  );
  const before = await run(state);
  const first = await apply(hostWith(list), connection);
  expect(first, formatReport(first)).toMatchObject({ failed: 0, blocked: 0 });
  expect(await run(state)).not.toBe(before);
  // Somebody else edits a file of ours, and unmounts something.
  await run("sed -i '1i theirs' /etc/lines; umount /mnt/other");
  const second = await apply(hostWith([]), connection);
  expect(second, formatReport(second)).toMatchObject({ failed: 0, blocked: 0 });
  expect(await run(`sed -i /theirs/d /etc/lines; ${state}`)).toBe(before);
  expect(await apply(hostWith([]), connection)).toMatchObject({ changed: 0, failed: 0 });
});
