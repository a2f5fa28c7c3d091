import { expect, test } from "vitest";
import { keyOf, keysOf } from "../src/digitalocean/keys.ts";
import { generateSshKey } from "../src/ssh-key.ts";
import { answering } from "./support/answering.ts";

test("each operator's key has a name of its own in the account, and all are read as the operator's", async () => {
  const names: string[] = [];
  const { context } = await answering((_call, body) => {
    const { name, public_key } = body as { name: string; public_key: string };
    names.push(name);
    return [201, { ssh_key: { id: names.length, name, public_key, fingerprint: "" } }];
  });
  const keys = [generateSshKey("ada"), generateSshKey("bob")];
  const make = (name: string, publicKey: string) =>
    keysOf(context, "shop").create({ kind: "key", name, publicKey }, new Map(), { id: "1", begun: false });
  for (const { publicKey } of keys)
    expect(await make("operator", publicKey)).toMatchObject({ name: "operator", ours: true, publicKey });
  expect(names).toEqual(keys.map((key) => `slipway:shop:operator-${key.sha256.slice(0, 8)}`));
  expect(await make("ada", keys[0]?.publicKey ?? "")).toMatchObject({ name: "ada", ours: true });
  expect(names.at(-1)).toBe("slipway:shop:ada");
  const former = { id: 1, name: "slipway:shop:operator", public_key: keys[0]?.publicKey ?? "", fingerprint: "" };
  expect(keyOf(former, "shop").name).toBe("operator");
});
