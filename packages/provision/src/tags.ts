import { digestOf, type SeenMachine, specOf, type WantedMachine } from "./resource.ts";
import { rawKey, sha256OfKey } from "./ssh-key.ts";

// The tags that are this package's only state. What is tagged carries them from its creation on.

export const stackTag = (stack: string): string => `slipway:stack:${stack}`;
const hostTag = (host: string): string => `slipway:host:${encodeHost(host)}`;

/** Tags have no dots, and compare without regard to case: a dot becomes `_`, which host names have not. */
const encodeHost = (host: string): string => host.toLowerCase().replaceAll(".", "_");

/** The tag that one creation has and no other. */
export const intentTag = (id: string): string => `slipway:intent:${id}`;

/** On all machines of a stack that are behind one firewall, which asks for it. */
export const firewallTag = (stack: string, name: string): string => `slipway:firewall:${stack}:${name}`;
/** On the machine of one host of one stack, for rules that name it. */
export const machineTag = (stack: string, host: string): string => `slipway:at:${stack}:${encodeHost(host)}`;
/** The host of a {@link machineTag}. */
export function hostOfTag(tag: string, stack: string): string | undefined {
  const prefix = `slipway:at:${stack}:`;
  return tag.toLowerCase().startsWith(prefix) ? tag.slice(prefix.length).toLowerCase().replaceAll("_", ".") : undefined;
}
export const volumeTag = (name: string): string => `slipway:volume:${name}`;

export const volumeNameOf = (tags: readonly string[]): string | undefined =>
  tags.find((tag) => tag.startsWith("slipway:volume:"))?.slice("slipway:volume:".length);

/** On the machine that a reserved address leads to, or will once it has one (`address` is ""). */
export const ipTag = (stack: string, name: string, address: string): string =>
  `slipway:ip:${stack}:${name}${address === "" ? "" : `:${address.replaceAll(".", "-")}`}`;

/** What those tags say. */
export function ipsOfTags(
  tags: readonly string[],
  stack: string,
): readonly { readonly name: string; readonly address: string }[] {
  const prefix = `slipway:ip:${stack}:`;
  return tags.flatMap((tag) => {
    if (!tag.toLowerCase().startsWith(prefix)) return [];
    const [name = "", address = ""] = tag.slice(prefix.length).toLowerCase().split(":");
    return [{ name, address: address.replaceAll("-", ".") }];
  });
}

/** The stacks whose tags are among these. */
export const stacksOfTags = (tags: readonly string[]): readonly string[] =>
  tags.flatMap((tag) => /^slipway:stack:(.+)$/i.exec(tag)?.[1]?.toLowerCase() ?? []);

/** The stacks that by these tags of a machine have that reserved address. */
export const stacksOfIp = (tags: readonly string[], address: string): readonly string[] =>
  tags.flatMap((tag) => {
    const [, stack, told] = /^slipway:ip:([^:]+):[^:]+:(.+)$/i.exec(tag) ?? [];
    return stack !== undefined && told?.replaceAll("-", ".") === address ? [stack.toLowerCase()] : [];
  });
/** Reserved addresses that lead to a machine, of whatever stack, by its tags. */
export const reservedOfTags = (tags: readonly string[]): readonly string[] =>
  tags.flatMap((tag) => /^slipway:ip:[^:]+:[^:]+:([\d-]+)$/i.exec(tag)?.[1]?.replaceAll("-", ".") ?? []);

/** Whatever carries it is not destroyed nor replaced. */
export const protectedTag = "slipway:protected";
/** On a machine that another one replaces. */
export const retiredTag = "slipway:retired";
/** On a droplet whose host key is still the one that its user data holds, where every program on it can read it. */
export const freshTag = "slipway:fresh";

export const specTag = (spec: string): string => `slipway:spec:${spec}`;

/** The tags of a new machine. */
export const tagsOf = (stack: string, machine: WantedMachine, hostKey: string): readonly string[] => [
  stackTag(stack),
  hostTag(machine.name),
  machineTag(stack, machine.name),
  ...keyTags(hostKey),
  freshTag,
  specTag(specOf(machine)),
  `slipway:image:${machine.image}`,
  ...(machine.userData === undefined ? [] : [`slipway:data:${digestOf(machine.userData)}`]),
  ...changingTags(stack, machine),
];

/** Those of a machine's tags that changes of the file change. */
export const changingTags = (stack: string, machine: WantedMachine): readonly string[] => [
  ...machine.firewalls.map((name) => firewallTag(stack, name)),
  ...(machine.protect ? [protectedTag] : []),
  ...machine.tags,
];

/** Of one host key, `ssh-ed25519 AAAA…`: what pins it and what known_hosts needs. */
export const keyTags = (publicKey: string): readonly string[] => [
  `slipway:hostkey:${sha256OfKey(publicKey)}`,
  `slipway:hostpub:${rawKey(publicKey).subarray(-32).toString("hex")}`,
];

/** Whether a tag belongs to one machine alone, so that it may be deleted with it. */
export const isOfOneMachine = (tag: string): boolean => /^slipway:(hostkey|hostpub|intent):/i.test(tag);

/**
 * Whether a tag that nothing carries may go. Another stack may put it on something of its own just then, so it is none whose loss would do harm there,
 * such as the mark of protection or of a host key; firewalls also refer to tags that no machine has yet.
 */
export const isOfNothingElse = (tag: string): boolean => /^slipway:(spec|image|host|intent|volume)(:|$)/i.test(tag);

/** Whether a tag belongs to a stack as a whole. */
export const isOfStack = (tag: string, stack: string): boolean =>
  [stackTag(stack), `slipway:at:${stack}:`, `slipway:firewall:${stack}:`, `slipway:ip:${stack}:`].some((prefix, at) =>
    at === 0 ? tag.toLowerCase() === prefix : tag.toLowerCase().startsWith(prefix),
  );

type ReadTags = Pick<
  SeenMachine,
  "hostKeys" | "hostPublicKeys" | "fresh" | "firewalls" | "protect" | "retired" | "tags"
> &
  Partial<Pick<SeenMachine, "spec" | "userDataDigest" | "intent">> & {
    /** Of the tags of two stacks neither counts. */
    readonly stack?: string;
    readonly host?: string;
    /** As it was asked for; the cloud forgets slugs of older images. */
    readonly image?: string;
  };

/** What the tags of a machine say. */
export function readTags(tags: readonly string[]): ReadTags {
  const lower = new Set(tags.map((tag) => tag.toLowerCase()));
  const all = (name: string): readonly string[] => {
    const prefix = `slipway:${name}:`;
    return tags.filter((tag) => tag.toLowerCase().startsWith(prefix)).map((tag) => tag.slice(prefix.length));
  };
  const hex = (name: string): readonly string[] =>
    all(name).flatMap((value) => (/^[0-9a-f]{64}$/i.test(value) ? [value.toLowerCase()] : []));
  const [stack, ...others] = new Set(stacksOfTags(tags));
  const [spec] = all("spec");
  const [image] = all("image");
  const [intent] = all("intent");
  const [userDataDigest] = all("data");
  const host = all("host")[0]?.toLowerCase().replaceAll("_", ".");
  return {
    ...(stack !== undefined && others.length === 0 && { stack }),
    ...(host !== undefined && { host }),
    ...(spec !== undefined && { spec }),
    ...(image !== undefined && { image }),
    ...(intent !== undefined && { intent }),
    ...(userDataDigest !== undefined && { userDataDigest }),
    hostKeys: hex("hostkey"),
    hostPublicKeys: hex("hostpub").map((value) => publicKeyLine(Buffer.from(value, "hex"))),
    fresh: lower.has(freshTag),
    protect: lower.has(protectedTag),
    retired: lower.has(retiredTag),
    firewalls: all("firewall").map((value) => value.slice(value.indexOf(":") + 1)),
    tags: tags.filter((tag) => !tag.toLowerCase().startsWith("slipway:")),
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
