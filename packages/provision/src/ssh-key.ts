import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";

/** An ed25519 key pair as OpenSSH writes it. */
export interface SshKeyPair {
  /** The file `id_ed25519`: OpenSSH's own private format, without a passphrase. */
  readonly privateKey: string;
  /** One line: `ssh-ed25519 AAAA… comment`. */
  readonly publicKey: string;
  /** SHA-256 of the raw public key, lower-case hex. */
  readonly sha256: string;
}

const text = (value: string | Uint8Array): Buffer => {
  const body = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};
const uint32 = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
};

/** The raw key of a public key line. */
export const rawKey = (publicKey: string): Buffer => Buffer.from(publicKey.split(" ")[1] ?? "", "base64");

/** SHA-256 of the raw key of a public key line, lower-case hex: what tags and pins hold. */
export const sha256OfKey = (publicKey: string): string => createHash("sha256").update(rawKey(publicKey)).digest("hex");

/** MD5 of the raw key in hex pairs with colons: how DigitalOcean names keys. */
export const md5OfKey = (publicKey: string): string =>
  (createHash("md5").update(rawKey(publicKey)).digest("hex").match(/../g) ?? []).join(":");

/** The form `ssh` prints: `SHA256:…` in base64 without padding. */
export const sshFingerprint = (sha256Hex: string): string =>
  `SHA256:${Buffer.from(sha256Hex, "hex").toString("base64").replace(/=+$/, "")}`;

/** A fresh key pair. Format: PROTOCOL.key of OpenSSH ("openssh-key-v1"). */
export function generateSshKey(comment: string): SshKeyPair {
  const pair = generateKeyPairSync("ed25519");
  const jwk = pair.privateKey.export({ format: "jwk" });
  const open = Buffer.from(jwk.x ?? "", "base64url");
  const seed = Buffer.from(jwk.d ?? "", "base64url");
  const blob = Buffer.concat([text("ssh-ed25519"), text(open)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    text("ssh-ed25519"),
    text(open),
    text(Buffer.concat([seed, open])),
    text(comment),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    text("none"),
    text("none"),
    text(""),
    uint32(1),
    text(blob),
    text(Buffer.concat([secret, padding])),
  ]);
  const lines = file.toString("base64").match(/.{1,70}/g) ?? [];
  const publicKey = `ssh-ed25519 ${blob.toString("base64")} ${comment}`;
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey,
    sha256: sha256OfKey(publicKey),
  };
}
