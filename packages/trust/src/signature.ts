import type { Key } from "openpgp";
import { openpgp } from "./openpgp.ts";

/** Clocks of two machines differ. */
const skewMs = 600_000;

/** Fingerprint of that of the keys which made a good detached signature over the text, while it was valid; undefined when none did. */
export async function signerOf(text: string, armored: string, keys: readonly Key[]): Promise<string | undefined> {
  const { createMessage, readSignature, verify } = await openpgp();
  const message = await createMessage({ binary: new TextEncoder().encode(text) });
  try {
    const signature = await readSignature({ armoredSignature: armored });
    const { signatures } = await verify({
      message,
      signature,
      verificationKeys: [...keys],
      format: "binary",
      date: new Date(Date.now() + skewMs),
    });
    for (const each of signatures) {
      const good = await each.verified.catch(() => false);
      const key = keys.find((candidate) => candidate.getKeys(each.keyID).length > 0);
      if (good && key !== undefined) return key.getFingerprint();
    }
  } catch {
    // No signature, or a damaged one: nobody's.
  }
  return undefined;
}
