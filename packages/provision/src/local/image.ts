import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { messageOf } from "@slipway/model";
import { fail } from "../errors.ts";
import { type Engine, hasStatus } from "./engine.ts";
import { finishHost, finishRoot, hostFiles, hostPackages } from "./host-files.ts";
import { exclusively } from "./lock.ts";
import { type HostDistro, type Release, releases } from "./releases.ts";
import { type TarFile, tar } from "./tar.ts";

export interface HostImage {
  /** Name and tag of the image in the engine, such as `slipway/host:debian-12-1f0c…`. */
  readonly name: string;
  readonly made: "found" | "from the cache" | "by mmdebstrap" | "from a registry";
}

export interface HostImageOptions {
  /** Default Debian 12. */
  readonly distro?: HostDistro;
  readonly signal?: AbortSignal;
  /** Told once per stage. */
  readonly onProgress?: (message: string) => void;
}

/** Where built images are kept between runs: `$XDG_CACHE_HOME/slipway`, else `~/.cache/slipway`. */
export const cacheFolder = (): string => join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "slipway");

/** Certificates that this machine trusts besides Debian's own, so that its hosts reach what it reaches. */
async function ownCertificates(): Promise<TarFile[]> {
  const folder = "/usr/local/share/ca-certificates";
  const names = await readdir(folder).catch(() => []);
  const wanted = names.filter((name) => name.endsWith(".crt")).sort();
  return Promise.all(
    wanted.map(async (name) => ({ path: `${folder}/${name}`, content: await readFile(join(folder, name)) })),
  );
}

/**
 * Makes sure that the engine has the image of a local host and gives its name. It is found by the hash of its recipe: in the engine, else in the
 * cache folder, else it is built with mmdebstrap, else from the release's image of a registry. Processes that want it at once wait for one
 * builder; an interrupted build leaves nothing.
 */
export async function ensureHostImage(engine: Engine, options: HostImageOptions = {}): Promise<HostImage> {
  return ensureImage(engine, await hostRecipe(options.distro ?? "debian-12"), options);
}

async function hostRecipe(distro: HostDistro): Promise<ImageRecipe> {
  return {
    what: "host",
    title: distro,
    release: releases[distro],
    packages: hostPackages,
    files: [...hostFiles, ...(await ownCertificates())],
    variant: "minbase",
    lean: ["usr/share/man/*", "usr/share/doc/*", "usr/share/locale/*"],
    finish: { root: finishRoot, container: finishHost },
  };
}

/**
 * Whether this machine has or can make the image of a release. Only one that is seldom within reach is looked for, once, and given up soon: where
 * it was not found the cloud does not offer it.
 */
export async function canHaveImage(engine: Engine, distro: HostDistro): Promise<boolean> {
  const recipe = await hostRecipe(distro);
  const { release } = recipe;
  const name = imageName(recipe);
  if (release.rare === undefined || (await has(engine, name)) || (await exists(keptAt(name)))) return true;
  if (await has(engine, release.registry.join(":"))) return true;
  if (!(await exists("/usr/bin/mmdebstrap")) || !(await exists(release.rare.keyring))) return false;
  const answer = await fetch(release.rare.probe, { method: "HEAD", signal: AbortSignal.timeout(3_000) }).catch(
    () => undefined,
  );
  return answer?.ok === true;
}

/** What an image is made of. */
export interface ImageRecipe {
  /** Name of the image below `slipway/`. */
  readonly what: string;
  /** Begins its tag, before the hash. */
  readonly title: string;
  readonly release: Release;
  readonly packages: readonly string[];
  readonly files: readonly TarFile[];
  /** `extract` unpacks the packages and runs nothing of them. */
  readonly variant: "minbase" | "extract";
  /** What is left out again, as patterns for sh. */
  readonly lean: readonly string[];
  /** Scripts that run in it in the end: in its root, or in a container of it. */
  readonly finish?: { readonly root: string; readonly container: string };
}

/** Name and tag of the image of a recipe. */
export function imageName({ what, title, release, packages, files, variant, lean, finish }: ImageRecipe): string {
  const recipe = createHash("sha256")
    .update(JSON.stringify([2, packages, finish?.root ?? "", variant, lean, release.mirrors, process.arch]))
    .update(tar(files))
    .digest("hex");
  return `slipway/${what}:${title}-${recipe.slice(0, 16)}`;
}

const keptAt = (name: string): string => join(cacheFolder(), `${name.replace("slipway/", "").replace(":", "-")}.tar`);

/** As {@link ensureHostImage}, for any recipe. */
export async function ensureImage(
  engine: Engine,
  recipe: ImageRecipe,
  options: Omit<HostImageOptions, "distro"> = {},
): Promise<HostImage> {
  const name = imageName(recipe);
  if (await has(engine, name)) return { name, made: "found" };
  const kept = keptAt(name);
  return exclusively(
    kept,
    async () => {
      if (await has(engine, name)) return { name, made: "found" };
      return make(engine, { ...recipe, name, kept }, options);
    },
    options.signal,
  );
}

interface Making extends ImageRecipe {
  readonly name: string;
  /** Path of the archive in the cache folder. */
  readonly kept: string;
}

async function make(engine: Engine, image: Making, options: HostImageOptions): Promise<HostImage> {
  const { name, release, kept, what } = image;
  const say = options.onProgress ?? (() => {});
  let made: HostImage["made"] = "from the cache";
  if (!(await exists(kept))) {
    if (!(await exists("/usr/bin/mmdebstrap"))) {
      say(`building the ${what} image from ${release.registry.join(":")} of the registry (once)`);
      await fromRegistry(engine, image, options.signal);
      return { name, made: "from a registry" };
    }
    say(`building the ${what} image with mmdebstrap (about a minute, once)`);
    await exclusively(join(cacheFolder(), "build"), () => build(image, options.signal), options.signal);
    made = "by mmdebstrap";
  }
  say(`importing the ${what} image into the engine`);
  const [repo, tag] = name.split(":") as [string, string];
  const done = await engine.call("POST", "/images/create", {
    query: { fromSrc: "-", repo, tag },
    body: createReadStream(kept),
    ...(options.signal && { signal: options.signal }),
  });
  refuseErrors(done.text);
  return { name, made };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

export const has = async (engine: Engine, name: string): Promise<boolean> =>
  (await engine.call("GET", `/images/${name}/json`, { accept: [404] })).status === 200;

/** Long calls of the engine answer 200 at once and put a failure into their stream. */
function refuseErrors(stream: string): void {
  for (const line of stream.split("\n")) {
    if (!line.includes('"error"')) continue;
    const said = (JSON.parse(line) as { error?: string }).error ?? line;
    throw /no space left/.test(said)
      ? fail("disk.full", "the Docker engine's disk is full")
      : fail("image.failed", `the engine did not take the host image: ${said}`);
  }
}

async function build(image: Making, signal: AbortSignal | undefined): Promise<void> {
  const { what, release, kept, files, packages, variant, lean, finish } = image;
  if (process.getuid?.() !== 0) throw fail("image.unavailable", `building the ${what} image needs root`);
  await mkdir(cacheFolder(), { recursive: true });
  // Only the holder of the lock is here, so what an interrupted build left is nobody's.
  const mounts = await readFile("/proc/self/mounts", "utf8");
  for (const name of await readdir(cacheFolder())) {
    const left = join(cacheFolder(), name);
    // Never through a mount: behind it is the machine's own /proc or /dev.
    if (name.startsWith("build-") && !mounts.includes(left)) await rm(left, { recursive: true, force: true });
  }
  const folder = await mkdtemp(join(cacheFolder(), "build-"));
  try {
    await writeFile(join(folder, "files.tar"), tar(files));
    await writeFile(join(folder, "finish.sh"), finish?.root ?? "");
    const half = join(folder, "host.tar");
    await run(
      // A process namespace of its own ends with this process, however that ends, and all in it: an orphan would go on in a folder that the next
      // builder clears.
      "setpriv",
      [
        "--pdeathsig=KILL",
        "unshare",
        "--fork",
        "--pid",
        "--mount-proc",
        "--kill-child=KILL",
        "mmdebstrap",
        "--mode=root",
        `--variant=${variant}`,
        "--skip=cleanup/apt/lists",
        `--include=${packages.join(",")}`,
        '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=Acquire::Languages "none"',
        // Before dpkg runs: among the files is what it leaves out. Given as an option it would cost a filter per package.
        `--extract-hook=tar-in ${join(folder, "files.tar")} /`,
        `--extract-hook=cd "$1" && rm -rf ${lean.join(" ")}`,
        ...(finish === undefined ? [] : [`--customize-hook=chroot "$1" sh < ${join(folder, "finish.sh")}`]),
        release.suite,
        half,
        ...release.mirrors,
      ],
      { ...process.env, PATH: "/usr/sbin:/usr/bin:/sbin:/bin", TMPDIR: folder },
      signal,
    );
    await rename(half, kept);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      [...args],
      { env, maxBuffer: 1 << 26, killSignal: "SIGKILL", ...(signal && { signal }) },
      (error, _out, stderr) => {
        if (error === null) return resolve();
        if (signal?.aborted === true) return reject(signal.reason);
        const last = stderr
          .trim()
          .split("\n")
          .filter((line) => line.startsWith("E:") || /No space left/.test(line))
          .slice(-3)
          .join("; ");
        if (/No space left on device/.test(stderr))
          return reject(fail("disk.full", `no space is left for the host image in ${cacheFolder()}`, { cause: error }));
        reject(fail("image.failed", `mmdebstrap failed: ${last || messageOf(error)}`, { cause: error }));
      },
    );
  });
}

/** The same image where a registry answers: Debian's own, then the same packages, files and finish. */
async function fromRegistry(
  engine: Engine,
  { name, release, files, packages, finish }: Making,
  signal: AbortSignal | undefined,
): Promise<void> {
  const more = signal && { signal };
  const [fromImage, tagOf] = release.registry;
  try {
    const pulled = await engine.call("POST", "/images/create", { query: { fromImage, tag: tagOf }, ...more });
    refuseErrors(pulled.text);
  } catch (error) {
    if (await has(engine, `${fromImage}:${tagOf}`)) {
      // an image that is there already is as good
    } else
      throw fail("image.unavailable", "there is no mmdebstrap on this machine and no registry answers", {
        cause: error,
      });
  }
  const install = `set -e; apt-get update; DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  const made = await engine.call("POST", "/containers/create", {
    body: {
      Image: `${fromImage}:${tagOf}`,
      Cmd: ["sh", "-c", `${install}\n${finish?.container ?? ""}`],
      Labels: { "slipway.image": "building" },
    },
    ...more,
  });
  const id = (made.json() as { Id: string }).Id;
  try {
    await engine.call("PUT", `/containers/${id}/archive`, { query: { path: "/" }, body: tar(files), ...more });
    await engine.call("POST", `/containers/${id}/start`, { ...more });
    const ended = await engine.call("POST", `/containers/${id}/wait`, { ...more });
    const status = (ended.json() as { StatusCode: number }).StatusCode;
    if (status !== 0) throw fail("image.failed", `installing the host's packages failed with status ${status}`);
    const [repo, tag] = name.split(":") as [string, string];
    await engine.call("POST", "/commit", { query: { container: id, repo, tag }, ...more });
  } finally {
    await engine.call("DELETE", `/containers/${id}`, { query: { force: true, v: true } }).catch((error: unknown) => {
      if (!hasStatus(error, 404)) throw error;
    });
  }
}
