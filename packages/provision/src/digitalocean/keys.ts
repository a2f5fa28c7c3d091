import type { Key } from "../client/keys.ts";
import { ownership } from "../owners.ts";
import type { Makes } from "../provider.ts";
import { operatorRef, type Seen, type WantedOf } from "../resource.ts";
import { rawKey, sha256OfKey } from "../ssh-key.ts";
import type { Context } from "./context.ts";

const prefix = (stack: string): string => `slipway:${stack}:`;

const operator = operatorRef.slice("key ".length);

/** What a key is named in the account: operators have one each, told apart by their fingerprints. */
const nameOf = (stack: string, { name, publicKey }: WantedOf<"key">): string =>
  `${prefix(stack)}${name}${name === operator ? `-${sha256OfKey(publicKey).slice(0, 8)}` : ""}`;
const wantedName = (name: string): string => (/^operator-[0-9a-f]{8}$/.test(name) ? operator : name);

/** A key of the account; ours by its name, which says of which stack. */
export function keyOf(key: Key, stack: string): Seen<"key"> {
  const [, owner] = /^slipway:([a-z0-9-]+):/.exec(key.name) ?? [];
  const whose = ownership(owner === undefined ? [] : [owner], stack);
  return {
    kind: "key",
    name: whose.ours ? wantedName(key.name.slice(prefix(stack).length)) : key.name,
    id: String(key.id),
    ...whose,
    dollarsMonthly: 0,
    publicKey: key.public_key,
  };
}

export function keysOf({ client }: Context, stack: string): Makes<"key"> {
  return {
    // An account takes a key once: one that it has already, under whatever name, is as good.
    create: async (wanted) =>
      keyOf(await client.keys.create({ name: nameOf(stack, wanted), public_key: wanted.publicKey }), stack),
    update: () => Promise.resolve(),
    remove: (seen) => client.keys.remove(Number(seen.id)),
    adopt: async (seen, wanted) => {
      await client.keys.rename(Number(seen.id), nameOf(stack, wanted));
    },
  };
}

/** Keys that the plan for a stack rests on: its own, and those with the same content as a wanted one. */
export const concerned = (keys: readonly Key[], stack: string, wanted: readonly string[]): readonly Seen<"key">[] =>
  keys
    .map((key) => keyOf(key, stack))
    .filter((key) => key.ours || wanted.some((one) => rawKey(one).equals(rawKey(key.publicKey))));
