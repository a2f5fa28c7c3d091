import { inspect } from "node:util";
import { type Release, Secret, SlipwayError } from "@slipway/model";
import { generateKey, openVault, vault } from "@slipway/trust";
import { describe, expect, expectTypeOf, it } from "vitest";
import { refusal, temporaryFolder } from "./fixtures.ts";

describe("typed names", () => {
  it("come from a list or from an object's keys", () => {
    const secret = vault(["digitalocean.token", "pager.webhook"]);
    expectTypeOf(secret("pager.webhook")).toEqualTypeOf<Secret<"pager.webhook">>();
    expect(secret("pager.webhook").name).toBe("pager.webhook");
    const sealed = vault({ "shop.database-url": "-----BEGIN PGP MESSAGE-----" });
    expect(sealed("shop.database-url").name).toBe("shop.database-url");
    // @ts-expect-error -- misspelled
    expect(() => secret("digitalocean.tokne")).toThrow(SlipwayError);
    // @ts-expect-error -- misspelled
    expect(() => sealed("shop.databse-url")).toThrow(SlipwayError);
    // @ts-expect-error -- a secret is no text
    const text: string = secret("pager.webhook");
    expect(text).toBeInstanceOf(Secret);
  });
});

describe("what must be earned", () => {
  it("cannot be written by hand", () => {
    // @ts-expect-error -- only the verifier mints a release
    const forged: Release<"verified"> = {
      repository: "ledger",
      commit: "0",
      app: { name: "ledger", hostname: "_", services: [] },
      images: {},
      signer: "0",
      finishedAt: "",
    };
    // @ts-expect-error -- an object with a name is no secret
    const secret: Secret = { name: "pager.webhook" };
    expect([forged, secret]).toHaveLength(2);
  });
});

describe("a secret's value", () => {
  it("shows nowhere but where it was asked for", async () => {
    await using folder = await temporaryFolder();
    const canary = "canary-51c0de";
    const key = await generateKey({ name: "Ann", email: "ann@example.org" });
    const opened = await openVault({ dir: folder.path, key: key.privateKey });
    await opened.addRecipient("ann", key.publicKey);
    await opened.set("pager.webhook", canary);
    expect(await opened.get("pager.webhook")).toBe(canary);
    const handle = new Secret("pager.webhook");
    const shown = [
      inspect(opened, { depth: 9, showHidden: true }),
      JSON.stringify(opened),
      inspect(handle, { depth: 9, showHidden: true }),
      JSON.stringify(handle),
      String(handle),
      inspect(await refusal(opened.get("nothing"))),
    ].join("\n");
    expect(shown).not.toContain(canary);
    expect(shown).not.toContain("PRIVATE KEY");
  });
});
