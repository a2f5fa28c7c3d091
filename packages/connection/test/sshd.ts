import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { SshAddress } from "@slipway/model";

export const sshdPath = "/usr/sbin/sshd";
/** Whether this machine has a real sshd to test against. */
export const sshdHere = existsSync(sshdPath);

export interface Sshd extends AsyncDisposable {
  readonly address: SshAddress;
  readonly privateKey: string;
  readonly folder: string;
  /** What sshd logged so far, at its most talkative. */
  log(): string;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return bound.port;
}

export const makeKey = (path: string): void => {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path]);
};

/** Hex SHA-256 of the key in an OpenSSH public key file. */
export const digestOf = (publicKey: string): string =>
  createHash("sha256")
    .update(Buffer.from(publicKey.split(" ")[1] ?? "", "base64"))
    .digest("hex");

/** A real sshd of its own, on a free loopback port, with its own host key, for the user who runs the tests. */
export async function startSshd(config: readonly string[] = []): Promise<Sshd> {
  // Where sshd, started as root, confines its unprivileged half.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const folder = await mkdtemp(join(tmpdir(), "slipway-sshd-"));
  const at = (name: string): string => join(folder, name);
  makeKey(at("host"));
  makeKey(at("user"));
  await writeFile(at("authorized"), await readFile(at("user.pub")), { mode: 0o600 });
  const port = await freePort();
  // The first value of a keyword wins, so a test's own lines come first.
  const lines = [
    ...config,
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${at("host")}`,
    `AuthorizedKeysFile ${at("authorized")}`,
    `PidFile ${at("pid")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "PermitRootLogin prohibit-password",
    // Not the home of whoever runs the tests: its shell's start files would take part.
    `SetEnv HOME=${folder}`,
    "LogLevel DEBUG1",
  ];
  await writeFile(at("config"), `${lines.join("\n")}\n`);
  const child: ChildProcess = spawn(sshdPath, ["-D", "-e", "-f", at("config")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on("data", (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes("Server listening on")) resolve();
    });
    child.once("exit", () => reject(new Error(`sshd ended: ${log}`)));
  });
  return {
    address: {
      host: "test-host",
      address: "127.0.0.1",
      port,
      user: userInfo().username,
      hostKeys: [digestOf(await readFile(at("host.pub"), "utf8"))],
    },
    privateKey: await readFile(at("user"), "utf8"),
    folder,
    log: () => log,
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
