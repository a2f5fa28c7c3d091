import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson, generateKey, openVault, signStatement, verifyStatement } from "@slipway/trust";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { statement, temporaryFolder } from "./fixtures.ts";

const here = ["/usr/bin/gpg", "/usr/local/bin/gpg", "/opt/homebrew/bin/gpg"].some((path) => existsSync(path));

describe.skipIf(!here)("GnuPG", () => {
  let home = "";
  const gpg = (args: readonly string[], input?: string): string =>
    execFileSync("gpg", ["--homedir", home, "--batch", "--quiet", "--no-tty", "--trust-model", "always", ...args], {
      input,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
    });

  beforeAll(async () => {
    // A short path: gpg-agent's socket lies in it.
    home = await mkdtemp(join(tmpdir(), "gpg-"));
    gpg(["--passphrase", "", "--quick-gen-key", "Gee <gee@example.org>", "default", "default", "never"]);
  });
  afterAll(async () => {
    spawnSync("gpgconf", ["--homedir", home, "--kill", "all"]);
    await rm(home, { recursive: true, force: true });
  });

  it("reads the vault's files, with a key of ours and with one of its own", async () => {
    await using folder = await temporaryFolder();
    const ours = await generateKey({ name: "Ann", email: "ann@example.org" });
    gpg(["--import"], ours.privateKey);
    const vault = await openVault({ dir: folder.path, key: ours.privateKey });
    await vault.addRecipient("ann", ours.publicKey);
    await vault.addRecipient("gee", gpg(["--armor", "--export", "gee@example.org"]));
    await vault.set("for-gee", "v1\n", { for: ["gee"] });
    expect(gpg(["-d", join(folder.path, "for-gee.asc")])).toBe("v1\n");
    await vault.set("for-ann", "v2", { for: ["ann"] });
    expect(gpg(["-d", join(folder.path, "for-ann.asc")])).toBe("v2");
    gpg(["--verify", join(folder.path, "manifest.json.asc"), join(folder.path, "manifest.json")]);
  });

  it("writes what the vault reads, with its own key too", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "plain.asc"), gpg(["--armor", "-e", "-r", "gee@example.org"], "from gpg\r\n"));
    const key = gpg(["--armor", "--export-secret-keys", "gee@example.org"]);
    const vault = await openVault({ dir: folder.path, key });
    expect(await vault.get("plain")).toBe("from gpg\r\n");
  });

  it("verifies our signature, and refuses it over another text", async () => {
    await using folder = await temporaryFolder();
    const ours = await generateKey({ name: "CI", email: "ci@example.org" });
    gpg(["--import"], ours.publicKey);
    const { json, signature } = await signStatement(statement, ours.privateKey);
    const text = join(folder.path, "statement.json");
    await writeFile(text, json);
    await writeFile(`${text}.asc`, signature);
    gpg(["--verify", `${text}.asc`, text]);
    await writeFile(text, (await readFile(text, "utf8")).replace("ledger", "lodger"));
    expect(() => gpg(["--verify", `${text}.asc`, text])).toThrow(/BAD signature/);
  });

  it("signs what we verify", async () => {
    const json = canonicalJson(statement);
    const signature = gpg(["--armor", "--detach-sign", "-u", "gee@example.org"], json);
    const release = await verifyStatement({ json, signature }, [gpg(["--armor", "--export", "gee@example.org"])]);
    expect(release.commit).toBe(statement.predicate.commit);
  });
});
