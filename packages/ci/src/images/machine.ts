import { execFile } from "node:child_process";
import { access, constants, mkdtemp, open, readFile, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { fail } from "./errors.ts";
import { librariesOf } from "./libraries.ts";
import type { TarEntry } from "./tar.ts";

const run = promisify(execFile);

/** The version of pnpm in the toolchain, the one the workspace itself uses. */
export const pnpmVersion = "12.21.0";

/** A file of this machine as an entry of an image. Symbolic links are followed. */
export const copyOf = async (from: string, to: string, mode = 0o755): Promise<TarEntry> => ({
  path: to.replace(/^\/+/, ""),
  mode,
  kind: "copy",
  from: await realpath(from),
  sizeBytes: (await stat(from)).size,
});

/** A program of this machine with every library it loads, the libraries at the paths where its loader looks. */
export const programWithLibraries = async (from: string, to: string, signal: AbortSignal): Promise<TarEntry[]> => [
  await copyOf(from, to),
  ...(await Promise.all((await librariesFor(from, signal)).map((library) => copyOf(library, library)))),
];

const librariesFor = async (program: string, signal: AbortSignal): Promise<readonly string[]> => {
  try {
    const { stdout } = await run("ldd", [program], { signal, env: { ...process.env, LC_ALL: "C" } });
    return librariesOf(stdout);
  } catch (cause) {
    // ldd's way to say that nothing is loaded at run time.
    if (String((cause as { stderr?: unknown }).stderr).includes("not a dynamic executable")) return [];
    throw cause;
  }
};

/** Where a program is on PATH (and in the administrator's folders), if it is. */
export const which = async (name: string): Promise<string | undefined> => {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/bin", "/bin"]) {
    const path = join(folder, name);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
};

/**
 * A POSIX shell with the usual small programs: Debian's static busybox where it is installed, else dash and the machine's
 * own programs, which is larger and has fewer of them.
 */
export const shell = async (signal: AbortSignal): Promise<TarEntry[]> => {
  const busybox = await which("busybox");
  if (busybox !== undefined && (await librariesFor(busybox, signal)).length === 0) {
    const { stdout } = await run(busybox, ["--list"], { signal });
    const names = stdout.split("\n").filter((name) => name !== "" && name !== "busybox");
    return [
      await copyOf(busybox, "bin/busybox"),
      ...names.map((name): TarEntry => ({ path: `bin/${name}`, mode: 0o777, kind: "link", target: "busybox" })),
    ];
  }
  const dash = await which("dash");
  if (dash === undefined) throw fail("image.missing-program", "neither a static busybox nor dash is on this machine");
  const others = "cat chmod cp date env find gzip head ls mkdir mv rm sed sleep sort tail tar test touch true false wc";
  const entries = await programWithLibraries(dash, "bin/sh", signal);
  for (const name of others.split(" ")) {
    const path = await which(name);
    if (path !== undefined) entries.push(...(await programWithLibraries(path, `bin/${name}`, signal)));
  }
  return entries;
};

/** pnpm as one native program: the one on PATH when it is this version, else the npm registry's, through npm. */
export const pnpmProgram = async (signal: AbortSignal): Promise<{ path: string } & AsyncDisposable> => {
  const keep = { [Symbol.asyncDispose]: async () => {} };
  const present = await which("pnpm");
  if (present !== undefined) {
    const path = await realpath(present);
    if ((await isNative(path)) && (await versionOf(path, signal)) === pnpmVersion) return { path, ...keep };
  }
  const npm = await which("npm");
  if (npm === undefined) throw fail("image.missing-program", `neither pnpm ${pnpmVersion} nor npm is on this machine`);
  const folder = await mkdtemp(join(tmpdir(), "slipway-pnpm-"));
  const remove = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
  const exact = `@pnpm/exe.linux-${process.arch}@${pnpmVersion}`;
  // npm checks the archive against the registry's integrity hash.
  const { stdout } = await run(npm, ["pack", "--silent", "--pack-destination", folder, exact], { signal, cwd: folder });
  await run("tar", ["-xzf", join(folder, stdout.trim()), "-C", folder], { signal });
  return { path: join(folder, "package", "pnpm"), ...remove };
};

const isNative = async (path: string): Promise<boolean> => {
  await using file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
  return buffer.toString("latin1") === "\u007fELF";
};

// From "/", so that no project's packageManager field makes it become another version.
const versionOf = async (path: string, signal: AbortSignal): Promise<string> =>
  (await run(path, ["--version"], { signal, cwd: "/" })).stdout.trim();

/** The machine's certificate authorities. */
export const certificates = async (): Promise<TarEntry> => {
  const from = "/etc/ssl/certs/ca-certificates.crt";
  const bytes = await readFile(from).catch((cause) => {
    throw fail("image.missing-program", `no certificate authorities at ${from}`, { cause });
  });
  return { path: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, kind: "bytes", bytes };
};
