import { fail } from "../errors.ts";
import type { WantedKey } from "../resource.ts";

export type PublicKeyLine = `${"ssh-ed25519" | "ssh-rsa" | `ecdsa-sha2-nistp${256 | 384 | 521}`} ${string}`;

export interface SshKey {
  readonly resource: "ssh-key";
  readonly name: string;
  readonly publicKey: PublicKeyLine;
}

/** A key that may log in as root on machines that are made from now on. Throws `config.bad-argument` for what is no public key. */
export function sshKey(name: string, publicKey: PublicKeyLine): SshKey {
  if (!/^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/]{40,}={0,2}( .*)?$/.test(publicKey))
    throw fail("config.bad-argument", `the key ${name} is no line of a public key, such as "ssh-ed25519 AAAA…"`);
  return { resource: "ssh-key", name, publicKey };
}

export const wantedKey = ({ name, publicKey }: SshKey): WantedKey => ({ kind: "key", name, publicKey });
