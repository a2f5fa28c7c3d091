import { ssh as connectBySsh } from "@slipway/connection";
import { type Machine, startMachine } from "@slipway/machines";
import { type AnyProperty, type Connection, debian, Secret } from "@slipway/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apply, certificate, type Report, ssh, user } from "../src/index.ts";

let machine: Machine;
let connection: Connection;

beforeAll(async () => {
  machine = await startMachine({ name: "refusals" });
  const { name: host, address, port, user: login, hostKey, privateKey } = machine;
  connection = await connectBySsh({ host, address, port, user: login, hostKeys: [hostKey.sha256] }, { privateKey });
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await machine?.[Symbol.asyncDispose]();
});

const run = async (script: string): Promise<string> => {
  const { stdout, stderr } = await connection.exec(["sh", "-c", script]);
  return `${stdout}${stderr}`.trim();
};
const tried = (property: AnyProperty, secrets: Readonly<Record<string, string>> = {}): Promise<Report> =>
  apply(
    {
      name: "refusals",
      os: "debian",
      distro: debian("12"),
      on: { provider: "test", spec: {} },
      has: [property],
      can: () => true,
    },
    connection,
    { secrets: { reveal: async ({ name }) => secrets[name] ?? "" } },
  );

const wrong: readonly (readonly [title: string, value: string, why: string])[] = [
  ["a password instead of its hash", "correct horse", "no hash of crypt"],
  ["a hash with a line break", "$6$salt$hash\n", "more than one line"],
  ["a hash and another user", "$6$salt$hash\nroot:$6$salt$evil", "more than one line"],
];
test.for(wrong)("user.password: %s is not set", async ([, value, why]) => {
  await run("id ada >/dev/null 2>&1 || useradd ada");
  const before = await run("sha256sum /etc/shadow");
  const report = await tried(user.password("ada", new Secret("ada")), { ada: value });
  expect(report.failed).toBe(1);
  expect(JSON.stringify(report)).toContain(why);
  expect(JSON.stringify(report)).not.toContain(value.trim());
  expect(await run("sha256sum /etc/shadow")).toBe(before);
});

test("ssh.settings: what sshd refuses is not installed", async () => {
  const report = await tried(ssh.settings({ Ciphers: ["nonsense"] }));
  expect(report.failed).toBe(1);
  expect(JSON.stringify(report)).toContain("Bad SSH2 cipher spec");
  expect(await run("ls /etc/ssh/sshd_config.d; systemctl is-active ssh")).toBe("active");
});

test("ssh.hostKey: a private key that does not belong to the public one is not installed", async () => {
  await run("for k in a b; do ssh-keygen -q -t ed25519 -N '' -f /root/$k; done");
  const before = await run("sha256sum /etc/ssh/ssh_host_ed25519_key*");
  const key = `${await run("cat /root/a")}\n`;
  const report = await tried(ssh.hostKey(await run("cat /root/b.pub"), new Secret("key")), { key });
  expect(JSON.stringify(report)).toContain("does not belong to the public one");
  expect(await run("sha256sum /etc/ssh/ssh_host_ed25519_key*")).toBe(before);
});

test("certificate.own: another's key, and a certificate that has expired, are not installed", async () => {
  await run(`cd /root && openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=a -keyout ak -out ac 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=b -keyout bk -out bc 2>/dev/null
openssl req -new -key ak -subj /CN=a -out a.csr && openssl x509 -req -in a.csr -signkey ak -days -1 -out old 2>/dev/null`);
  const own = async (chain: string, key: string): Promise<string> => {
    const property = certificate.own("a.example.org", { chain: await run(`cat /root/${chain}`), key: new Secret("k") });
    return JSON.stringify(await tried(property, { k: await run(`cat /root/${key}`) }));
  };
  expect(await own("ac", "bk")).toContain("the key does not belong to the certificate");
  expect(await own("old", "ak")).toContain("the certificate has expired");
  expect(await run("ls -A /etc/slipway/certificates")).toBe("");
  expect(await own("ac", "ak")).toContain('"failed":0');
});
