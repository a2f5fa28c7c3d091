import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const folder = new URL("../", import.meta.url);

test("the README's program does what it says", async () => {
  const [, program = ""] = /```ts run\n([\s\S]*?)```/.exec(readFileSync(new URL("README.md", folder), "utf8")) ?? [];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=source", "--input-type=module-typescript", "--eval", program],
    { cwd: fileURLToPath(folder), timeout: 30_000 },
  );
  expect(stdout).toMatch(/^Critical: http:\/\/127\.0\.0\.1:\d+\/ does not answer as expected on 127\.0\.0\.1\n/);
  expect(stdout).toContain("status 502 ≠ 200");
}, 30_000);
