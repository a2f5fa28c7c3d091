import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { Docker } from "@slipway/connection/docker";
import { tarEnd, tarHeader, tarPadding } from "../../src/tar.ts";

const run = promisify(execFile);
const label = "slipway-test";
const base = `slipway-deploy-test/node:${process.versions.node}`;

/** Node and its libraries FROM scratch, made of this machine's own; kept between runs. */
async function ensureBase(docker: Docker): Promise<void> {
  if ((await docker.listImages({ filters: { reference: [base] } })).length > 0) return;
  const folder = await mkdtemp(join(tmpdir(), "slipway-deploy-image-"));
  try {
    const { stdout } = await run("ldd", [process.execPath]);
    const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? "");
    for (const [from, to] of [[process.execPath, "/bin/node"], ...libraries.map((path) => [path, path])] as [
      string,
      string,
    ][]) {
      await mkdir(dirname(join(folder, to)), { recursive: true });
      await copyFile(from, join(folder, to));
    }
    await mkdir(join(folder, "tmp"));
    await mkdir(join(folder, "app"));
    const tar = spawn("tar", ["-c", "-C", folder, "."], { stdio: ["ignore", "pipe", "inherit"] });
    const [repo, tag] = base.split(":") as [string, string];
    await text(await docker.importImage(tar.stdout, { repo, tag }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

export interface Build {
  readonly app: string;
  readonly commit: string;
  readonly writes: number;
  readonly reads: readonly number[];
  /** Service that ends as soon as it starts. */
  readonly broken?: string;
}

/** Builds the test service at a "commit" and names it for core, web and mail. Gives service → image id. */
export async function buildService(docker: Docker, build: Build): Promise<Readonly<Record<string, string>>> {
  await ensureBase(docker);
  const { app, commit, ...version } = build;
  const files: readonly [string, string | Buffer][] = [
    [
      "Dockerfile",
      `FROM ${base}\nCOPY service.mjs version.json /app/\nUSER 1000:1000\nCMD ["/bin/node", "/app/service.mjs"]\n`,
    ],
    ["service.mjs", await readFile(new URL("../fixtures/service.mjs", import.meta.url))],
    ["version.json", JSON.stringify({ ...version, commit })],
  ];
  const parts = files.flatMap(([name, content]) => {
    const bytes = Buffer.from(content);
    return [tarHeader({ name, size: bytes.length }), bytes, tarPadding(bytes.length)];
  });
  const names = ["core", "web", "mail"].map((service) => `${app}/${service}:${commit}`);
  const context = Readable.from([Buffer.concat([...parts, tarEnd])]);
  await text(await docker.buildImage(context, { t: names[0] ?? "", labels: { [label]: "deploy" } }));
  const { Id } = await docker.getImage(names[0] ?? "").inspect();
  for (const name of names.slice(1)) await docker.getImage(Id).tag({ repo: name.split(":")[0] ?? "", tag: commit });
  return { core: Id, web: Id, mail: Id };
}

/** Removes what was built here; the base stays for the next time. */
export async function removeImages(docker: Docker): Promise<void> {
  for (const { RepoTags } of await docker.listImages({ filters: { label: [`${label}=deploy`], dangling: ["false"] } }))
    for (const tag of RepoTags ?? []) await docker.getImage(tag).remove();
}

/** A commit id made of a word. */
export const commitOf = (word: string): string => createHash("sha1").update(word).digest("hex");
