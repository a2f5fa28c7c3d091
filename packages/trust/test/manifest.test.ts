import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKey, type KeyPair, openVault, seenInMemory } from "@slipway/trust";
import { beforeAll, describe, expect, it } from "vitest";
import { be, people, refusal, team, temporaryFolder } from "./fixtures.ts";

let [ann, bob, carl, eve]: KeyPair[] = [];
beforeAll(async () => {
  [ann, bob, carl, eve] = await people();
});

describe("a context", () => {
  it("comes before what is for all, and is set on its own", async () => {
    await using vault = await team({ ann: be(ann) });
    const [all, prod, staging] = [
      await vault.as(be(ann)),
      await vault.as(be(ann), { context: "prod" }),
      await vault.as(be(ann), { context: "staging" }),
    ];
    await all.set("token", "for all");
    await prod.set("token", "for prod");
    await prod.set("only", "in prod");
    expect(await Promise.all([all, prod, staging].map((one) => one.get("token")))).toEqual([
      "for all",
      "for prod",
      "for all",
    ]);
    expect(await prod.list()).toEqual(["only", "token"]);
    expect(await staging.list()).toEqual(["token"]);
    expect(await refusal(staging.get("only"))).toMatchObject({ code: "secret.missing" });
    expect((await all.entries()).map(({ name, context }) => [name, context])).toEqual([
      ["only", "prod"],
      ["token", undefined],
      ["token", "prod"],
    ]);
    const versions = await Promise.all([all, prod, staging].map((one) => one.version("token")));
    expect(versions[0]).toBe(versions[2]);
    expect(versions[0]).not.toBe(versions[1]);
    await all.reencrypt(["token"]);
    expect(await all.version("token")).not.toBe(versions[0]);
    // What was taken away does not fall back in silence.
    await rm(join(vault.dir, "prod/token.asc"));
    expect(await refusal(prod.get("token"))).toMatchObject({ code: "secret.altered" });
    await prod.remove("token");
    expect(await prod.get("token")).toBe("for all");
    expect(await refusal(prod.remove("token"))).toMatchObject({ code: "secret.missing" });
  });

  it.each(["recipients", "public", "../x", "Prod", ""])("cannot be %j", async (context) => {
    expect(await refusal(openVault({ dir: "/nowhere", context }))).toMatchObject({
      code: "vault.context",
      exitCode: 2,
    });
  });
});

describe("recipients of a file", () => {
  it("are those of the value for all, when a context gets one of its own", async () => {
    await using vault = await team({ ann: be(ann), bob: be(bob) });
    await (await vault.as(be(ann))).set("mine", "1", { for: ["ann"] });
    await (await vault.as(be(ann), { context: "prod" })).set("mine", "2");
    const asBob = await vault.as(be(bob), { context: "prod" });
    expect(await refusal(asBob.get("mine"))).toMatchObject({ code: "secret.no-access" });
  });

  it("are kept when it is set and encrypted again, and when others come", async () => {
    await using vault = await team({ ann: be(ann), bob: be(bob) });
    const [asAnn, asBob] = [await vault.as(be(ann)), await vault.as(be(bob))];
    await asAnn.set("mine", "1", { for: ["ann"] });
    expect(await refusal(asBob.get("mine"))).toMatchObject({ code: "secret.no-access" });
    await asAnn.set("mine", "2");
    await asAnn.addRecipient("carl", be(carl).publicKey);
    await asAnn.reencrypt();
    const asCarl = await vault.as(be(carl));
    expect(await refusal(asCarl.get("mine"))).toMatchObject({ code: "secret.no-access" });
    expect(await asAnn.entries()).toMatchObject([{ name: "mine", recipients: ["ann"], restricted: true, by: "ann" }]);
    await asAnn.set("mine", "3", { for: "all" });
    expect(await asCarl.get("mine")).toBe("3");
    expect(await refusal(asAnn.set("mine", "4", { for: ["nobody"] }))).toMatchObject({
      code: "vault.unknown-recipient",
    });
    expect(await refusal(asAnn.set("mine", "4", { for: [] }))).toMatchObject({ code: "vault.last-reader" });
  });

  it("lose one who leaves, unless nobody would be left or the leaver's secrets cannot be opened", async () => {
    await using vault = await team({ ann: be(ann), bob: be(bob), carl: be(carl) });
    const [asAnn, asBob] = [await vault.as(be(ann)), await vault.as(be(bob))];
    await asAnn.set("both", "1", { for: ["ann", "carl"] });
    await asBob.set("others", "2", { for: ["bob", "carl"] });
    expect(await refusal(asAnn.removeRecipient("carl"))).toMatchObject({ code: "secret.no-access" });
    await asBob.set("others", "2", { for: ["bob"] });
    expect(await asAnn.removeRecipient("carl")).toEqual({ done: ["both"], left: [] });
    expect((await asAnn.entries()).map(({ recipients }) => recipients)).toEqual([["ann"], ["bob"]]);
    expect(await refusal(asAnn.removeRecipient("carl"))).toMatchObject({ code: "vault.unknown-recipient" });
    expect(await refusal(asAnn.removeRecipient("bob"))).toMatchObject({ code: "vault.last-reader" });
    expect(await refusal(asBob.removeRecipient("bob"))).toMatchObject({ code: "vault.not-a-recipient" });
  });

  it("are those of the manifest: a key that somebody put into the folder reads nothing", async () => {
    await using vault = await team({ ann: be(ann) });
    const asAnn = await vault.as(be(ann));
    await writeFile(join(vault.dir, "recipients/eve.asc"), be(eve).publicKey);
    await asAnn.set("token", "t");
    expect(await refusal((await vault.as(be(eve))).get("token"))).toMatchObject({ code: "secret.no-access" });
    expect(await asAnn.check()).toMatchObject([
      { level: "tampered", what: "recipients/eve.asc is not in the manifest" },
    ]);
  });
});

describe("a vault without a manifest", () => {
  it("is read, and signed by the first change", async () => {
    await using vault = await team({ ann: be(ann), bob: be(bob) });
    await (await vault.as(be(ann))).set("old", "value");
    await (await vault.as(be(ann))).set("mine", "value", { for: ["ann"] });
    for (const name of ["manifest.json", "manifest.json.asc"]) await rm(join(vault.dir, name));
    const said: string[] = [];
    const asAnn = await vault.as(be(ann), { say: (line) => said.push(line) });
    expect(await asAnn.get("old")).toBe("value");
    expect(await asAnn.check()).toMatchObject([{ level: "soon", what: expect.stringContaining("no signed manifest") }]);
    expect(await refusal((await vault.as(be(eve))).set("new", "x"))).toMatchObject({ code: "vault.not-a-recipient" });
    await asAnn.set("new", "value");
    expect(said).toEqual([expect.stringMatching(/gets a signed manifest of its 2 secrets as they are$/)]);
    expect(await asAnn.check()).toEqual([]);
    expect((await asAnn.entries()).map(({ name, restricted }) => [name, restricted])).toEqual([
      ["mine", true],
      ["new", false],
      ["old", false],
    ]);
  });
});

describe("two who change it at once", () => {
  it("are no tampering to whoever reads meanwhile", async () => {
    await using vault = await team({ ann: be(ann) });
    const writer = await vault.as(be(ann));
    await writer.set("token", "0");
    const key = { armored: be(ann).privateKey };
    let read = 0;
    const written = new AbortController();
    const reading = (async () => {
      while (!written.signal.aborted) {
        const reader = await openVault({ dir: vault.dir, key });
        expect(await reader.get("token")).toMatch(/^\d+$/);
        read += 1;
      }
    })();
    for (let value = 1; value <= 60; value += 1) await writer.set("token", String(value));
    written.abort();
    await reading;
    expect(read).toBeGreaterThan(1);
  }, 60_000);

  it("in one folder lose nothing", async () => {
    await using vault = await team({ ann: be(ann), bob: be(bob) });
    const both = [await vault.as(be(ann)), await vault.as(be(bob))];
    await Promise.all(
      both.flatMap((one, who) =>
        Array.from({ length: 5 }, (_, index) => one.set(`s${who}-${index}`, `${who}${index}`)),
      ),
    );
    expect(await both[0]?.list()).toHaveLength(10);
    expect(await both[0]?.check()).toEqual([]);
  });

  it("in two clones meet in a git conflict, which is signed after a look", async () => {
    await using vault = await team({ ann: be(ann), bob: be(bob) });
    await using folder = await temporaryFolder();
    const clone = join(folder.path, "clone");
    await (await vault.as(be(ann))).set("shared", "1");
    await cp(vault.dir, clone, { recursive: true });
    const store = seenInMemory();
    const asAnn = await vault.as(be(ann), { seen: store });
    await asAnn.set("by-ann", "a");
    await (await openVault({ dir: clone, key: be(bob).privateKey })).set("by-bob", "b", { for: ["bob"] });
    // What git leaves: both files, and a manifest with both texts.
    await cp(join(clone, "by-bob.asc"), join(vault.dir, "by-bob.asc"));
    const [ours, theirs] = [
      await readFile(join(vault.dir, "manifest.json"), "utf8"),
      await readFile(join(clone, "manifest.json"), "utf8"),
    ];
    await writeFile(join(vault.dir, "manifest.json"), `<<<<<<< HEAD\n${ours}=======\n${theirs}>>>>>>> bob\n`);
    expect(await refusal(asAnn.list())).toMatchObject({
      code: "vault.tampered",
      hint: expect.stringContaining("--resign"),
    });
    const shown: string[] = [];
    const no = asAnn.resign(async (recipients) => {
      shown.push(...recipients.map(({ name }) => name));
      throw new Error("not so");
    });
    await expect(no).rejects.toThrow("not so");
    expect(shown).toEqual(["ann", "bob"]);
    expect(await refusal(asAnn.list())).toMatchObject({ code: "vault.tampered" });
    await asAnn.resign();
    expect(await asAnn.check()).toEqual([]);
    expect((await asAnn.entries()).map(({ name, recipients }) => [name, recipients])).toEqual([
      ["by-ann", ["ann", "bob"]],
      ["by-bob", ["bob"]],
      ["shared", ["ann", "bob"]],
    ]);
    expect(await (await vault.as(be(bob))).get("by-bob")).toBe("b");
  });
});

describe("the check", () => {
  it("names what is wrong: leftovers, gone and swapped files, keys that expire", async () => {
    await using vault = await team({ ann: be(ann) });
    const asAnn = await vault.as(be(ann));
    const soon = await generateKey({ name: "Soon", email: "s@x.y", expiresInSeconds: 86_400 });
    await asAnn.addRecipient("soon", soon.publicKey);
    await asAnn.set("a", "1");
    await asAnn.set("b", "2");
    expect(await asAnn.check()).toMatchObject([
      { level: "soon", what: expect.stringMatching(/^the key of soon expires on 20/) },
    ]);
    const sealed = await readFile(join(vault.dir, "a.asc"));
    await writeFile(join(vault.dir, "b.asc"), sealed);
    await writeFile(join(vault.dir, "c.asc"), sealed);
    await writeFile(join(vault.dir, "a.txt"), "plain");
    await rm(join(vault.dir, "a.asc"));
    expect((await asAnn.check()).map(({ level, what }) => `${level}: ${what}`)).toEqual([
      "tampered: a.asc is gone",
      "tampered: b.asc is not the one that the manifest lists",
      "bad: a.txt is not encrypted",
      "tampered: c.asc is not in the manifest",
      expect.stringMatching(/^soon: /),
    ]);
  });
});
