import { digestOf, type SeenMachine, specOf, type WantedMachine } from "../resource.ts";
import { rawKey, sha256OfKey } from "../ssh-key.ts";

// Labels are this provider's only state. What is labelled carries them from its creation on.

export type Labels = Readonly<Record<string, string>>;

/** Names of labels. Those of a stack's resources begin with `slipway.`; all others are the user's. */
export const label = {
  stack: "slipway.stack",
  intent: "slipway.intent",
  host: "slipway.host",
  key: "slipway.key",
  volume: "slipway.volume",
  firewall: "slipway.firewall",
  reservedIp: "slipway.reserved-ip",
  protected: "slipway.protected",
  retired: "slipway.retired",
  fresh: "slipway.fresh",
  spec: "slipway.spec",
  image: "slipway.image",
  data: "slipway.data",
} as const;

const own = "slipway.";
const behind = `${own}behind.`;
const hostKey = /^slipway\.hostkey\.\d+$/;

/** On all servers of a stack that are behind one of its firewalls, which asks for it. */
export const behindLabel = (firewall: string): string => `${behind}${firewall.toLowerCase()}`;

/** A tag of the file is a label: `role:web` is `role=web`, `web` is `web` without a value. */
const ofTag = (tag: string): readonly [string, string] => {
  const at = tag.indexOf(":");
  return at < 0 ? [tag, ""] : [tag.slice(0, at), tag.slice(at + 1)];
};
const tagOf = ([name, value]: readonly [string, string]): string => (value === "" ? name : `${name}:${value}`);

const part = /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/;
/** Whether a tag can be a label. */
export function isLabel(tag: string): boolean {
  const [name, value] = ofTag(tag);
  return part.test(name) && (value === "" ? !tag.includes(":") : part.test(value)) && !name.startsWith(own);
}

/** The stacks that labels name. */
export const stacksOf = (labels: Labels): readonly string[] => {
  const stack = labels[label.stack];
  return stack === undefined || stack === "" ? [] : [stack];
};

/** The labels of host keys, `ssh-ed25519 AAAA…`. A value begins with a letter, which base64url may not. */
export const keyLabels = (publicKeys: readonly string[]): Labels =>
  Object.fromEntries(
    publicKeys.map((key, at) => [`slipway.hostkey.${at}`, `k${rawKey(key).subarray(-32).toString("base64url")}`]),
  );

function publicKeyOf(value: string): string | undefined {
  const raw = Buffer.from(value.slice(1), "base64url");
  if (!value.startsWith("k") || raw.length !== 32) return undefined;
  const type = Buffer.from("ssh-ed25519");
  const length = (bytes: number): Buffer => Buffer.from([0, 0, 0, bytes]);
  return `ssh-ed25519 ${Buffer.concat([length(type.length), type, length(32), raw]).toString("base64")}`;
}

/** The labels of a new server. */
export const labelsOf = (stack: string, machine: WantedMachine, key: string, intent: string): Labels => ({
  [label.stack]: stack,
  [label.host]: machine.name.toLowerCase(),
  [label.intent]: intent,
  [label.fresh]: "",
  [label.image]: machine.image,
  ...(machine.userData === undefined ? {} : { [label.data]: digestOf(machine.userData) }),
  ...keyLabels([key]),
  ...changingLabels(machine),
});

/** Those that changes of the file change. */
export const changingLabels = (machine: WantedMachine): Labels => ({
  ...Object.fromEntries(machine.tags.map(ofTag)),
  ...Object.fromEntries(machine.firewalls.map((name) => [behindLabel(name), ""])),
  ...(machine.protect && { [label.protected]: "" }),
  [label.spec]: specOf(machine),
});

/** Labels that {@link changingLabels} may give, whatever the file says. */
export const isChanging = (name: string): boolean =>
  !name.startsWith(own) || name.startsWith(behind) || name === label.protected || name === label.spec;

export const isHostKey = (name: string): boolean => hostKey.test(name);

type Read = Pick<SeenMachine, "hostKeys" | "hostPublicKeys" | "fresh" | "firewalls" | "protect" | "retired" | "tags"> &
  Partial<Pick<SeenMachine, "spec" | "userDataDigest" | "intent">>;

/** What the labels of a server say. */
export function readLabels(labels: Labels): Read {
  const has = (name: string): boolean => Object.hasOwn(labels, name);
  const all = Object.entries(labels).sort(([a], [b]) => a.localeCompare(b));
  const hostPublicKeys = all.flatMap(([name, value]) => (isHostKey(name) ? (publicKeyOf(value) ?? []) : []));
  const spec = labels[label.spec];
  const userDataDigest = labels[label.data];
  const intent = labels[label.intent];
  return {
    ...(spec !== undefined && { spec }),
    ...(userDataDigest !== undefined && { userDataDigest }),
    ...(intent !== undefined && { intent }),
    hostPublicKeys,
    hostKeys: hostPublicKeys.map(sha256OfKey),
    fresh: has(label.fresh),
    protect: has(label.protected),
    retired: has(label.retired),
    firewalls: all.flatMap(([name]) => (name.startsWith(behind) ? [name.slice(behind.length)] : [])),
    tags: all.filter(([name]) => !name.startsWith(own)).map(tagOf),
  };
}
