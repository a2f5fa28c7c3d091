import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { glob, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const own = join(import.meta.dirname, "..", "..");
const sources = join(own, "src", "web");
const built = join(own, "dist", "web");
const stamp = join(own, "dist", "web.stamp");

async function digestOfSources(): Promise<string> {
  const hash = createHash("sha256");
  const files: string[] = [];
  for await (const file of glob("**/*.{ts,tsx,css,html,svg}", { cwd: sources })) files.push(file);
  for (const file of [...files.sort(), "../server/api.ts"])
    hash.update(file).update(await readFile(join(sources, file)));
  return hash.digest("hex");
}

/** The folder of the built page. In a checkout it is built first when its sources changed (about a second). */
export async function webFolder(say: (line: string) => void): Promise<string> {
  if (!existsSync(join(sources, "vite.config.ts"))) return built;
  const digest = await digestOfSources();
  if (existsSync(join(built, "index.html")) && (await readFile(stamp, "utf8").catch(() => "")) === digest) return built;
  say("building the console's page");
  const vite = join(dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin", "vite.js");
  await promisify(execFile)(
    process.execPath,
    [vite, "build", "--config", join(sources, "vite.config.ts"), "--logLevel", "warn"],
    { cwd: own },
  );
  await writeFile(stamp, digest);
  return built;
}
