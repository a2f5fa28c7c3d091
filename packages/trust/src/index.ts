export { canonicalJson } from "./canonical.ts";
export {
  generateKey,
  type KeyPair,
  type KeySource,
  type NewKey,
  type Passphrase,
  readKeyFile,
  writeKeyFile,
} from "./keys.ts";
export { type SecretsByName, vault } from "./names.ts";
export { type Expected, type SignedStatement, signStatement, verifyStatement } from "./statement.ts";
export { openVault, type Recipient, type Vault, type VaultOptions } from "./vault.ts";
