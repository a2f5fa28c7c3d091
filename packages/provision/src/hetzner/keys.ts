import { CallError } from "../client/request.ts";
import { ownership } from "../owners.ts";
import type { Makes } from "../provider.ts";
import type { Seen } from "../resource.ts";
import { rawKey, sha256OfKey } from "../ssh-key.ts";
import type { Context } from "./context.ts";
import { label, stacksOf } from "./marks.ts";
import type { Key } from "./shapes.ts";

/** A key of the project; ours by its labels. */
export function keyOf(key: Key, stack: string): Seen<"key"> {
  return {
    kind: "key",
    name: key.labels[label.key] ?? key.name,
    id: String(key.id),
    ...ownership(stacksOf(key.labels), stack),
    dollarsMonthly: 0,
    publicKey: key.public_key,
  };
}

const isSame = (a: string, b: string): boolean => rawKey(a).equals(rawKey(b));

export function keysOf({ client, stack }: Context): Makes<"key"> {
  const marks = (name: string): Record<string, string> => ({ [label.stack]: stack, [label.key]: name });
  return {
    // A project takes a key once, and a name once: one that it has already, under whatever name, is as good.
    async create(wanted) {
      const find = async (): Promise<Key | undefined> =>
        (await client.keys.list()).find((key) => isSame(key.public_key, wanted.publicKey));
      const body = {
        name: `slipway-${stack}-${wanted.name}-${sha256OfKey(wanted.publicKey).slice(0, 8)}`,
        public_key: wanted.publicKey,
        labels: marks(wanted.name),
      };
      try {
        return keyOf(await client.once(() => client.keys.create(body), find), stack);
      } catch (error) {
        const there = error instanceof CallError && error.code === "name.taken" ? await find() : undefined;
        if (there === undefined) throw error;
        return keyOf(there, stack);
      }
    },
    update: () => Promise.resolve(),
    remove: (seen) => client.keys.remove(Number(seen.id)),
    adopt: async (seen, wanted) => {
      const there = (await client.keys.list()).find((key) => String(key.id) === seen.id);
      await client.keys.update(Number(seen.id), { labels: { ...there?.labels, ...marks(wanted.name) } });
    },
  };
}

/** Keys that the plan for a stack rests on: its own, and those with the same content as a wanted one. */
export const concerned = (keys: readonly Key[], stack: string, wanted: readonly string[]): readonly Seen<"key">[] =>
  keys.map((key) => keyOf(key, stack)).filter((key) => key.ours || wanted.some((one) => isSame(one, key.publicKey)));
