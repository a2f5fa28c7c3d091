import { chmod, rename } from "node:fs/promises";
import { join } from "node:path";
import { Secret } from "@slipway/model";
import { generateKey, openVault, writeKeyFile } from "@slipway/trust";
import { beforeAll, describe, expect, it } from "vitest";
import { refusal, team, temporaryFolder } from "./fixtures.ts";

let ann: Awaited<ReturnType<typeof generateKey>>;
let bob: typeof ann;

beforeAll(async () => {
  ann = await generateKey({ name: "Ann", email: "ann@example.org" });
  bob = await generateKey({ name: "Bob", email: "bob@example.org" });
});

describe("a vault", () => {
  it("gives back what was set, byte for byte, to every recipient", async () => {
    await using folder = await temporaryFolder();
    const vault = await openVault({ dir: folder.path, key: ann.privateKey });
    await vault.addRecipient("ann", ann.publicKey);
    await vault.addRecipient("bob", bob.publicKey);
    const value = "first line\r\nsecond — line\n\n\uFEFFend ";
    await vault.set("pager.webhook", value);
    await vault.set("empty", "");
    expect(await vault.get("pager.webhook")).toBe(value);
    expect(await vault.reveal(new Secret("empty"))).toBe("");
    const asBob = await openVault({ dir: folder.path, key: { armored: bob.privateKey } });
    expect(await asBob.get("pager.webhook")).toBe(value);
    expect(await vault.list()).toEqual(["empty", "pager.webhook"]);
    expect(await vault.recipients()).toEqual([
      { name: "ann", fingerprint: ann.fingerprint, userIds: ["Ann <ann@example.org>"] },
      { name: "bob", fingerprint: bob.fingerprint, userIds: ["Bob <bob@example.org>"] },
    ]);
  });

  it("says which command sets a missing secret", async () => {
    await using folder = await temporaryFolder();
    const vault = await openVault({ dir: folder.path, key: ann.privateKey });
    const error = await refusal(vault.reveal(new Secret("shop.database-url")));
    expect(error).toMatchObject({ code: "secret.missing", exitCode: 1 });
    expect(error.hint).toBe("Set it with: ops secrets set shop.database-url");
  });

  it("opens old secrets for a new recipient, and closes them to one who left", async () => {
    await using folder = await temporaryFolder();
    const asAnn = await openVault({ dir: folder.path, key: ann.privateKey });
    const asBob = await openVault({ dir: folder.path, key: bob.privateKey });
    await asAnn.addRecipient("ann", ann.publicKey);
    await asAnn.set("token", "t-1");
    expect(await refusal(asBob.get("token"))).toMatchObject({ code: "secret.no-access" });
    expect(await refusal(asBob.set("token", "t-2"))).toMatchObject({ code: "vault.not-a-recipient" });
    expect(await asAnn.addRecipient("bob", bob.publicKey)).toEqual({ done: ["token"], left: [] });
    expect(await asBob.get("token")).toBe("t-1");
    expect(await asBob.removeRecipient("ann")).toEqual({ done: ["token"], left: [] });
    expect(await refusal(asAnn.get("token"))).toMatchObject({ code: "secret.no-access" });
  });

  it("refuses to encrypt for nobody, for an expired key, and for a private key", async () => {
    await using folder = await temporaryFolder();
    const vault = await openVault({ dir: folder.path, key: ann.privateKey });
    expect(await refusal(vault.set("a", "x"))).toMatchObject({ code: "vault.no-recipients" });
    expect(await refusal(vault.addRecipient("ann", ann.privateKey))).toMatchObject({ code: "key.unreadable" });
    const old = await generateKey({ name: "Old", email: "o@x.y", date: new Date("2020-01-01"), expiresInSeconds: 60 });
    expect(await refusal(vault.addRecipient("old", old.publicKey))).toMatchObject({ code: "vault.recipient" });
    expect(await vault.list()).toEqual([]);
  });

  it("needs a key to read and to change, none to list", async () => {
    await using folder = await temporaryFolder();
    const vault = await openVault({ dir: folder.path, key: ann.privateKey });
    await vault.addRecipient("ann", ann.publicKey);
    await vault.set("a", "x");
    const without = await openVault({ dir: folder.path });
    expect(await without.list()).toEqual(["a"]);
    expect(await refusal(without.get("a"))).toMatchObject({ code: "vault.no-key" });
    expect(await refusal(without.set("a", "y"))).toMatchObject({ code: "vault.no-key" });
  });

  it.each(["../x", "recipients/ann", "", ".hidden", "A", "a..b", "a\nb", "manifest.json"])(
    "refuses the name %j",
    async (name) => {
      await using folder = await temporaryFolder();
      const vault = await openVault({ dir: folder.path, key: ann.privateKey });
      expect(await refusal(vault.set(name, "x").then(() => {}))).toMatchObject({
        code: expect.stringMatching(/^(secret\.name|vault\.no-recipients)$/),
      });
      expect(await refusal(vault.get(name))).toMatchObject({ code: "secret.name", exitCode: 2 });
    },
  );

  it("keeps 64 KiB of any text, and refuses more and half characters", async () => {
    await using vault = await team({ ann });
    const opened = await vault.as(ann);
    const odd = "\uFEFF\u0000\r\n😀 é\n\n";
    for (const value of [odd, `${"x".repeat(65_535)}\n`]) {
      await opened.set("token", value);
      expect(await opened.get("token")).toBe(value);
      expect(opened.revealed.text(`<${value}>`)).toMatch(/^<\s*\[secret\]\s*>$/);
    }
    for (const value of ["x".repeat(65_537), "a\uD800b"]) {
      expect(await refusal(opened.set("token", value))).toMatchObject({ code: "secret.value", exitCode: 2 });
    }
  });

  it("has no secret and no recipient that nobody set, whatever JavaScript's objects have", async () => {
    await using vault = await team({ ann });
    const opened = await vault.as(ann);
    expect(await refusal(opened.remove("constructor"))).toMatchObject({ code: "secret.missing" });
    expect(await refusal(opened.removeRecipient("constructor"))).toMatchObject({ code: "vault.unknown-recipient" });
    await opened.set("constructor", "a value");
    expect(await opened.get("constructor")).toBe("a value");
  });

  it("notices swapped files", async () => {
    await using folder = await temporaryFolder();
    const vault = await openVault({ dir: folder.path, key: ann.privateKey });
    await vault.addRecipient("ann", ann.publicKey);
    await vault.set("test-token", "harmless");
    await vault.set("live-token", "dangerous");
    await rename(join(folder.path, "live-token.asc"), join(folder.path, "test-token.asc"));
    expect(await refusal(vault.get("test-token"))).toMatchObject({ code: "secret.altered", exitCode: 5 });
  });
});

describe("a key's file", () => {
  it("must be readable by its owner only", async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "ann.asc");
    await writeKeyFile(file, ann.privateKey);
    const vault = await openVault({ dir: folder.path, key: { file } });
    await vault.addRecipient("ann", ann.publicKey);
    await vault.set("a", "x");
    expect(await vault.get("a")).toBe("x");
    await chmod(file, 0o640);
    const error = await refusal((await openVault({ dir: folder.path, key: { file } })).get("a"));
    expect(error).toMatchObject({
      code: "key.permissions",
      exitCode: 5,
      hint: expect.stringContaining(`chmod 600 ${file}`),
    });
  });

  it("may be locked by a passphrase, asked for once", async () => {
    await using folder = await temporaryFolder();
    const locked = await generateKey({ name: "Eve", email: "e@x.y", passphrase: "open sesame" });
    let asked = 0;
    const ask = (answer: string) => () => {
      asked += 1;
      return answer;
    };
    const good = await openVault({
      dir: folder.path,
      key: { armored: locked.privateKey, passphrase: ask("open sesame") },
    });
    await good.addRecipient("eve", locked.publicKey);
    await good.set("a", "x");
    await Promise.all([good.get("a"), good.get("a")]);
    expect(asked).toBe(1);
    const wrong = await openVault({ dir: folder.path, key: { armored: locked.privateKey, passphrase: ask("canary") } });
    const error = await refusal(wrong.get("a"));
    expect(error).toMatchObject({ code: "key.locked" });
    expect(error.message).not.toContain("canary");
    const none = await openVault({ dir: folder.path, key: locked.privateKey });
    expect(await refusal(none.get("a"))).toMatchObject({ code: "key.locked" });
  });

  it("is not quoted when it cannot be read", async () => {
    await using folder = await temporaryFolder();
    const vault = await openVault({ dir: folder.path, key: "canary-key-material" });
    const error = await refusal(vault.addRecipient("ann", ann.publicKey));
    expect(error.code).toBe("key.unreadable");
    expect(JSON.stringify(error) + String(error.stack)).not.toContain("canary");
  });
});
