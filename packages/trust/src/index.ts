export type { Entry, Recipient, Reencrypted, SetOptions, Vault, VaultOptions } from "./api.ts";
export { canonicalJson } from "./canonical.ts";
export type { Finding } from "./check.ts";
export { exportGpgKey } from "./gpg.ts";
export {
  type GpgKey,
  generateKey,
  type KeyPair,
  type KeySource,
  type KeyText,
  type NewKey,
  type Passphrase,
  readKeyFile,
  writeKeyFile,
} from "./keys.ts";
export { checkContext, type SecretsByName, vault } from "./names.ts";
export { type Seen, type SeenStore, seenFile, seenInMemory } from "./seen.ts";
export { type Expected, type SignedStatement, signStatement, verifyStatement } from "./statement.ts";
export { openVault } from "./vault.ts";
