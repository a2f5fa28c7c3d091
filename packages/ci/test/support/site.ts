import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Repository } from "@slipway/ci";
import { runtimeImage, toolchainImage } from "@slipway/ci/images/index";
import { local } from "@slipway/connection";
import { type Docker, docker } from "@slipway/connection/docker";
import type { Connection } from "@slipway/model";
import { generateKey, type KeyPair } from "@slipway/trust";
import { postReceiveHook, updateHook } from "./hooks.ts";

const run = promisify(execFile);

/** Nobody's own git settings reach a test, nor those of a hook that runs it. */
export const gitEnv = (more: Record<string, string> = {}): NodeJS.ProcessEnv => ({
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Anna",
  GIT_AUTHOR_EMAIL: "anna@example.org",
  GIT_COMMITTER_NAME: "Anna",
  GIT_COMMITTER_EMAIL: "anna@example.org",
  ...more,
});

/** A developer's working copy. */
export interface WorkingCopy {
  readonly folder: string;
  git(...args: string[]): Promise<string>;
  /** Writes files, commits them, gives the commit. */
  commit(message: string, files: Readonly<Record<string, string>>): Promise<string>;
}

export async function workingCopy(folder: string, env: Record<string, string> = {}): Promise<WorkingCopy> {
  const git = async (...args: string[]): Promise<string> =>
    (await run("git", args, { cwd: folder, env: gitEnv(env) })).stdout.trim();
  await mkdir(folder, { recursive: true });
  await git("init", "--quiet", "--initial-branch=main");
  return {
    folder,
    git,
    async commit(message, files) {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), content);
      }
      await git("add", "--all");
      await git("commit", "--quiet", "--allow-empty", "-m", message);
      return await git("rev-parse", "HEAD");
    },
  };
}

/** A repository with hooks and a CI's state in a folder of this machine, with its Docker engine. */
export interface Site extends AsyncDisposable {
  readonly root: string;
  readonly repository: Repository;
  readonly copy: WorkingCopy;
  readonly connection: Connection;
  readonly docker: Docker;
  readonly key: KeyPair;
  readonly images: { readonly toolchain: string; readonly node: string };
  ref(name: string): Promise<string | undefined>;
  file(name: string): Promise<string>;
}

export async function site(name: string): Promise<Site> {
  const root = await mkdtemp(join(tmpdir(), "slipway-ci-"));
  const repository: Repository = {
    name: `${name}${process.pid}`,
    gitDir: join(root, "repository.git"),
    stateDir: join(root, "state"),
  };
  const connection = local();
  const engine = await docker(connection);
  const signal = AbortSignal.timeout(300_000);
  const images = {
    toolchain: (await toolchainImage(engine, { signal })).name,
    node: (await runtimeImage(engine, { signal })).name,
  };
  await run("git", ["init", "--quiet", "--bare", "--initial-branch=main", repository.gitDir], { env: gitEnv() });
  for (const [hook, text] of [
    ["update", updateHook],
    ["post-receive", postReceiveHook],
  ] as const) {
    await writeFile(join(repository.gitDir, "hooks", hook), text);
    await chmod(join(repository.gitDir, "hooks", hook), 0o755);
  }
  const copy = await workingCopy(join(root, "copy"));
  await copy.git("remote", "add", "ci", repository.gitDir);
  return {
    root,
    repository,
    copy,
    connection,
    docker: engine,
    key: await generateKey({ name: "CI", email: "ci@example.org" }),
    images,
    ref: (ref) =>
      run("git", ["--git-dir", repository.gitDir, "rev-parse", "--verify", "--quiet", ref], { env: gitEnv() }).then(
        ({ stdout }) => stdout.trim(),
        () => undefined,
      ),
    file: (path) => readFile(join(root, path), "utf8"),
    async [Symbol.asyncDispose]() {
      await clean(engine, repository.name);
      await connection[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export interface Leftovers {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  /** Volumes, by kind. */
  readonly work: readonly string[];
  readonly outputs: readonly string[];
  readonly building: readonly string[];
}

/** What a CI has on the engine now. */
export async function leftovers(engine: Docker, repository: string): Promise<Leftovers> {
  const label = [`slipway.ci=${repository}`];
  const { Volumes: volumes } = await engine.listVolumes({ filters: { label } });
  const ofKind = (kind: string) =>
    (volumes ?? []).filter((one) => one.Labels?.["slipway.kind"] === kind).map((one) => one.Name);
  return {
    containers: (await engine.listContainers({ all: true, filters: { label } })).map((one) => one.Names[0] ?? one.Id),
    networks: (await engine.listNetworks({ filters: { label } })).map((one) => one.Name),
    work: ofKind("work"),
    outputs: ofKind("output"),
    building: (await engine.listImages())
      .flatMap((one) => one.RepoTags ?? [])
      .filter((tag) => tag.startsWith(`slipway-ci/${repository}/`)),
  };
}

/** Removes everything of a CI from the engine, its images too. */
async function clean(engine: Docker, repository: string): Promise<void> {
  const label = [`slipway.ci=${repository}`];
  for (const { Id } of await engine.listContainers({ all: true, filters: { label } }))
    await engine.getContainer(Id).remove({ force: true, v: true });
  for (const { Id } of await engine.listNetworks({ filters: { label } })) await engine.getNetwork(Id).remove();
  const { Volumes: volumes } = await engine.listVolumes({ filters: { label } });
  for (const { Name } of volumes ?? []) await engine.getVolume(Name).remove();
  for (const image of await engine.listImages({ filters: { label: [`slipway.repository=${repository}`] } })) {
    await engine.getImage(image.Id).remove({ force: true });
  }
}
