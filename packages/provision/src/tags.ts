/** The tags that are this package's only state. A droplet carries them from its creation on. */
export interface Marks {
  readonly stack: string;
  readonly host: string;
  /** SHA-256 of the raw host key, lower-case hex. */
  readonly hostKeySha256: string;
  /** The 32 bytes of the ed25519 host key, for known_hosts. */
  readonly hostKey: Uint8Array;
}

export const stackTag = (stack: string): string => `slipway:stack:${stack}`;
const hostTag = (host: string): string => `slipway:host:${encodeHost(host)}`;

/** Tags have no dots, and compare without regard to case: a dot becomes `_`, which host names have not. */
const encodeHost = (host: string): string => host.toLowerCase().replaceAll(".", "_");

/** The tag that one creation has and no other. */
export const intentTag = (id: string): string => `slipway:intent:${id}`;

export const tagsOf = (marks: Marks): readonly string[] => [
  stackTag(marks.stack),
  hostTag(marks.host),
  `slipway:hostkey:${marks.hostKeySha256}`,
  `slipway:hostpub:${Buffer.from(marks.hostKey).toString("hex")}`,
];

/** Whether a tag belongs to one stack alone, so that it may be deleted with it. */
export const isOfOneStack = (tag: string): boolean => /^slipway:(hostkey|hostpub|intent):/.test(tag);

/** What the tags of a droplet say; undefined for what they do not. */
export function readTags(tags: readonly string[]): Partial<Omit<Marks, "hostKey">> & { readonly publicKey?: string } {
  const of = (name: string): string | undefined => {
    const prefix = `slipway:${name}:`;
    return tags.find((tag) => tag.toLowerCase().startsWith(prefix))?.slice(prefix.length);
  };
  const stack = of("stack");
  const host = of("host")?.replaceAll("_", ".");
  const sha256 = of("hostkey");
  const open = of("hostpub");
  return {
    ...(stack !== undefined && { stack }),
    ...(host !== undefined && { host }),
    ...(sha256 !== undefined && /^[0-9a-f]{64}$/i.test(sha256) && { hostKeySha256: sha256.toLowerCase() }),
    ...(open !== undefined && /^[0-9a-f]{64}$/i.test(open) && { publicKey: publicKeyLine(Buffer.from(open, "hex")) }),
  };
}

/** `ssh-ed25519 AAAA…` of the 32 bytes. */
function publicKeyLine(key: Uint8Array): string {
  const part = (bytes: Uint8Array): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return `ssh-ed25519 ${Buffer.concat([part(Buffer.from("ssh-ed25519")), part(key)]).toString("base64")}`;
}
