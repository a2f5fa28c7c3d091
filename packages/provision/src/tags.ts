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
  ...keyTags(marks),
  freshTag,
];

/** Whether a tag belongs to one stack alone, so that it may be deleted with it. */
export const isOfOneStack = (tag: string): boolean => /^slipway:(hostkey|hostpub|intent):/.test(tag);

/** On a droplet whose host key is still the one that its user data holds, where every program on it can read it. */
export const freshTag = "slipway:fresh";

export const keyTags = (key: Pick<Marks, "hostKeySha256" | "hostKey">): readonly string[] => [
  `slipway:hostkey:${key.hostKeySha256}`,
  `slipway:hostpub:${Buffer.from(key.hostKey).toString("hex")}`,
];

export interface ReadTags {
  readonly stack?: string;
  readonly host?: string;
  /** SHA-256 of the accepted host keys, lower-case hex; several while a key is being renewed. */
  readonly hostKeys: readonly string[];
  /** The same keys as `ssh-ed25519 AAAA…`. */
  readonly publicKeys: readonly string[];
  readonly fresh: boolean;
}

/** What the tags of a droplet say. */
export function readTags(tags: readonly string[]): ReadTags {
  const all = (name: string): readonly string[] => {
    const prefix = `slipway:${name}:`;
    return tags.filter((tag) => tag.toLowerCase().startsWith(prefix)).map((tag) => tag.slice(prefix.length));
  };
  const hex = (name: string): readonly string[] =>
    all(name).flatMap((value) => (/^[0-9a-f]{64}$/i.test(value) ? [value.toLowerCase()] : []));
  const [stack] = all("stack");
  const host = all("host")[0]?.replaceAll("_", ".");
  return {
    ...(stack !== undefined && { stack }),
    ...(host !== undefined && { host }),
    hostKeys: hex("hostkey"),
    publicKeys: hex("hostpub").map((value) => publicKeyLine(Buffer.from(value, "hex"))),
    fresh: tags.includes(freshTag),
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
