import { execFile } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Machine, startMachine } from "@slipway/machines";
import { afterAll, beforeAll, expect, test } from "vitest";

const names = ["one", "two", "three"] as const;
const main = join(import.meta.dirname, "../src/cli/main.ts");
let machines: readonly Machine[] = [];
let folder = "";

beforeAll(async () => {
  machines = await Promise.all(names.map((name) => startMachine({ name })));
  // In this package, so that the file imports what the package may import.
  folder = await mkdtemp(join(import.meta.dirname, ".platform-"));
  await platform("1");
});
afterAll(async () => {
  await Promise.all(machines.map((machine) => machine[Symbol.asyncDispose]()));
  await rm(folder, { recursive: true, force: true });
});

const platform = (version: string): Promise<void> =>
  writeFile(
    join(folder, "ops.config.ts"),
    `import { file } from "@slipway/config";
import { debian, host } from "@slipway/model";
import { inContainer, ops } from "@slipway/console";
const on = (name: string, container: string) =>
  host(name, { on: inContainer(container), os: debian("12"), has: [file.content("/etc/version", "${version}\\n")] });
export default ops({ name: "rolling", hosts: [${machines.map(({ name, id }) => `on("${name}", "${id}")`).join(", ")}] });
`,
  );

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}
const ops = (...words: readonly string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--conditions=source", main, "config", ...words],
      { cwd: folder, env: { ...process.env, INIT_CWD: folder } },
      (_, stdout, stderr) => resolve({ status: child.exitCode ?? -1, stdout, stderr }),
    );
  });
const outcomes = (ran: Ran): unknown =>
  (JSON.parse(ran.stdout) as { hosts: { host: string; outcome: string }[] }).hosts.map((one) => [
    one.host,
    one.outcome,
  ]);

test("plan, apply what was planned, break, roll, retry, look: from the command line", async () => {
  const planned = await ops("plan", "--out", "next.plan");
  expect(planned, planned.stderr).toMatchObject({ status: 0 });
  expect(planned.stdout).toMatch(/^one, two, three: 0 ok, 1 to change\n {2}~ \/etc\/version has its content\n/);
  expect(planned.stdout).toContain("3 of 3 hosts would change\nsaved in next.plan");
  expect((await stat(join(folder, "next.plan"))).mode & 0o777).toBe(0o600);

  const applied = await ops("apply", "next.plan", "--canary", "1", "--json", "--events", "events.jsonl");
  expect(applied, applied.stderr).toMatchObject({ status: 0 });
  expect(outcomes(applied)).toEqual(names.map((name) => [name, "done"]));
  expect(await ops("plan", "--detailed-exit-code", "-q")).toMatchObject({ status: 4 });
  const stale = await ops("apply", "next.plan", "--json");
  expect(stale.status).toBe(5);
  expect(JSON.parse(stale.stdout)).toMatchObject({ ok: false, error: { code: "config.stale" } });

  await platform("2");
  await ops("exec", "--on", "two", "rm /etc/version && mkdir -p /etc/version/x");
  const broken = await ops("--at-once", "1", "--json");
  expect(broken.status).toBe(3);
  expect(outcomes(broken)).toEqual([["one", "done"], ["two", "failed"], ["three", "not begun"]]); // biome-ignore format: a table
  const still = await ops("--retry", "--at-once", "1");
  expect(still.status).toBe(1);
  expect(still.stdout).toContain("three: not begun\ngave up: two failed\n2 hosts: 1 failed, 1 not begun in ");
  await ops("exec", "--on", "two", "rm -r /etc/version");
  const retried = await ops("--retry", "--json");
  expect(outcomes(retried)).toEqual([["two", "done"], ["three", "done"]]); // biome-ignore format: a table
  expect(await ops("--retry")).toMatchObject({ status: 4, stdout: expect.stringContaining("nothing to retry") });

  const asked = await ops("exec", "cat /etc/version; test $(hostname) = one");
  expect(asked.status).toBe(3);
  expect(asked.stdout.trim().split("\n").sort()).toEqual(["one   | 2", "three | 2", "two   | 2"]);
  expect(asked.stderr).toContain("two: exit status 1");
  await ops("exec", "--on", "three", "echo by hand >/etc/version");
  const drifted = await ops("drift", "--on", "one,three");
  expect(drifted.stdout).toMatch(/^one: no drift \(last applied .*\n.*three: 1 differs/);
  expect(drifted.stdout).toContain("  host changed: /etc/version has its content\n");
  const seen = JSON.parse((await ops("facts", "--on", "two", "--json")).stdout) as { hosts: object[] };
  expect(seen.hosts).toMatchObject([{ host: "two", os: { id: "debian", version: "12" }, virtualization: "docker" }]);
});
