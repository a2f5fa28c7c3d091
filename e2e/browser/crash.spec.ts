import { expect, test } from "./fixtures.ts";
import { lend, loans, traffic } from "./ledger.ts";
import { commitOf, opsJson, type Platform, read, startOps } from "./platform.ts";
import { exactly, releases, seenContainers, services } from "./releases.ts";

// Loans without interest only: version 1 could not read others, and a rollback to it would rightly be refused.

/** Borrowers of this run, so that the specs may run again on a platform that stayed up. */
const own = crypto.randomUUID().slice(0, 8);

/** Everything on the host is of this commit, and of nothing else: one container a service, a release that answers, no rest. */
async function expectOnly(platform: Platform, commit: string, acknowledged: readonly string[]): Promise<void> {
  const seen = await releases(platform);
  expect(seen.current?.deployment.commit).toBe(commit);
  expect(seen.pending).toBeUndefined();
  expect(seenContainers(seen)).toEqual(exactly(commit));
  const names = await read(platform, "app", "docker ps --all --format '{{.Names}}' | sort");
  const slot = seen.current?.deployment.slot;
  expect(names.split("\n")).toEqual(services.map((service) => `ledger-${service}-${slot}`));
  expect(await (await fetch(platform.app)).text()).toContain(commit.slice(0, 12));
  const borrowers = (await loans(platform.app)).map((loan) => loan.borrower);
  expect(acknowledged.filter((one) => !borrowers.includes(one))).toEqual([]);
  const mine = borrowers.filter((one) => one.includes(own));
  expect(new Set(mine).size, "no loan was lent twice").toBe(mine.length);
}

/** Kills `ops` with SIGKILL at the moment that it tells of a step. */
async function killAt(platform: Platform, args: readonly string[], line: RegExp): Promise<string> {
  const running = startOps(platform, args, { input: "" });
  await running.seen("stderr", line);
  running.kill("SIGKILL");
  const { status, stderr } = await running.ended;
  expect(status, stderr).toBeUndefined();
  return stderr;
}

test("nobody notices a rollback and a deployment", async ({ platform }) => {
  const [v1, v2] = [await commitOf(platform, "v1"), await commitOf(platform, "v2")];
  await opsJson(platform, ["deploy", "prod"]);
  const users = traffic(platform.app, `busy ${own}`);
  const back = await opsJson<{ changes: number }>(platform, ["rollback", "prod", "--to", v1]);
  const after = await releases(platform);
  const forth = await opsJson<{ changes: number }>(platform, ["deploy", "prod"]);
  const { answered, failed, lent } = await users.stop();
  expect(failed).toEqual([]);
  expect(answered).toBeGreaterThan(50);
  expect(lent.length).toBeGreaterThan(10);
  expect([back.changes, forth.changes]).toEqual([1, 1]);
  expect(seenContainers(after)).toEqual(exactly(v1));
  await expectOnly(platform, v2, lent);
});

test("a rollback killed before its commit is undone or done by the next", async ({ platform }) => {
  const v1 = await commitOf(platform, "v1");
  const borrower = `before the killed rollback ${own}`;
  await opsJson(platform, ["deploy", "prod"]);
  expect(await lend(platform.app, { borrower, principal: 100 })).toBe(201);
  await killAt(platform, ["rollback", "prod", "--to", v1], /switch requests to/);
  const left = await releases(platform);
  expect(left.pending, "the kill came in the middle").toBeDefined();
  const again = await opsJson<{ changes: number }>(platform, ["rollback", "prod", "--to", v1]);
  expect(again.changes).toBe(1);
  await expectOnly(platform, v1, [borrower]);
});

test("a deployment killed after its commit is completed by the next", async ({ platform }) => {
  const [v1, v2] = [await commitOf(platform, "v1"), await commitOf(platform, "v2")];
  const borrower = `before the killed deployment ${own}`;
  await opsJson(platform, ["rollback", "prod", "--to", v1]);
  expect(await lend(platform.app, { borrower, principal: 100 })).toBe(201);
  await killAt(platform, ["deploy", "prod"], /commit: from here on forward only/);
  expect((await releases(platform)).pending, "the kill came in the middle").toBeDefined();
  await opsJson(platform, ["deploy", "prod"]);
  await expectOnly(platform, v2, [borrower]);
  expect(await opsJson(platform, ["deploy", "prod"])).toMatchObject({ changes: 0 });
  expect(await lend(platform.app, { borrower: `after both ${own}`, principal: 100 })).toBe(201);
});

test("a configuration killed in the middle is completed by the next", async ({ platform }) => {
  const hosts = ["ci", "app", "monitor"];
  const drift =
    "ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime; echo Etc/UTC >/etc/timezone; echo elsewhere >/etc/hostname; hostname elsewhere; echo LANG=C >/etc/default/locale";
  await Promise.all(hosts.map((host) => read(platform, host, drift)));
  await killAt(platform, ["config"], /● \w+: \S/);
  const again = await opsJson<{ changes: number }>(platform, ["config"]);
  expect(again.changes, "the kill came before the last change").toBeGreaterThan(0);
  expect(await opsJson(platform, ["config"])).toMatchObject({ changes: 0 });
  for (const host of hosts) {
    expect(await read(platform, host, "hostname; cat /etc/timezone; readlink -f /etc/localtime")).toBe(
      `${host}\nAsia/Singapore\n/usr/share/zoneinfo/Asia/Singapore`,
    );
  }
});
