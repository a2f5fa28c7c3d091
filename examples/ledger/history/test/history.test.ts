import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import app from "../../app.ts";
import pipeline from "../../pipeline.ts";
import { reads } from "../../src/stream/event.ts";
import { createFailingCommit, createLedgerRepository, type LedgerHistory } from "../create.ts";
import { git } from "../git.ts";

const run = promisify(execFile);
const modules = new URL("../../node_modules", import.meta.url).pathname;

let folder: string;
let repository: string;
let history: LedgerHistory;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ledger-history-"));
  repository = join(folder, "ledger");
  history = await createLedgerRepository(repository);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The files of a commit, with the dependencies that its lock file names. */
const tree = async (commit: string): Promise<string> => {
  const path = await mkdtemp(join(folder, "tree-"));
  await git(repository, ["worktree", "add", "--quiet", "--force", "--detach", path, commit]);
  await symlink(modules, join(path, "node_modules"));
  return path;
};

/** Runs a commit's own tests with its own runner. Rejects when one fails. */
const ownTests = async (commit: string, pattern = "tests/*.test.ts"): Promise<string> =>
  (
    await run(process.execPath, ["--test", "--test-reporter=tap", pattern], {
      cwd: await tree(commit),
      env: { PATH: "" },
    })
  ).stdout;

test("the commits' ids are the same every time", async () => {
  expect(await createLedgerRepository(join(folder, "again"))).toEqual(history);
  expect(await git(repository, ["log", "--format=%s", "v2"])).toBe(
    "Ledger 2: loans with interest\nLedger 1: loans and repayments",
  );
});

test("made again, it only gets its remote; somebody else's folder is left alone", async () => {
  const remote = { remote: "ssh://git@ci/srv/git/ledger.git", sshCommand: "ssh -F config" };
  expect(await createLedgerRepository(repository, remote)).toEqual(history);
  expect(await git(repository, ["remote", "get-url", "origin"])).toBe(remote.remote);
  expect(await git(repository, ["status", "--porcelain"])).toBe("");
  const foreign = join(folder, "foreign");
  await mkdir(foreign);
  await writeFile(join(foreign, "README.md"), "mine");
  await expect(createLedgerRepository(foreign)).rejects.toThrow("is not empty");
});

test("what the application says it reads is what its code reads", () => {
  const core = app.services.find(({ name }) => name === "core");
  expect(core?.events?.reads).toEqual(reads);
  expect(core?.events?.writes).toEqual({ LoanGranted: 1, RepaymentMade: 1 });
});

test("the pipeline builds an image of every service and tests them together", () => {
  const images = pipeline.steps.flatMap((step) => (step.kind === "image" ? [step.service] : []));
  expect(images.toSorted()).toEqual(app.services.map(({ name }) => name).toSorted());
  expect(pipeline.steps.find(({ name }) => name === "end to end")?.needs.toSorted()).toEqual([
    "image core",
    "image mail",
    "image web",
    "unit",
  ]);
});

test("the failing commit fails its unit tests, and is the same every time", { timeout: 60_000 }, async () => {
  const broken = await createFailingCommit(repository);
  expect(await createFailingCommit(repository)).toBe(broken);
  expect(await git(repository, ["rev-parse", `${broken}^`])).toBe(history.v1);
  expect(await git(repository, ["status", "--porcelain"])).toBe("");
  await expect(ownTests(broken, "tests/ledger.test.ts")).rejects.toThrow();
});

test("version 1 runs on what version 2 wrote, until a loan with interest is in it", { timeout: 60_000 }, async () => {
  const data = join(folder, "data");
  await mkdir(data);
  const [one, two] = [await tree(history.v1), await tree(history.v2)];
  const grant = async (url: string, more: object) =>
    (
      await fetch(`${url}/api/loans`, {
        method: "POST",
        body: JSON.stringify({ borrower: "Ada", email: "ada@example.com", principal: 10_000, ...more }),
      })
    ).status;

  await withCore(two, data, async ({ port }) => {
    expect(await grant(`http://127.0.0.1:${port}`, {})).toBe(201);
  });
  await withCore(one, data, async ({ port }) => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect(await answer.json()).toEqual({ role: "active", offset: 1 });
  });
  await withCore(two, data, async ({ port }) => {
    expect(await grant(`http://127.0.0.1:${port}`, { rate: 525 })).toBe(201);
  });
  await withCore(one, data, async ({ reason }) => {
    expect(reason).toBe("event 2 is LoanGranted version 2; this release reads version 1");
  });
});

/** Runs `core` of a tree until `use` is done. It gets the first line of its log. */
const withCore = async (
  path: string,
  data: string,
  use: (line: { readonly port?: number; readonly reason?: string }) => Promise<void>,
): Promise<void> => {
  const core = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "src/core/main.ts"], {
    cwd: path,
    env: { DATA: data, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(core, "exit");
  try {
    const [line] = (await once(createInterface({ input: core.stdout }), "line")) as [string];
    await use(JSON.parse(line) as { port?: number; reason?: string });
  } finally {
    core.kill("SIGTERM");
    await exit;
  }
};
