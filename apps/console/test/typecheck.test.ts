import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadProject } from "../src/platform/load.ts";
import { parseDiagnostics } from "../src/platform/typecheck.ts";

// Inside the checkout, so that the workspace's packages are found as in a user's project.
const root = join(import.meta.dirname, "../../..");
let folder: string;
beforeAll(async () => {
  await mkdir(join(root, ".slipway/test"), { recursive: true });
  folder = await mkdtemp(join(root, ".slipway/test/config-"));
});
afterAll(() => rm(folder, { recursive: true }));

const load = async (text: string): Promise<unknown> => {
  await writeFile(join(folder, "ops.config.ts"), text);
  return loadProject({ cwd: folder });
};

const head = `import { ops } from "@slipway/console";
import { debian, host } from "@slipway/model";
import { docker, timezone } from "@slipway/config";
import { droplet } from "@slipway/provision/digitalocean";
const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
`;

test("the compiler's lines are read, explanations joined to their error", () => {
  expect(
    parseDiagnostics(
      "ops.config.ts(3,7): error TS2322: Type 'number' is not assignable.\n  Types differ.\nlib/x.ts(1,2): error TS1: b\nFound 2 errors.\n",
    ),
  ).toEqual([
    {
      file: "ops.config.ts",
      line: 3,
      column: 7,
      code: "TS2322",
      message: "Type 'number' is not assignable.\n  Types differ.",
    },
    { file: "lib/x.ts", line: 1, column: 2, code: "TS1", message: "b" },
  ]);
});

test("a typing error is one error with file, line and column, and exit code 2", { timeout: 60_000 }, async () => {
  const wrong = `${head}export default ops({ name: "t", hosts: [host("a", { on, os: debian("12"), has: [timezone.is(8)] })] });\n`;
  await expect(load(wrong)).rejects.toMatchObject({
    code: "ops.config-type-error",
    exitCode: 2,
    message: expect.stringMatching(/^ops\.config\.ts:6:\d+ Argument of type '[^']+' is not assignable to parameter/),
  });
});

test("a deployment to a host without Docker does not compile", { timeout: 60_000 }, async () => {
  const wrong = `${head}const bare = host("bare", { on, os: debian("12"), has: [timezone.is("UTC")] });
const build = host("build", { on, os: debian("12"), has: [docker.installed] });
export default ops({ name: "t", hosts: [bare, build], deployments: { prod: { repository: "x", to: bare } } });\n`;
  await expect(load(wrong)).rejects.toMatchObject({
    code: "ops.config-type-error",
    message: expect.stringContaining("ops.config.ts:8:"),
  });
});

test("an error thrown while the file runs names its line", { timeout: 60_000 }, async () => {
  await expect(load(`${head}throw new Error("no such thing");\n`)).rejects.toMatchObject({
    code: "ops.config-failed",
    message: "ops.config.ts:6:7 no such thing",
  });
});

test("no file anywhere above is one clear error", async () => {
  await expect(loadProject({ cwd: "/" })).rejects.toMatchObject({ code: "ops.no-config", exitCode: 2 });
});
