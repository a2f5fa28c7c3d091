import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brokenCommit, failedRun } from "./broken.ts";
import { expect, test } from "./fixtures.ts";
import { lend } from "./ledger.ts";
import { commitOf, git, onHost, ops, opsJson, type Project, read, serverMain } from "./platform.ts";
import { releases } from "./releases.ts";
import { type Ran, start } from "./run.ts";

/** One sentence and a hint, nothing for programmers. */
function expectSentence(ran: Ran, sentence: RegExp): void {
  const lines = ran.stderr.trimEnd().split("\n");
  expect(lines.at(-2), ran.stderr).toMatch(sentence);
  expect(lines.at(-2), ran.stderr).toMatch(/^error .* \[[a-z]+\.[a-z-]+\]$/);
  expect(lines.at(-1), ran.stderr).toMatch(/^ hint \S/);
  expect(ran.stderr).not.toMatch(/^\s+at /m);
}

test("main takes no push", async ({ platform }) => {
  const [commit, main] = [await brokenCommit(platform), await serverMain(platform)];
  expect(main).toBe(await commitOf(platform, "v2"));
  for (const force of [[], ["--force"]]) {
    const pushed = await git(platform, "push", ...force, "ci", `${commit}:refs/heads/main`);
    expect(pushed.status).toBe(1);
    expect(pushed.stderr).toContain("main moves only by CI: git push ci HEAD:review");
  }
  expect((await git(platform, "push", "ci", ":refs/heads/main")).status).toBe(1);
  expect((await git(platform, "push", "ci", `${commit}:refs/verified/${commit}`)).status).toBe(1);
  expect(await serverMain(platform)).toBe(main);
});

test("a commit whose tests fail stays away from main and from production", async ({ platform }) => {
  const main = await serverMain(platform);
  const run = await failedRun(platform);
  expect(run.failedStep).toBe("unit");
  expect(await serverMain(platform)).toBe(main);

  const waited = await ops(platform, ["ci", "wait", run.commit]);
  expect(waited.status).toBe(1);
  expect(waited.stdout).toContain("failed at unit");
  const log = await ops(platform, ["ci", "log", run.id]);
  expect(log.status).toBe(0);
  expect(log.stdout).toMatch(/^not ok|^✖/m);
  expect(log.stdout).toContain("repay");

  const before = await releases(platform);
  const refused = await ops(platform, ["deploy", "prod", "--commit", run.commit]);
  expect(refused.status).toBe(5);
  expectSentence(refused, /is not verified: CI has not passed it/);
  expect(refused.stderr).toContain("git push ci HEAD:review");
  const unknown = await ops(platform, ["deploy", "prod", "--commit", "deadbeef".repeat(5)]);
  expect(unknown.status).toBe(5);
  expectSentence(unknown, /deadbeef.* is not verified/);
  const after = await releases(platform);
  expect(after.history).toEqual(before.history);
  expect(after.containers.map(({ release, state }) => ({ release, state }))).toEqual(
    before.containers.map(({ release, state }) => ({ release, state })),
  );
});

test("no rollback to a release that cannot read what was written since", async ({ platform }) => {
  expect(await lend(platform.app, { borrower: "with interest", principal: 100_000, rate: 525 })).toBe(201);
  const before = await releases(platform);
  const refused = await ops(platform, ["rollback", "prod", "--to", await commitOf(platform, "v1")]);
  expect(refused.status).toBe(5);
  expectSentence(refused, /cannot go back to .*LoanGranted/);
  expect((await releases(platform)).history).toEqual(before.history);
});

test("a type error in ops.config.ts is told in one line, with its place", async ({ platform }) => {
  const lines = (await readFile(join(platform.folder, "ops.config.ts"), "utf8")).split("\n");
  const row = lines.findIndex((line) => line.includes('repository: "ledger"'));
  const line = lines[row] ?? "";
  expect(row).toBeGreaterThan(0);
  const wrong = lines.with(row, line.replace('repository: "ledger"', 'repository: "ledgre"'));
  await writeFile(join(platform.folder, "wrong.config.ts"), wrong.join("\n"));
  const refused = await ops(platform, ["--config", "wrong.config.ts", "config"]);
  expect(refused.status).toBe(2);
  expect(refused.stdout).toBe("");
  expectSentence(refused, /ops\.config-type-error/);
  expect(refused.stderr).toContain(`error wrong.config.ts:${row + 1}:${line.indexOf("repository:") + 1} `);
});

/** Gives the host another key while `work` runs. The session that stays open puts the old one back, also when it is cut. */
async function withOtherHostKey(project: Project, host: string, work: () => Promise<void>): Promise<void> {
  const key = "/etc/ssh/ssh_host_ed25519_key";
  const script = `cp -p ${key} ${key}.kept; cp -p ${key}.pub ${key}.pub.kept
back() { mv ${key}.kept ${key}; mv ${key}.pub.kept ${key}.pub; systemctl reload ssh; }
trap back EXIT; trap exit HUP TERM PIPE
rm ${key} ${key}.pub && ssh-keygen -q -t ed25519 -N "" -f ${key} && systemctl reload ssh && echo other
read -r _`;
  const session = start([
    "ssh",
    "-F",
    join(project.folder, ".slipway/ssh_config"),
    "-o",
    "BatchMode=yes",
    host,
    script,
  ]);
  await session.seen("stdout", /other/);
  try {
    await work();
  } finally {
    session.stdin.end("\n");
    await session.ended;
  }
}

test("a host with another key is refused", async ({ platform }) => {
  await withOtherHostKey(platform, "app", async () => {
    // sshd has the new key when plain ssh refuses it too.
    await expect
      .poll(async () => (await onHost(platform, "app", "true")).stderr)
      .toContain("Host key verification failed");
    const refused = await ops(platform, ["releases", "prod"]);
    expect(refused.status).toBe(5);
    expectSentence(refused, /host key/);
    const deployed = await ops(platform, ["deploy", "prod"]);
    expect(deployed.status).toBe(5);
  });
  await expect.poll(async () => (await onHost(platform, "app", "true")).status).toBe(0);
  expect(await read(platform, "app", "hostname")).toBe("app");
});

test("a used port and a missing engine are told in one sentence", async ({ platform }) => {
  const { port } = new URL(platform.voyage.console);
  const used = await ops(platform, ["console", "--port", port]);
  expect(used.status).toBe(1);
  expectSentence(used, new RegExp(`port ${port} of 127.0.0.1 is used`));

  const missing = await ops(platform, ["provision"], { env: { DOCKER_HOST: "unix:///nonexistent.sock" } });
  expect(missing.status).toBe(1);
  expectSentence(missing, /Docker/);
});

test("what does not exist is told with what does", async ({ platform }) => {
  const environment = await ops(platform, ["deploy", "staging"]);
  expect(environment.status).toBe(2);
  expectSentence(environment, /there is no environment staging; known: prod/);
  const host = await ops(platform, ["config", "--on", "nowhere"]);
  expect(host.status).toBe(2);
  expectSentence(host, /there is no host nowhere; known: ci, app, monitor/);
  const json = await ops(platform, ["deploy", "staging", "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, error: { code: "ops.unknown-environment" } });
  expect(await opsJson(platform, ["secrets", "list"])).toMatchObject({ ok: true });
});
