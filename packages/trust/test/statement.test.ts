import { SlipwayError, type Statement } from "@slipway/model";
import { canonicalJson, generateKey, signStatement, verifyStatement } from "@slipway/trust";
import fc from "fast-check";
import { armor, enums, readKey, readSignature, revokeKey } from "openpgp";
import { beforeAll, describe, expect, it } from "vitest";
import { refusal, statement } from "./fixtures.ts";

let ci: Awaited<ReturnType<typeof generateKey>>;
let stranger: typeof ci;

beforeAll(async () => {
  ci = await generateKey({ name: "CI", email: "ci@example.org" });
  stranger = await generateKey({ name: "Stranger", email: "s@example.org" });
});

const signed = (value: unknown = statement, key = ci): ReturnType<typeof signStatement> =>
  signStatement(value as Statement, key.privateKey);

describe("a signed statement", () => {
  it("becomes a verified release", async () => {
    const release = await verifyStatement(await signed(), [stranger.publicKey, ci.publicKey]);
    expect(release).toEqual({
      repository: "ledger",
      commit: statement.predicate.commit,
      app: statement.predicate.app,
      images: statement.predicate.images,
      signer: ci.fingerprint,
      finishedAt: statement.predicate.finishedAt,
    });
    expect(Object.isFrozen(release)).toBe(true);
  });

  it("is refused from a stranger, and where nobody is trusted", async () => {
    const strange = await signed(statement, stranger);
    expect(await refusal(verifyStatement(strange, [ci.publicKey]))).toMatchObject({
      code: "release.wrong-signer",
      exitCode: 5,
    });
    expect(await refusal(verifyStatement(strange, []))).toMatchObject({ code: "release.unverified", exitCode: 5 });
  });

  it("is refused when any byte of the text was changed", async () => {
    const good = await signed();
    const bytes = Buffer.from(good.json);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (bytes[at] ?? 0) ^ (1 << (at % 7));
      const call = verifyStatement({ ...good, json: changed.toString("latin1") }, [ci.publicKey]);
      expect((await refusal(call)).code).toBe("release.altered");
    }
  }, 60_000);

  it("is refused when any byte of the signature was changed", async () => {
    const good = await signed();
    const bytes = (await readSignature({ armoredSignature: good.signature })).write() as Uint8Array;
    expect(bytes.length).toBeGreaterThan(50);
    const odd: unknown[] = [];
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const call = verifyStatement({ ...good, signature: armor(enums.armor.signature, changed) }, [ci.publicKey]);
      const outcome = await call.then(
        () => "accepted",
        (error: unknown) => (error instanceof SlipwayError ? error.exitCode : error),
      );
      if (outcome !== 5) odd.push([at - bytes.length, outcome]);
    }
    expect(odd).toEqual([]);
  }, 60_000);

  it("is refused when its key was revoked or has expired, though the signature is good", async () => {
    const good = await signed();
    const key = await readKey({ armoredKey: ci.publicKey });
    const revoked = await revokeKey({ key, revocationCertificate: ci.revocationCertificate, format: "armored" });
    const error = await refusal(verifyStatement(good, [revoked.publicKey]));
    expect(error).toMatchObject({ code: "release.unverified", message: expect.stringContaining("revoked") });
    const year = 365 * 86_400;
    const old = await generateKey({
      name: "Old",
      email: "o@x.y",
      date: new Date(Date.now() - 2 * year * 1_000),
      expiresInSeconds: year,
    });
    const { createMessage, readPrivateKey, sign } = await import("openpgp");
    const json = canonicalJson(statement);
    const signature = await sign({
      message: await createMessage({ binary: new TextEncoder().encode(json) }),
      signingKeys: await readPrivateKey({ armoredKey: old.privateKey }),
      detached: true,
      date: new Date(Date.now() - 1.5 * year * 1_000),
    });
    expect(await refusal(verifyStatement({ json, signature }, [old.publicKey]))).toMatchObject({
      code: "release.unverified",
      message: expect.stringContaining("expired"),
    });
  });

  it("is refused for another commit than the one that is wanted", async () => {
    const call = verifyStatement(await signed(), [ci.publicKey], { commit: "f".repeat(40) });
    expect(await refusal(call)).toMatchObject({ code: "release.unverified", exitCode: 5 });
  });

  it.each<[string, (good: Statement) => unknown]>([
    ["another type", (good) => ({ ...good, _type: "https://in-toto.io/Statement/v0" })],
    ["another predicate", (good) => ({ ...good, predicateType: "https://slsa.dev/provenance/v1" })],
    ["a subject of another commit", (good) => ({ ...good, subject: good.subject.slice(1) })],
    ["an image that is no subject", (good) => ({ ...good, subject: good.subject.slice(0, 1) })],
    ["no app", (good) => ({ ...good, predicate: { ...good.predicate, app: undefined } })],
    ["nothing", () => null],
    ["a list", () => []],
  ])("is refused with %s, though signed", async (_, change) => {
    const call = verifyStatement(await signed(change(statement)), [ci.publicKey]);
    expect(await refusal(call)).toMatchObject({ code: "release.altered", exitCode: 5 });
  });

  it.each(["", "nonsense", "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----"])(
    "is refused with the signature %j",
    async (signature) => {
      const call = verifyStatement({ json: canonicalJson(statement), signature }, [ci.publicKey]);
      expect((await refusal(call)).exitCode).toBe(5);
    },
  );
});

describe("canonical JSON", () => {
  it("has one spelling per value", () => {
    expect(canonicalJson({ b: [1, null, "é\n"], a: { d: undefined, c: 1e21 } })).toBe(
      '{"a":{"c":1e+21},"b":[1,null,"é\\n"]}',
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
