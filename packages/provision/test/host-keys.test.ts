import { type Connection, type SshAddress, systemClock } from "@slipway/model";
import { expect, test } from "vitest";
import { grow } from "../src/apply/grow.ts";
import { ready } from "../src/apply/ready.ts";
import type { Run } from "../src/apply/run.ts";
import { generateSshKey, type Provider, type Seen, type WantedVolume } from "../src/index.ts";
import { made } from "./support/resources.ts";

// The lists of the cloud go on telling of the old key for a while.
const next = generateSshKey("web");
const old = made("web", 1, { fresh: true });

/** A run whose machine makes itself the next key, and where it was connected to. */
function world() {
  const reached: SshAddress[] = [];
  const connection = {
    exec: () => Promise.resolve({ status: 0, stdout: next.publicKey, stderr: "" }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  } as unknown as Connection;
  const run: Run = {
    stack: "shop",
    provider: { makes: {}, pin: () => Promise.resolve() } as unknown as Provider,
    connect: (to) => {
      reached.push(to);
      return Promise.resolve(connection);
    },
    answers: () => Promise.resolve(true),
    clock: systemClock,
    signal: new AbortController().signal,
    journal: undefined,
    tell: () => {},
    links: new Map<string, Seen>([["machine web", old]]),
    active: () => Promise.resolve(old),
    machines: () => Promise.resolve([old]),
    chosen: new Set(),
    made: new Set(),
    replaced: new Set(),
  };
  return { run, reached };
}

test("a machine whose host key was renewed is reached by the new one, whatever lists still tell", async () => {
  const { run, reached } = world();
  await ready("machine web", old, run);
  expect(run.links.get("machine web")).toMatchObject({ hostKeys: [next.sha256], fresh: false });
  const volume = { kind: "volume", name: "data", id: "v", ours: true, device: "/dev/x" } as Seen<"volume">;
  run.links.set("volume data", volume);
  const wanted = { kind: "volume", name: "data", machine: "web", filesystem: "ext4" } as WantedVolume;
  await grow("volume data", wanted, run);
  expect(reached.at(-1)?.hostKeys).toEqual([next.sha256]);
});

test("a machine that is not there yet is not looked at", async () => {
  const { run, reached } = world();
  run.links.set("machine web", { ...old, status: "new", address: "" });
  run.links.set("volume data", { kind: "volume", name: "data", device: "/dev/x" } as Seen<"volume">);
  await grow("volume data", { kind: "volume", name: "data", machine: "web", filesystem: "ext4" } as WantedVolume, run);
  expect(reached).toEqual([]);
});
