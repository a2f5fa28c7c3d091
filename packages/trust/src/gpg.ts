import { spawn } from "node:child_process";
import { readlink } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { fail } from "./errors.ts";
import { altered, type Keyholder, type Opened } from "./keyholder.ts";
import type { GpgKey } from "./keys.ts";

/** Somebody may have to find a card and type its PIN. */
const deadlineMs = 300_000;

interface Ended {
  readonly code: number;
  readonly stdout: Buffer;
  /** Lines of --status-fd, each a keyword and its arguments. */
  readonly status: readonly (readonly string[])[];
  /** What it wrote for people, in English. It may quote anything: it is searched for known words and never passed on. */
  readonly said: string;
}

/** English messages, whatever the operator speaks; and where the terminal is, as gpg looks for it at its standard input. */
async function environment(): Promise<NodeJS.ProcessEnv> {
  const { LC_ALL: all, ...env } = process.env;
  const english = { ...env, ...(all === undefined ? {} : { LC_CTYPE: all }), LC_MESSAGES: "C", LANGUAGE: "C" };
  if (env.GPG_TTY !== undefined) return english;
  for (const fd of [0, 2]) {
    const path = await readlink(`/proc/self/fd/${fd}`).catch(() => "");
    if (/^\/dev\/(pts\/|tty)/.test(path)) return { ...english, GPG_TTY: path };
  }
  return english;
}

/** Runs gpg without questions of its own; those of its agent come as always. */
async function run(key: GpgKey, args: readonly string[], input: string): Promise<Ended> {
  const home = key.home === undefined ? [] : ["--homedir", key.home];
  const child = spawn("gpg", [...home, "--batch", "--no-tty", "--status-fd", "3", ...args], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    env: await environment(),
    timeout: deadlineMs,
  });
  const [stdin, stdout, stderr, told] = child.stdio;
  if (stdin === null || stdout === null || stderr === null || !(told instanceof Readable))
    throw new TypeError("gpg was started without pipes");
  // It may end before it has read everything; its status then says why.
  stdin.on("error", () => undefined);
  stdin.end(input);
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", (cause) => reject(fail("gpg.missing", "the program gpg cannot be run", { cause })));
    child.once("close", (code) => resolve(code ?? 1));
  });
  const [code, out, said, status] = await Promise.all([
    ended,
    buffer(stdout),
    buffer(stderr).then((bytes) => bytes.toString()),
    buffer(told).then((bytes) => bytes.toString()),
  ]);
  const lines = status.split("\n").filter((line) => line.startsWith("[GNUPG:] "));
  return { code, stdout: out, said, status: lines.map((line) => line.slice("[GNUPG:] ".length).split(" ")) };
}

/** A public key of gpg's keyring, armored. Throws `key.missing`. */
export async function exportGpgKey(key: GpgKey): Promise<string> {
  const { stdout } = await run(key, ["--armor", "--export", "--", key.gpg], "");
  const text = stdout.toString();
  if (text === "")
    throw fail("key.missing", `gpg's keyring has no key ${key.gpg}`, { hint: "gpg --list-keys shows those it has." });
  return text;
}

/** Fingerprint of the one private key that is meant. */
async function find(key: GpgKey): Promise<string> {
  const { stdout } = await run(key, ["--with-colons", "--list-secret-keys", "--", key.gpg], "");
  const found: string[] = [];
  let primary = false;
  for (const line of stdout.toString().split("\n")) {
    const fields = line.split(":");
    if (fields[0] === "sec") primary = true;
    else if (fields[0] === "fpr" && primary) {
      found.push((fields[9] ?? "").toLowerCase());
      primary = false;
    }
  }
  const hint = "gpg --list-secret-keys shows those it has; name one by its fingerprint.";
  const [first] = found;
  if (first === undefined) throw fail("key.missing", `gpg has no private key ${key.gpg}`, { hint });
  if (found.length > 1) throw fail("key.missing", `gpg has ${found.length} private keys ${key.gpg}`, { hint });
  return first;
}

const has = (ended: Ended, keyword: string): boolean => ended.status.some(([first]) => first === keyword);

// gpg 2.2 tells of these by --status-fd when it signs, and not when it decrypts. The words are libgpg-error's.
const locks =
  /(public key decryption|signing) failed: (Bad passphrase|No passphrase given|No pinentry|No agent running|Operation cancelled|Timeout|Inappropriate ioctl for device|Card (error|removed|not present)|PIN blocked|Bad PIN|Not confirmed)\s*$/m;

/** The file name inside a message, as gpg escapes it; whoever encrypted may have written any bytes, which are no label of ours. */
function labelOf(escaped: string): string {
  try {
    return decodeURIComponent(escaped);
  } catch {
    return escaped;
  }
}

/** A key in gpg's keyring. Plaintext and ciphertext travel over pipes. */
export function openGpg(key: GpgKey): Keyholder {
  let known: Promise<string> | undefined;
  const fingerprint = (): Promise<string> => {
    known ??= find(key);
    known.catch(() => {
      known = undefined;
    });
    return known;
  };
  const locked = (): Error => fail("key.locked", `gpg did not unlock the key ${key.gpg}`);
  return {
    fingerprint,
    publicKey: async () => exportGpgKey({ ...key, gpg: await fingerprint() }),

    async sign(text) {
      const who = await fingerprint();
      const ended = await run(key, ["--armor", "--local-user", who, "--detach-sign"], text);
      if (ended.code === 0 && has(ended, "SIG_CREATED")) return ended.stdout.toString();
      throw locks.test(ended.said) ? locked() : fail("gpg.failed", `gpg did not sign with the key ${key.gpg}`);
    },

    async decrypt(sealed, name): Promise<Opened> {
      // gpg takes whatever private key fits; the one that was named has to be there.
      await fingerprint();
      const ended = await run(key, ["--decrypt"], sealed);
      // All three: the plaintext came out while gpg was still checking it.
      if (ended.code === 0 && has(ended, "DECRYPTION_OKAY") && has(ended, "GOODMDC")) {
        const [, , , label = ""] = ended.status.find(([first]) => first === "PLAINTEXT") ?? [];
        return { data: ended.stdout, label: labelOf(label) };
      }
      if (locks.test(ended.said)) throw locked();
      // It says the same after a session key that did not open, but that first.
      if (/: No secret key\s*$/m.test(ended.said) && !ended.said.includes("public key decryption failed")) {
        throw fail("secret.no-access", `the secret ${name} is not encrypted for a key in gpg's keyring`);
      }
      throw altered(name, "does not decrypt; it was changed");
    },
  };
}
