import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ssh as connectBySsh } from "@slipway/connection";
import { type Machine, startMachine } from "@slipway/machines";
import { type AnyProperty, type Connection, debian, type Host } from "@slipway/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apply, apt, file, formatReport, observe, plan, systemd } from "../src/index.ts";

let machine: Machine;
let connection: Connection;

beforeAll(async () => {
  machine = await startMachine({ name: "refused" });
  const { name: host, address, port, user, hostKey, privateKey } = machine;
  connection = await connectBySsh({ host, address, port, user, hostKeys: [hostKey.sha256] }, { privateKey });
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await machine?.[Symbol.asyncDispose]();
});

const hostWith = (has: AnyProperty): Host => ({
  name: "refused",
  os: "debian",
  distro: debian("12"),
  on: { provider: "test", spec: {} },
  has: [has],
  can: () => true,
});
const run = async (script: string): Promise<string> => (await connection.exec(["sh", "-c", script])).stdout.trim();

/** What is said of a property that cannot be made true. */
async function failure(property: AnyProperty): Promise<string> {
  const report = await apply(hostWith(property), connection);
  expect(report.failed, formatReport(report)).toBe(1);
  return report.items.map((item) => item.error ?? "").join("\n");
}

test("a line that the validator refuses leaves the file as it was", async () => {
  await run("printf 'one\\ntwo' >/etc/lines");
  expect(await failure(file.line("/etc/lines", "three", { validate: ["grep", "-q", "four", "{}"] }))).toMatch(
    /exit status 1/,
  );
  expect(await run("cat /etc/lines; ls -A /etc | grep -c lines")).toBe("one\ntwo1");
});

test("a file that was changed after it was looked at is not edited", async () => {
  await run("echo one >/etc/lines");
  const host = hostWith(file.line("/etc/lines", "two"));
  const [item] = plan(host, await observe(host, connection)).items;
  await run("echo three >>/etc/lines");
  const [change] = item?.changes ?? [];
  if (!Array.isArray(change)) throw new Error("no command is planned");
  const [program = "", ...args] = change as string[];
  const output = await connection.exec([program, ...args]);
  expect([output.status, output.stderr.trim()]).toEqual([1, "/etc/lines was changed by somebody else meanwhile"]);
  expect(await run("cat /etc/lines")).toBe("one\nthree");
});

test("a folder in place of a link, and an owner for what is not there, are errors", async () => {
  await run("mkdir -p /srv/now/deep");
  expect(await failure(file.symlink("/srv/now", "/srv/next"))).toContain("/srv/now is there and is no link");
  expect(await failure(file.owned("/srv/nothing", { owner: "root" }))).toContain("/srv/nothing is not there");
  expect(await run("ls /srv/now")).toBe("deep");
});

test("a timer at a time that systemd does not know is not installed", async () => {
  const timer = systemd.timer("bad", { at: "Mon..Foo 02:30", run: ["true"] });
  expect(await failure(timer)).toContain("Failed to parse calendar specification");
  expect(await run("ls -A /etc/systemd/system | grep -c 'bad.timer'")).toBe("0");
});

test("an archive that was touched after it was signed is told", async () => {
  const folder = join(import.meta.dirname, "real/archive");
  const archive = readFileSync(join(folder, "archive.tgz")).toString("base64");
  const key = readFileSync(join(folder, "key.asc"), "utf8");
  // The archive is good, but its Release was touched after it was signed.
  await run(`mkdir -p /srv/archive && printf %s ${archive} | base64 -d | tar xz -C /srv/archive
sed -i 's/^Origin: .*/Origin: Debian/' /srv/archive/dists/stable/InRelease`);
  expect(await failure(apt.source("hello", { uris: "file:/srv/archive", suites: "stable", key }))).toMatch(
    /BADSIG|not signed|signature/,
  );
});
