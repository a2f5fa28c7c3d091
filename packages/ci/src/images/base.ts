import type { ImageDescription } from "./description.ts";
import { fail } from "./errors.ts";
import { type BuiltImage, ensureImage, type ImageEngine, type LoadOptions } from "./load.ts";
import { certificates, pnpmProgram, programWithLibraries, shell, which } from "./machine.ts";
import type { TarEntry } from "./tar.ts";

/** The user of every application: number 1000, so that data folders can be handed to it by number. */
export const appUser = { name: "app", id: 1000 } as const;

/** Where a build step's workspace is mounted. A new volume takes the owner of the image's folder. */
export const stepFolder = "/step";

const text = (path: string, content: string, mode = 0o644): TarEntry => ({
  path,
  mode,
  kind: "bytes",
  bytes: Buffer.from(content),
});
const folder = (path: string, mode: number, owner = 0): TarEntry => ({ path, mode, owner, kind: "folder" });

/** The files every image has besides programs: users, name lookup, and folders to write to. Pure. */
export const skeleton = (): readonly TarEntry[] => [
  text(
    "etc/passwd",
    `root:x:0:0:root:/root:/bin/sh\n${appUser.name}:x:${appUser.id}:${appUser.id}::/home/app:/bin/sh\n`,
  ),
  text("etc/group", `root:x:0:\n${appUser.name}:x:${appUser.id}:\n`),
  text("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
  folder("root", 0o700),
  folder("home/app", 0o755, appUser.id),
  folder("app", 0o755, appUser.id),
  folder("data", 0o755, appUser.id),
  folder(stepFolder.slice(1), 0o755, appUser.id),
  folder("run", 0o755),
  folder("tmp", 0o1777),
  folder("var/tmp", 0o1777),
];

const architecture = (): "amd64" | "arm64" => (process.arch === "arm64" ? "arm64" : "amd64");

const environment = [
  "PATH=/usr/local/bin:/usr/bin:/bin",
  "HOME=/home/app",
  "LANG=C.UTF-8",
  "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
  "NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
];

/** The layers that all images of the toolkit share: system first, then Node, which changes more often. */
const runtimeLayers = async (signal: AbortSignal): Promise<readonly (readonly TarEntry[])[]> => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 18)) {
    throw fail("image.wrong-node", `images take the running Node, and ${process.version} is older than 22.18`);
  }
  const node = await programWithLibraries(process.execPath, "usr/local/bin/node", signal);
  const program = node.filter((entry) => entry.path === "usr/local/bin/node");
  const libraries = node.filter((entry) => entry.path !== "usr/local/bin/node");
  return [[...skeleton(), await certificates(), ...libraries, ...(await shell(signal))], program];
};

/** Image with Node and a shell: what applications run on. FROM scratch; the user is `app`. */
export const runtimeDescription = async (signal: AbortSignal): Promise<ImageDescription> => ({
  architecture: architecture(),
  layers: await runtimeLayers(signal),
  config: {
    user: `${appUser.id}:${appUser.id}`,
    workingDir: "/app",
    env: [...environment, "NODE_ENV=production"],
    command: ["node"],
    labels: { "slipway.base": "node" },
  },
});

/** Programs that build steps need besides the runtime. `pnpm` is the path of a native pnpm. */
const toolLayer = async (pnpm: string, signal: AbortSignal): Promise<readonly TarEntry[]> => {
  const git = await which("git");
  return [
    ...(await programWithLibraries(pnpm, "usr/local/bin/pnpm", signal)),
    // Its own commands are inside the one program; helpers for remote protocols are not wanted in a build step.
    ...(git === undefined ? [] : await programWithLibraries(git, "usr/bin/git", signal)),
    { path: "usr/bin/env", mode: 0o777, kind: "link", target: "../../bin/env" },
    text("etc/gitconfig", "[safe]\n\tdirectory = *\n[init]\n\tdefaultBranch = main\n\ttemplateDir =\n"),
  ];
};

/**
 * `slipway/node:<version>-<hash>`: the running Node (at least 22.18), its libraries, a shell, certificates and the user `app`
 * (1000), nothing else. Made of this machine's files, without a registry; nothing is sent when the engine has it.
 */
export const runtimeImage = async (docker: ImageEngine, options: LoadOptions): Promise<BuiltImage> =>
  ensureImage(
    docker,
    { name: `slipway/node:${process.versions.node}`, image: await runtimeDescription(options.signal) },
    options,
  );

/**
 * `slipway/toolchain:<version>-<hash>`: the runtime image's layers and one more with pnpm and git, for build steps. No user is
 * set: a step's workspace belongs to whoever made it, so whoever starts the step says as whom. Idempotent as `runtimeImage` is.
 */
export const toolchainImage = async (docker: ImageEngine, options: LoadOptions): Promise<BuiltImage> => {
  const { signal } = options;
  const layers = await runtimeLayers(signal);
  await using pnpm = await pnpmProgram(signal);
  const image: ImageDescription = {
    architecture: architecture(),
    layers: [...layers, await toolLayer(pnpm.path, signal)],
    config: {
      workingDir: stepFolder,
      env: [...environment, "CI=true"],
      command: ["sh"],
      labels: { "slipway.base": "toolchain" },
    },
  };
  return await ensureImage(docker, { name: `slipway/toolchain:${process.versions.node}`, image }, options);
};
