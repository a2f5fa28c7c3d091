import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMachine } from "@slipway/machines";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const bin = (name: string): string => join(root, "node_modules/.bin", name);
/** Of this run's environment only what any user of the machine has: no conditions, no paths of the workspace, but the way to the registry. */
const usual =
  /^(PATH|HOME|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|(https?|no|all)_proxy|npm_config_(cafile|registry|(https_|no)?proxy))$/i;
const bare = Object.fromEntries(Object.entries(process.env).filter(([name]) => usual.test(name)));
const installMs = 240_000;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-packed-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function run(cwd: string, program: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): string {
  try {
    return execFileSync(program, args, {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...bare, ...more },
      timeout: installMs,
    });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(" ")}\n${stdout}${stderr}`, { cause: error });
  }
}

/** Packages, with those of this workspace that they need when they are installed. */
async function withNeeded(names: readonly string[], known = new Set<string>()): Promise<ReadonlySet<string>> {
  for (const name of names) {
    if (known.has(name)) continue;
    known.add(name);
    const { dependencies = {} } = JSON.parse(await readFile(join(root, "packages", name, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    const own = Object.keys(dependencies).filter((one) => one.startsWith("@slipway/"));
    await withNeeded(
      own.map((one) => one.slice("@slipway/".length)),
      known,
    );
  }
  return known;
}

/** As somebody writes it who knows nothing of this workspace. */
const program = `import { apt, configure, file, formatReport, timezone } from "@slipway/config";
import { ssh } from "@slipway/connection";
import { debian, host, type SshAddress } from "@slipway/model";
const target = JSON.parse(process.env["TARGET"] ?? "") as { address: SshAddress; privateKey: string };
const web = host("web", {
  on: { provider: "existing", spec: {} },
  os: debian("12"),
  has: [timezone.is("Europe/London"), apt.installed("hello"), file.content("/etc/motd", "hello\\n")],
});
await using connection = await ssh(target.address, { privateKey: target.privateKey });
console.log(formatReport(await configure(web, connection)));
`;

const compiler = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024", "esnext.disposable"],
    module: "nodenext",
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ["node"],
  },
  files: ["main.ts"],
};

test("a program outside of the workspace configures a host with the packed tarballs", async () => {
  const packages = [...(await withNeeded(["model", "connection", "config"]))];
  run(root, bin("tsc"), ["-b", ...packages.map((name) => join("packages", name))]);
  for (const name of packages) run(join(root, "packages", name), "pnpm", ["pack", "--pack-destination", folder]);
  const tarballs = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  expect(tarballs).toHaveLength(packages.length);

  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "outside", private: true, type: "module" }));
  await writeFile(join(folder, "main.ts"), program);
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(compiler));
  const types = `@types/node@${(JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { devDependencies: Record<string, string> }).devDependencies["@types/node"]}`;
  run(folder, "npm", [
    "install",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    types,
    ...tarballs.map((name) => `./${name}`),
  ]);
  // The shipped declarations themselves are checked as well: no skipLibCheck for them.
  expect(run(folder, bin("tsc"), ["--project", "."])).toBe("");

  await using machine = await startMachine({ name: "packed" });
  const { address, port, user, privateKey, hostKey } = machine;
  const target = { address: { host: "web", address, port, user, hostKeys: [hostKey.sha256] }, privateKey };
  const configured = (): string => run(folder, bin("node"), ["main.ts"], { TARGET: JSON.stringify(target) });
  expect(configured()).toContain("web: changed: 3, ok: ");
  expect(configured()).toContain("web: changed: 0, ok: ");
});
