import type { Signer } from "./publish.ts";

/** Signs with an armored OpenPGP private key, which stays in the closure. */
export const signerWith =
  (signingKey: string): Signer =>
  async (statement) => {
    const { signStatement } = await import("@slipway/trust");
    return await signStatement(statement, signingKey);
  };
