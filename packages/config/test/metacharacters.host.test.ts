import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ssh } from "@slipway/connection";
import { type Machine, startMachine } from "@slipway/machines";
import { type Connection, messageOf, SlipwayError } from "@slipway/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { changePrologue, changeScript } from "../src/engine/change-script.ts";
import { observe, plan } from "../src/index.ts";
import { around, type Fixture, hostWith, made } from "./support/fixture.ts";

let machine: Machine;
let connection: Connection;
beforeAll(async () => {
  machine = await startMachine({ name: "metacharacters" });
  const { name: host, address, port, user, hostKey, privateKey } = machine;
  connection = await ssh({ host, address, port, user, hostKeys: [hostKey.sha256] }, { privateKey });
  await connection.exec(["sh", "-c", stubs]);
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await machine?.[Symbol.asyncDispose]();
});

/** Programs that would take long or end the host; what is looked for is whether a shell reads what they are given. */
const stubs = `mkdir /run/stubs && cd /run/stubs && for p in apt-get dpkg systemctl journalctl useradd usermod userdel groupadd groupdel gpasswd chpasswd \\
nft docker dockerd restic git ssh-keygen swapon swapoff mkswap fallocate mount umount reboot postmap newaliases certbot dehydrated fail2ban-client; do ln -s /bin/true $p; done`;

const touch = "touch /run/marker";
/** Whatever reads one of these as shell text leaves a marker. `HOSTILE=all` also tries each way by itself. */
const hostile = [
  (word: string) => `${word}$(${touch})\`${touch}\`'; ${touch}; '"; ${touch}; " | ${touch}; ${touch} #`,
  (word: string) => `${word}\n${touch}\n`,
  ...(process.env["HOSTILE"] === "all"
    ? [
        (word: string) => `${word}$(${touch})`,
        (word: string) => `${word}'; ${touch}; '`,
        (word: string) => `${word}"; ${touch}; "`,
        (word: string) => `${word} && ${touch} #`,
      ]
    : []),
];

/** The same value with every text in it made hostile, one at a time. */
function spoiled(value: unknown, spoil: (word: string) => string): readonly unknown[] {
  if (typeof value === "string") return [spoil(value)];
  if (Array.isArray(value))
    return value.flatMap((item, index) => spoiled(item, spoil).map((bad) => value.with(index, bad) as unknown));
  if (typeof value !== "object" || value === null || "secret" in value) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    ...spoiled(item, spoil).map((bad) => ({ ...value, [key]: bad })),
    Object.fromEntries(Object.entries(value).map(([name, one]) => [name === key ? spoil(key) : name, one])),
  ]);
}

const folder = join(import.meta.dirname, "fixtures");
// `command.run` is given shell text, and runs it.
const calls = readdirSync(folder)
  .filter((name) => name.endsWith(".json") && !/^(apk|command)\.json$/.test(name))
  .map((name) => {
    const all = Object.values(JSON.parse(readFileSync(join(folder, name), "utf8")) as Record<string, Fixture>);
    const shapes = new Map(
      all
        .filter(({ args, os, throws }) => args !== undefined && os !== "alpine" && throws === undefined)
        // One shape of arguments a property, the longest: it has all options.
        .toSorted((one, other) => JSON.stringify(one.args).length - JSON.stringify(other.args).length)
        .map(({ property, args }) => [property, { property, args }]),
    );
    return [name.replace(/\.json$/, ""), [...shapes.values()]] as const;
  });

test.for(calls)("%s: what is given to properties is never read by a shell", async ([, shapes]) => {
  let refused = 0;
  let tried = 0;
  const read: string[] = [];
  for (const { property, args } of shapes) {
    for (const spoil of hostile) {
      for (const bad of spoiled(args, spoil)) {
        const call = { property, args: bad as readonly unknown[] };
        try {
          const host = hostWith(made(call), {});
          const seen = await observe(host, connection, { secrets, around: around(host, {}) });
          const items = plan(host, seen, around(host, {})).items;
          const script = items.map(({ id, changes }) => changeScript(changes, { item: id, mark: [], revealed }));
          const stdin = `N=x R=run S=/run/state PATH=/run/stubs:$PATH\nmkdir -p "$S/pending"\nbeat() { :; }\n${changePrologue}\n${script.join("\n")}\n[ ! -e /run/marker ] || { rm /run/marker; echo marker; }\n`;
          const { stdout } = await connection.exec(["sh"], { stdin, timeoutMs: 60_000 });
          if (stdout.endsWith("marker\n")) read.push(JSON.stringify(call));
          tried += 1;
        } catch (thrown) {
          if (!(thrown instanceof SlipwayError) && !/^(TypeError|RangeError)/.test(String(thrown)))
            throw new Error(`${JSON.stringify(call)}: ${messageOf(thrown)}`, { cause: thrown });
          refused += 1;
        }
      }
    }
  }
  expect(read, "what a shell read").toEqual([]);
  console.log(`${refused} refused, ${tried} tried`);
});

const revealed = new Map<string, string>();
const secrets = { reveal: async () => "value $(touch /run/marker) `touch /run/marker` '; touch /run/marker; '" };
