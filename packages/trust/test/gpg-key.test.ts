import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportGpgKey, generateKey, openVault, signStatement, verifyStatement } from "@slipway/trust";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { armoredMessage, packetBytes, refusal, statement, temporaryFolder } from "./fixtures.ts";

const here = ["/usr/bin/gpg", "/usr/local/bin/gpg", "/opt/homebrew/bin/gpg"].some((path) => existsSync(path));
const preset = ["/usr/lib/gnupg/gpg-preset-passphrase", "/usr/libexec/gpg-preset-passphrase"].find((path) =>
  existsSync(path),
);
const passphrase = "correct horse";

describe.skipIf(!here)("a key in gpg's keyring", () => {
  let home = "";
  const gpg = (args: readonly string[], input?: string): string =>
    execFileSync("gpg", ["--homedir", home, "--batch", "--quiet", "--no-tty", "--trust-model", "always", ...args], {
      input,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
    });
  const key = (gpg: string): { gpg: string; home: string } => ({ gpg, home });
  const forget = (): void => void execFileSync("gpgconf", ["--homedir", home, "--reload", "gpg-agent"]);

  beforeAll(async () => {
    // A short path: gpg-agent's socket lies in it.
    home = await mkdtemp(join(tmpdir(), "gpg-"));
    // A pinentry that nobody answers, as in a session without a terminal.
    await writeFile(join(home, "gpg-agent.conf"), "allow-preset-passphrase\npinentry-program /bin/false\n");
    const make = (name: string, words: string, kind = "default"): string =>
      gpg(["--pinentry-mode", "loopback", "--passphrase", words, "--quick-gen-key", name, kind, "default", "never"]);
    make("Open <open@example.org>", "", "future-default");
    make("Locked <locked@example.org>", passphrase);
    make("Twin <twin@example.org>", "");
    make("Twin Two <twin@example.org>", "");
  }, 60_000);
  afterAll(async () => {
    spawnSync("gpgconf", ["--homedir", home, "--kill", "all"]);
    await rm(home, { recursive: true, force: true });
  });

  it("opens, sets and signs, beside keys of ours, and its private half is never seen", async () => {
    await using folder = await temporaryFolder();
    const ours = await generateKey({ name: "Ann", email: "ann@example.org" });
    const vault = await openVault({ dir: folder.path, key: key("open@example.org") });
    await vault.addRecipient("open", await exportGpgKey(key("open@example.org")));
    await vault.addRecipient("ann", ours.publicKey);
    const value = "first\r\nsecond — line\n\0\uFEFFend ";
    await vault.set("token", value);
    await vault.set("empty", "");
    expect([await vault.get("token"), await vault.get("empty")]).toEqual([value, ""]);
    expect(await vault.check()).toEqual([]);
    const asAnn = await openVault({ dir: folder.path, key: ours.privateKey });
    expect(await asAnn.get("token")).toBe(value);
    await asAnn.set("long", "x".repeat(65_536));
    expect(await vault.get("long")).toHaveLength(65_536);
    await asAnn.set("hers", "h", { for: ["ann"] });
    expect(await refusal(vault.get("hers"))).toMatchObject({ code: "secret.no-access" });
  });

  it.skipIf(preset === undefined)(
    "opens with a passphrase that the agent knows, and says when it does not",
    async () => {
      await using folder = await temporaryFolder();
      const locked = await openVault({ dir: folder.path, key: key("locked@example.org") });
      const grips = [
        ...gpg(["--with-colons", "--with-keygrip", "--list-secret-keys", "locked@example.org"]).matchAll(
          /^grp:+([0-9A-F]{40}):/gm,
        ),
      ];
      const tell = (): void => {
        for (const [, grip = ""] of grips) {
          execFileSync(preset ?? "", ["--preset", grip], {
            input: passphrase,
            env: { ...process.env, GNUPGHOME: home },
          });
        }
      };
      tell();
      await locked.addRecipient("locked", await exportGpgKey(key("locked@example.org")));
      await locked.set("token", "t-1");
      expect(await locked.get("token")).toBe("t-1");
      forget();
      expect(await refusal(locked.get("token"))).toMatchObject({ code: "key.locked" });
      expect(await refusal(locked.set("token", "t-2"))).toMatchObject({ code: "key.locked" });
      tell();
      expect(await locked.get("token")).toBe("t-1");
    },
  );

  it("is told when the message was changed, wherever it was", async () => {
    await using folder = await temporaryFolder();
    await using bare = await temporaryFolder();
    const vault = await openVault({ dir: folder.path, key: key("open@example.org") });
    await vault.addRecipient("open", await exportGpgKey(key("open@example.org")));
    await vault.set("token", "canary-2b7e");
    const sealed = await readFile(join(folder.path, "token.asc"), "utf8");
    const bytes = await packetBytes(sealed);
    // Without a manifest, so that gpg itself has to see it.
    const unsigned = await openVault({ dir: bare.path, key: key("open@example.org") });
    const unread: number[] = [];
    const got = async (packets: Uint8Array): Promise<string> => {
      await writeFile(join(bare.path, "token.asc"), await armoredMessage(packets));
      return unsigned.get("token");
    };
    expect(await got(bytes)).toBe("canary-2b7e");
    for (const at of bytes.keys()) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      const told: unknown = await got(changed).catch((error: unknown) => error);
      // The version of a packet and the count of bits in a number are not encrypted, and gpg does without them.
      if (typeof told === "string") {
        expect(told, `byte ${at}`).toBe("canary-2b7e");
        unread.push(at);
      } else {
        const error = await refusal(Promise.reject(told));
        expect(["secret.altered", "secret.no-access"], `byte ${at}`).toContain(error.code);
        expect(JSON.stringify(error) + String(error.stack)).not.toContain("canary");
      }
    }
    expect(unread.length).toBeLessThan(4);
  }, 60_000);

  it("signs releases", async () => {
    const signed = await signStatement(statement, key("open@example.org"));
    const release = await verifyStatement(signed, [await exportGpgKey(key("open@example.org"))]);
    expect(release.commit).toBe(statement.predicate.commit);
  });

  it("must be there, and be one", async () => {
    await using folder = await temporaryFolder();
    const pub = (await generateKey({ name: "A", email: "a@b.c" })).publicKey;
    const nobody = await openVault({ dir: folder.path, key: key("nobody@example.org") });
    expect(await refusal(nobody.addRecipient("a", pub))).toMatchObject({ code: "key.missing" });
    expect(await refusal(nobody.get("a"))).toMatchObject({ code: "secret.missing" });
    const twins = await openVault({ dir: folder.path, key: key("twin@example.org") });
    expect(await refusal(twins.addRecipient("a", pub))).toMatchObject({
      code: "key.missing",
      message: expect.stringContaining("2 private keys"),
    });
    expect(await refusal(exportGpgKey(key("nobody@example.org")))).toMatchObject({ code: "key.missing" });
  });
});
