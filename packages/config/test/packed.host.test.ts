import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMachine } from "@slipway/machines";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-packed-"));
});
afterAll(() => rm(folder, { recursive: true }));

const run = (cwd: string, program: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

/** As somebody would write it who knows nothing of this workspace. */
const program = `import { configure, file, formatReport, timezone } from "@slipway/config";
import { ssh } from "@slipway/connection";
import { debian, host } from "@slipway/model";
const { address, privateKey } = JSON.parse(process.env.TARGET);
const web = host("web", {
  on: { provider: "existing", spec: {} },
  os: debian("12"),
  has: [timezone.is("Europe/London"), file.content("/etc/motd", "hello\\n")],
});
const connection = await ssh(address, { privateKey });
console.log(formatReport(await configure(web, connection)));
await connection[Symbol.asyncDispose]();
`;

test("ten lines outside of the workspace configure a host, with the packed tarballs alone", async () => {
  run(root, "pnpm", "exec", "tsc", "-b", "packages/config", "packages/connection");
  for (const name of ["model", "connection", "config"])
    run(join(root, "packages", name), "pnpm", "pack", "--pack-destination", folder);
  const tarballs = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  expect(tarballs).toHaveLength(3);
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "outside", private: true, type: "module" }));
  run(folder, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", ...tarballs.map((name) => `./${name}`));
  await writeFile(join(folder, "main.mjs"), program);

  await using machine = await startMachine({ name: "packed" });
  const { address, port, user, privateKey, hostKey } = machine;
  const target = { address: { host: "web", address, port, user, hostKeys: [hostKey.sha256] }, privateKey };
  const configured = (): string =>
    execFileSync(process.execPath, ["main.mjs"], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], TARGET: JSON.stringify(target) },
    });
  expect(configured()).toContain("web: changed: 2, ok: 1 in ");
  expect(configured()).toContain("web: changed: 0, ok: 3 in ");
});
