import { messageOf, mintVerified, predicateType, type Release, type Statement, statementType } from "@slipway/model";
import type { Key, KeyID, Signature } from "openpgp";
import { canonicalJson } from "./canonical.ts";
import { fail } from "./errors.ts";
import { openKey } from "./keyholder.ts";
import { type KeySource, readPublicKey } from "./keys.ts";
import { openpgp } from "./openpgp.ts";

/** A statement as it is stored: its exact bytes, and a detached armored signature that `gpg --verify` reads too. */
export interface SignedStatement {
  readonly json: string;
  readonly signature: string;
}

/** Signs a statement in its canonical form. Whoever can do this decides what may be deployed. */
export async function signStatement(statement: Statement, privateKey: KeySource): Promise<SignedStatement> {
  const json = canonicalJson(statement);
  return { json, signature: await openKey(privateKey).sign(json) };
}

export interface Expected {
  readonly repository?: string;
  readonly commit?: string;
}

/**
 * The one way to a verified release: the signature is that of a trusted key which is neither expired nor revoked now, over exactly these
 * bytes, and the statement agrees with itself and with what is `expected` (a true statement about another commit is none about this one).
 * Throws `release.unverified`, `release.wrong-signer` or `release.altered`.
 */
export async function verifyStatement(
  signed: SignedStatement,
  trusted: readonly string[],
  expected: Expected = {},
): Promise<Release<"verified">> {
  if (trusted.length === 0) throw fail("release.unverified", "no signing key is trusted here");
  const keys = await Promise.all(trusted.map((armored, index) => readPublicKey(armored, `trusted key ${index + 1}`)));
  const signer = await checkSignature(signed, keys);
  const statement = readStatement(signed.json);
  const { predicate } = statement;
  for (const field of ["repository", "commit"] as const) {
    if (expected[field] !== undefined && expected[field] !== predicate[field]) {
      throw fail("release.unverified", `the statement is about ${field} ${predicate[field]}, not ${expected[field]}`);
    }
  }
  return mintVerified({
    repository: predicate.repository,
    commit: predicate.commit,
    app: predicate.app,
    images: predicate.images,
    signer,
    finishedAt: predicate.finishedAt,
  });
}

/** Longest header of an OpenPGP packet. */
const headerBytes = 6;

/** Throws when a signature is written in another way than the usual, such as with a wrong length of a number: nothing signs such bytes. */
async function checkSpelling(armored: string, signature: Signature): Promise<void> {
  const { unarmor } = await openpgp();
  const { data } = await unarmor(armored);
  const bytes = Buffer.from(data as Uint8Array);
  let at = 0;
  for (const packet of signature.packets) {
    const body = packet.write();
    const start = bytes.indexOf(body, at);
    if (start < 0 || start - at > headerBytes) throw new Error("it is not in its usual form");
    at = start + body.length;
  }
  if (at !== bytes.length) throw new Error("something follows it");
}

interface Made {
  readonly keyID: KeyID;
  readonly verified: Promise<true>;
}

/** Fingerprint of the trusted key that made a good signature. */
async function checkSignature(signed: SignedStatement, keys: readonly Key[]): Promise<string> {
  const { createMessage, readSignature, verify } = await openpgp();
  const message = await createMessage({ binary: new TextEncoder().encode(signed.json) });
  let ids: readonly string[];
  let signatures: readonly Made[];
  try {
    const signature = await readSignature({ armoredSignature: signed.signature });
    await checkSpelling(signed.signature, signature);
    // Throws for a packet that is no signature, as a damaged one may be.
    ids = signature.getSigningKeyIDs().map((id) => id.toHex());
    ({ signatures } = await verify({ message, signature, verificationKeys: [...keys], format: "binary" }));
  } catch (error) {
    throw fail("release.altered", `the signature of the release cannot be read: ${messageOf(error)}`);
  }
  if (ids.length === 0) throw fail("release.unverified", "the release carries no signature");
  let worst: Error = fail(
    "release.wrong-signer",
    `the release is signed by ${ids.join(", ")}, whom nobody here trusts`,
  );
  for (const each of signatures) {
    const key = keys.find((candidate) => candidate.getKeys(each.keyID).length > 0);
    if (key === undefined) {
      await each.verified.catch(() => {});
      continue;
    }
    const who = `${key.getUserIDs()[0] ?? "a trusted key"} (${key.getFingerprint()})`;
    // First the key as it is now: an expired or stolen one could sign with any date.
    const unfit = await key.getSigningKey(each.keyID).then(
      () => undefined,
      (error: unknown) => messageOf(error),
    );
    try {
      await each.verified;
    } catch (error) {
      worst =
        unfit === undefined
          ? fail("release.altered", `the release is not what ${who} signed: ${messageOf(error)}`)
          : fail("release.unverified", `the key of ${who} may not sign: ${unfit}`);
      continue;
    }
    if (unfit === undefined) return key.getFingerprint();
    worst = fail("release.unverified", `the key of ${who} may not sign: ${unfit}`, {
      hint: "Let CI sign it again with a key that is valid today.",
    });
  }
  throw worst;
}

/** A signed text as a statement whose parts agree with each other. */
function readStatement(json: string): Statement {
  const wrong = (why: string): Error => fail("release.altered", `the signed text is no statement of a release: ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw wrong(messageOf(error));
  }
  // One spelling only, so that two readers cannot read it differently (repeated keys).
  if (canonicalJson(value) !== json) throw wrong("it is not in canonical form");
  const statement = value as Partial<Statement> | null;
  // oxlint-disable-next-line no-underscore-dangle -- the name is in-toto's
  if (statement?._type !== statementType) throw wrong(`its type is not ${statementType}`);
  if (statement.predicateType !== predicateType) throw wrong(`its predicate is not ${predicateType}`);
  const { predicate, subject } = statement;
  if (predicate === undefined || !Array.isArray(subject)) throw wrong("it has no subject or no predicate");
  for (const field of ["repository", "commit", "finishedAt"] as const) {
    if (typeof predicate[field] !== "string") throw wrong(`it has no ${field}`);
  }
  if (typeof predicate.app !== "object" || !Array.isArray(predicate.app?.services)) throw wrong("it names no app");
  if (typeof predicate.images !== "object" || predicate.images === null) throw wrong("it names no images");
  const digests = subject.map(({ digest }) => digest);
  if (!digests.some((digest) => digest["gitCommit"] === predicate.commit)) {
    throw wrong("its subject is another commit");
  }
  for (const [service, image] of Object.entries(predicate.images)) {
    if (!digests.some((digest) => `sha256:${digest["sha256"]}` === image)) {
      throw wrong(`the image of ${service} is not among its subjects`);
    }
  }
  return statement as Statement;
}
