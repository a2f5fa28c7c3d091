import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { writeAtomic } from "./atomic.ts";
import { fail } from "./errors.ts";

/** What an operator remembers of a vault between runs, so that an older state of it, or one by strangers, is told. */
export interface Seen {
  readonly vault: string;
  /** The highest that was seen, and the digest of that manifest. */
  readonly sequence: number;
  readonly sha256: string;
  /** Fingerprint → armored public key of those who may change the vault. */
  readonly recipients: Readonly<Record<string, string>>;
  /** Fingerprints of those who were once among them: a grant of before does not let them in again. */
  readonly gone?: readonly string[];
}

/** What is remembered after a look, when `before` was until then: those who were taken out stay remembered as such. */
export function remembered(now: Seen, before: Seen | undefined): Seen {
  const once = new Set([...(now.gone ?? []), ...(before?.gone ?? []), ...Object.keys(before?.recipients ?? {})]);
  const gone = [...once].filter((one) => now.recipients[one] === undefined).toSorted();
  return { ...now, gone };
}

/** Where it is remembered: outside of the repository, as whoever can change that is whom it guards against. */
export interface SeenStore {
  read(): Promise<Seen | undefined>;
  /** Nothing: forget. */
  write(seen: Seen | undefined): Promise<void>;
}

/** Remembers in a file. */
export const seenFile = (path: string): SeenStore => ({
  async read() {
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as Seen;
    } catch {
      throw fail("vault.tampered", `${path}, which remembers the vault's last state, is damaged`, {
        hint: `Look at the vault's history, then: rm ${path}`,
      });
    }
  },
  async write(seen) {
    if (seen === undefined) return rm(path, { force: true });
    await mkdir(dirname(path), { recursive: true });
    await writeAtomic(path, `${JSON.stringify(seen, undefined, 2)}\n`, 0o600);
  },
});

/** Remembers as long as the process lives. */
export function seenInMemory(): SeenStore {
  let seen: Seen | undefined;
  return {
    read: async () => seen,
    write: async (now) => {
      seen = now;
    },
  };
}
