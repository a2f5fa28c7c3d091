import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { told } from "./chat.ts";
import { expect, test } from "./fixtures.ts";
import { commitOf, git, ops, opsJson, serverMain, startOps, voyageOf } from "./platform.ts";
import { exactly, releases, seenContainers } from "./releases.ts";
import { run } from "./run.ts";

const legs = ["provision", "configure", "CI", "deploy", "watch", "roll back"];

test("ops demo walks all six legs", async ({ platform }) => {
  const { voyage } = platform;
  expect(voyage.legs.map((leg) => leg.name)).toEqual(legs);
  for (const leg of voyage.legs) {
    expect(leg, leg.name).toMatchObject({ ok: true });
    expect(leg.seconds, leg.name).toBeGreaterThan(0);
    expect(leg.changes, leg.name).toBeGreaterThan(0);
    expect(leg.seen, leg.name).not.toBe("");
  }
  expect(voyage.ok).toBe(true);
  expect(voyage.changes).toBe(voyage.legs.reduce((sum, leg) => sum + leg.changes, 0));
});

test("ops demo again changes nothing, and ^C ends it", async ({ platform }) => {
  const again = startOps(platform, ["demo", "--json", "--port", "0"]);
  const voyage = await voyageOf(again);
  again.kill("SIGINT");
  expect((await again.ended).status).toBe(0);
  expect(voyage.legs.map(({ name, ok, changes }) => ({ name, ok, changes }))).toEqual(
    legs.map((name) => ({ name, ok: true, changes: 0 })),
  );
});

test("the legs one by one change nothing either", async ({ platform }) => {
  const provisioned = await opsJson<{ changes: number; machines: { name: string }[] }>(platform, ["provision"]);
  expect(provisioned.changes).toBe(0);
  expect(provisioned.machines.map((machine) => machine.name)).toEqual(["app", "ci", "monitor"]);

  const configured = await opsJson<{
    changes: number;
    hosts: { host: string; report: { ok: number; changed: number; failed: number } }[];
  }>(platform, ["config"]);
  expect(configured.changes).toBe(0);
  expect(configured.hosts.map((one) => one.host).toSorted()).toEqual(["app", "ci", "monitor"]);
  for (const { host, report } of configured.hosts) {
    expect(report.ok, host).toBeGreaterThan(10);
    expect(report, host).toMatchObject({ changed: 0, failed: 0 });
  }

  const v2 = await commitOf(platform, "v2");
  // Review may still be at another test's commit; the second push has nothing to do in any case.
  expect((await git(platform, "push", "--force", "ci", "HEAD:review")).status).toBe(0);
  const pushed = await git(platform, "push", "ci", "HEAD:review");
  expect(pushed).toMatchObject({ status: 0 });
  expect(pushed.stderr).toContain("Everything up-to-date");
  expect(await serverMain(platform)).toBe(v2);

  const deployed = await opsJson<{ changes: number; outcome: string }>(platform, ["deploy", "prod"]);
  expect(deployed).toMatchObject({ changes: 0, outcome: "nothing to do" });
  const seen = await releases(platform);
  expect(seen.current?.deployment.commit).toBe(v2);
  expect(seen.pending).toBeUndefined();
  expect(seenContainers(seen)).toEqual(exactly(v2));
  expect(seen.history.map((one) => one.deployment.action)).toContain("rollback");
});

test("ops monitor status tells that all is well, and the team was told of every end", async ({ platform }) => {
  // After some alerts in quick succession one resolves only after minutes of calm.
  test.setTimeout(420_000);
  interface Status {
    readonly hosts: readonly { name: string; state: string; metrics: Record<string, { metric: number }> }[];
    readonly checks: readonly { name: string; state: string }[];
    readonly alerts: readonly { title: string }[];
    readonly undelivered: number;
  }
  const ledger = "http://app/api/loans";
  const status = (): Promise<Status> => opsJson<Status>(platform, ["monitor", "status"]);
  const seen = async (): Promise<object> => {
    const { hosts, checks, alerts, undelivered } = await status();
    return {
      hosts: hosts.map(({ name, state }) => `${name} ${state}`).toSorted(),
      checks: [...new Set(checks.map((check) => check.state))],
      // Others may tell of the machine that this runs on: busy, or nearly full.
      alerts: alerts.filter((alert) => alert.title.includes(ledger)),
      undelivered,
    };
  };
  await expect
    .poll(seen, { timeout: 360_000 })
    .toEqual({ hosts: ["app ok", "ci ok", "monitor ok"], checks: ["ok"], alerts: [], undelivered: 0 });
  const { hosts, checks } = await status();
  expect(checks.map((check) => check.name).join("\n")).toContain(ledger);
  for (const { name, metrics } of hosts) expect(metrics["memory"]?.metric, name).toBeGreaterThan(0);
  const texts = (await told(platform)).filter((text) => text.includes(ledger));
  expect(texts[0]).toMatch(/^Critical: /);
  expect(texts.at(-1)).toMatch(/^Resolved after /);
});

test("secrets go in by standard input, come out whole, and gpg reads them too", async ({ platform }) => {
  const value = 'höhlenmaler "quoted" $HOME\nand a second line';
  const set = await ops(platform, ["secrets", "set", "e2e.sample"], { input: `${value}\n` });
  expect(set).toMatchObject({ status: 0 });
  expect(set.stdout + set.stderr).not.toContain("quoted");
  expect((await ops(platform, ["secrets", "get", "e2e.sample"])).stdout).toBe(`${value}\n`);
  const { secrets } = await opsJson<{ secrets: readonly string[] }>(platform, ["secrets", "list"]);
  expect(secrets).toContain("e2e.sample");
  expect(secrets).toContain("ci.signing-key");

  const file = join(platform.folder, ".slipway/vault/e2e.sample.asc");
  const cipher = await readFile(file, "utf8");
  expect(cipher).toContain("-----BEGIN PGP MESSAGE-----");
  expect(cipher).not.toContain("quoted");
  // A short path: gpg-agent's socket lies in it.
  const home = await mkdtemp(join(tmpdir(), "gpg-"));
  try {
    const gpg = (...args: string[]) =>
      run(["gpg", "--homedir", home, "--batch", "--quiet", "--no-tty", "--trust-model", "always", ...args]);
    expect(await gpg("--import", join(platform.folder, ".slipway/keys/operator.asc"))).toMatchObject({ status: 0 });
    expect((await gpg("--decrypt", file)).stdout).toBe(value);
  } finally {
    await run(["gpgconf", "--homedir", home, "--kill", "all"]);
    await rm(home, { recursive: true, force: true });
  }

  const missing = await ops(platform, ["secrets", "get", "e2e.never-set"]);
  expect(missing.status).not.toBe(0);
  expect(missing.stderr).toContain("ops secrets set e2e.never-set");
});
