import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLedgerRepository } from "../create.ts";
import { git } from "../git.ts";

const run = promisify(execFile);
const modules = new URL("../../node_modules", import.meta.url).pathname;
let repository: string;

beforeAll(async () => {
  repository = await mkdtemp(join(tmpdir(), "ledger-versions-"));
  await createLedgerRepository(repository);
  await symlink(modules, join(repository, "node_modules"));
});
afterAll(() => rm(repository, { recursive: true, force: true }));

// Its own tests kill processes and hand over under load, which takes its time on a busy machine.
test.each(["v1", "v2"])("%s compiles and passes its own tests", async (version) => {
  await git(repository, ["checkout", "--quiet", "--detach", version]);
  const options = { cwd: repository, env: { PATH: process.env["PATH"] } };
  for (const project of [".", "tests"]) {
    await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", project, "--noEmit"], options);
  }
  const { stdout } = await run(process.execPath, ["--test", "--test-reporter=tap", "tests/*.test.ts"], options);
  expect(stdout).toMatch(/^# fail 0$/m);
});
