import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKey, type KeyPair, openVault } from "@slipway/trust";
import { beforeAll, describe, expect, it } from "vitest";
import { armoredMessage, packetBytes, refusal, team, temporaryFolder } from "./fixtures.ts";

const canary = "canary-7f3a9-canary";
let ann: KeyPair;
beforeAll(async () => {
  ann = await generateKey({ name: "Ann", email: "ann@example.org" });
});

describe("a changed byte", () => {
  it("of a secret's file is one clear error, whatever it belongs to", async () => {
    await using vault = await team({ ann });
    await (await vault.as(ann)).set("token", canary);
    const path = join(vault.dir, "token.asc");
    const file = await readFile(path);
    const text = file.toString();
    // The classes that there are, so that none is missed when the form of files changes.
    expect(text).toMatch(/^-----BEGIN PGP MESSAGE-----\n\n[\w+/=\n]+-----END PGP MESSAGE-----\n$/);
    const opened = await vault.as(ann);
    for (let at = 0; at < file.length; at += 1) {
      const changed = Buffer.from(file);
      changed[at] = (file[at] ?? 0) ^ (1 << (at % 7));
      await writeFile(path, changed);
      const error = await refusal(opened.get("token"));
      expect(error, `byte ${at}`).toMatchObject({ code: "secret.altered", exitCode: 5 });
      expect(JSON.stringify(error) + String(error.stack) + String(error.cause)).not.toContain(canary);
    }
  }, 60_000);

  // Without a manifest the message itself has to tell; its armour means nothing, so the bytes within are changed.
  it("of a message is noticed without a manifest too: packet headers, session key, data, MDC", async () => {
    await using folder = await temporaryFolder();
    await using made = await team({ ann });
    await (await made.as(ann)).set("token", canary);
    const path = join(folder.path, "token.asc");
    const sealed = await readFile(join(made.dir, "token.asc"), "utf8");
    await writeFile(path, sealed);
    const vault = await openVault({ dir: folder.path, key: ann.privateKey });
    expect(await vault.get("token")).toBe(canary);
    const bytes = await packetBytes(sealed);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      await writeFile(path, await armoredMessage(changed));
      const error = await refusal(vault.get("token"));
      expect(["secret.altered", "secret.no-access"], `byte ${at}`).toContain(error.code);
      expect(JSON.stringify(error) + String(error.stack)).not.toContain(canary);
    }
  }, 60_000);

  it.each(["manifest.json", "manifest.json.asc", "recipients/ann.asc"])(
    "of %s makes the vault unusable",
    async (name) => {
      await using vault = await team({ ann });
      await (await vault.as(ann)).set("token", canary);
      const path = join(vault.dir, name);
      const file = await readFile(path);
      const accepted: number[] = [];
      for (let at = 0; at < file.length; at += name === "manifest.json" ? 1 : 3) {
        const changed = Buffer.from(file);
        changed[at] = (file[at] ?? 0) ^ (1 << (at % 7));
        await writeFile(path, changed);
        const opened = await vault.as(ann);
        const code = await opened.get("token").then(
          () => "accepted",
          (error: { exitCode?: number }) => error.exitCode,
        );
        if (code === "accepted") accepted.push(at);
        else expect(code, `byte ${at}`).toBe(5);
      }
      // The armour of a signature has bytes that mean nothing: labels, line ends, the checksum that nobody needs.
      if (name === "manifest.json.asc") expect(accepted.length).toBeLessThan(file.length / 6);
      else expect(accepted).toEqual([]);
    },
    120_000,
  );
});

it("leaves nothing but ciphertext and public text in the folder", async () => {
  await using vault = await team({ ann });
  const opened = await vault.as(ann);
  await opened.set("token", canary, { publicHalf: "public half\n" });
  expect((await readdir(vault.dir, { recursive: true })).toSorted()).toEqual([
    ".gitignore", ".lock", "manifest.json", "manifest.json.asc", "public", "public/token", "recipients", "recipients/ann.asc", "token.asc",
  ]); // biome-ignore format: a list
  expect(await opened.publicHalf("token")).toBe("public half\n");
  await writeFile(join(vault.dir, "public/token"), "another\n");
  expect(await refusal(opened.publicHalf("token"))).toMatchObject({ code: "secret.altered", exitCode: 5 });
});
