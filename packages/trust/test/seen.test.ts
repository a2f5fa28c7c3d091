import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type KeyPair, openVault, seenFile, seenInMemory } from "@slipway/trust";
import { beforeAll, describe, expect, it } from "vitest";
import { be, people, refusal, team, temporaryFolder } from "./fixtures.ts";

let [ann, bob, carl, eve]: KeyPair[] = [];
beforeAll(async () => {
  [ann, bob, carl, eve] = await people();
});

describe("what was seen before", () => {
  const copy = async (from: string, to: string): Promise<void> => {
    await rm(to, { recursive: true, force: true });
    await cp(from, to, { recursive: true });
  };

  it("refuses one older file, the whole vault of before, and another one", async () => {
    await using folder = await temporaryFolder();
    await using vault = await team({ ann: be(ann) });
    const store = seenFile(join(folder.path, "seen.json"));
    const asAnn = await vault.as(be(ann), { seen: store });
    await asAnn.set("token", "old");
    const old = join(folder.path, "old");
    await copy(vault.dir, old);
    await asAnn.set("token", "new");

    await cp(join(old, "token.asc"), join(vault.dir, "token.asc"));
    expect(await refusal(asAnn.get("token"))).toMatchObject({ code: "secret.altered", exitCode: 5 });

    await copy(old, vault.dir);
    for (const again of [asAnn, await vault.as(be(ann), { seen: store })]) {
      expect(await refusal(again.get("token"))).toMatchObject({ code: "vault.rolled-back", exitCode: 5 });
      expect(await refusal(again.set("token", "x"))).toMatchObject({ code: "vault.rolled-back" });
    }
    expect(await asAnn.check()).toMatchObject([
      { level: "tampered", what: expect.stringContaining("change 2, though change 3") },
    ]);
    await asAnn.accept();
    expect(await asAnn.get("token")).toBe("old");

    await using another = await team({ ann: be(ann) });
    await copy(another.dir, vault.dir);
    expect(await refusal(asAnn.list())).toMatchObject({ code: "vault.rolled-back" });
    await rm(vault.dir, { recursive: true });
    expect(await refusal(asAnn.list())).toMatchObject({ code: "vault.tampered" });
  });

  it("lists a manifest that was judged before without a look at keys and signatures, and any other with one", async () => {
    await using vault = await team({ ann: be(ann) });
    const store = seenInMemory();
    await (await vault.as(be(ann), { seen: store })).set("token", "1");
    await writeFile(join(vault.dir, "recipients/ann.asc"), "");
    expect(await (await vault.as(be(ann), { seen: store })).list()).toEqual(["token"]);
    expect(await refusal((await vault.as(be(ann), { seen: store })).get("token"))).toMatchObject({
      code: "vault.tampered",
    });
    expect(await refusal((await vault.as(be(ann))).list())).toMatchObject({ code: "vault.tampered" });
    const manifest = join(vault.dir, "manifest.json");
    await writeFile(manifest, (await readFile(manifest, "utf8")).replace('"token"', '"taken"'));
    expect(await refusal((await vault.as(be(ann), { seen: store })).list())).toMatchObject({ code: "vault.tampered" });
  });

  it("lets those change it whom it knows, and whom they let in, and nobody else", async () => {
    await using vault = await team({ ann: be(ann), bob: be(bob) });
    const seen = seenInMemory();
    const asAnn = await vault.as(be(ann), { seen });
    await asAnn.set("token", "1");
    // Ann sees nothing of this until Carl, whom Bob let in, has changed it.
    await (await vault.as(be(bob))).addRecipient("carl", be(carl).publicKey);
    await (await vault.as(be(carl))).set("token", "2");
    expect(await asAnn.get("token")).toBe("2");

    // Eve makes a vault of her own with the same name for herself and everything signed well.
    const manifest = join(vault.dir, "manifest.json");
    const { vault: id } = JSON.parse(await readFile(manifest, "utf8")) as { vault: string };
    await rm(vault.dir, { recursive: true });
    const asEve = await vault.as(be(eve));
    await asEve.addRecipient("eve", be(eve).publicKey);
    await asEve.addRecipient("ann", be(ann).publicKey);
    await asEve.set("token", "eve's");
    expect(await refusal(asAnn.get("token"))).toMatchObject({ code: "vault.rolled-back", exitCode: 5 });
    // With the same id and a higher number too.
    const seenByEve = seenInMemory();
    await seenByEve.write({ vault: id, sequence: 90, sha256: "", recipients: {} });
    await writeFile(manifest, "<<<<<<< ours\n");
    await (await vault.as(be(eve), { seen: seenByEve })).resign();
    expect(await refusal(asAnn.get("token"))).toMatchObject({
      code: "vault.signer",
      exitCode: 5,
      message: "the vault was changed by eve, whom nobody that you know let in",
    });
  });

  it("does not let in again who was taken out, by what let them in before", async () => {
    await using folder = await temporaryFolder();
    await using vault = await team({ ann: be(ann), bob: be(bob) });
    const bobs = join(folder.path, "bobs");
    await copy(vault.dir, bobs);
    const seen = seenInMemory();
    const asAnn = await vault.as(be(ann), { seen });
    await asAnn.removeRecipient("bob");
    // Dora saw the vault only after Bob had left.
    const doras = seenInMemory();
    await (await vault.as(be(ann), { seen: doras })).list();
    const asItWas = join(folder.path, "as-it-was");
    await copy(vault.dir, asItWas);
    // Bob goes on in his clone, where Ann's signature lets him in, until his number is the higher one.
    const asBob = await openVault({ dir: bobs, key: be(bob).privateKey });
    for (const value of ["1", "2", "3"]) await asBob.set("token", value);
    await copy(bobs, vault.dir);
    for (const store of [seen, doras]) {
      const again = await vault.as(be(ann), { seen: store });
      expect(await refusal(again.get("token"))).toMatchObject({ code: "vault.signer", exitCode: 5 });
    }

    // Ann lets him in again, and tells nobody; what Bob changes after that is his right once Dora has seen it.
    await copy(asItWas, vault.dir);
    await (await vault.as(be(ann), { seen })).addRecipient("bob", be(bob).publicKey);
    const asDora = await vault.as(be(ann), { seen: doras });
    await asDora.list();
    await (await vault.as(be(bob))).set("token", "4");
    expect(await asDora.get("token")).toBe("4");
  });

  it("is believed at first sight, and said", async () => {
    await using vault = await team({ ann: be(ann), bob: be(bob) });
    const said: string[] = [];
    const asBob = await vault.as(be(bob), { say: (line) => said.push(line) });
    await asBob.list();
    await asBob.list();
    expect(said).toEqual([`first look at the vault in ${vault.dir}: believing that ann, bob may change it`]);
  });
});
