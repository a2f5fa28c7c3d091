import { execFileSync } from "node:child_process";
import { lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debian, host } from "@slipway/model";
import { generateSshKey, type MachineInfo } from "@slipway/provision";
import { droplet } from "@slipway/provision/digitalocean";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { existing, inContainer, thisMachine } from "../src/index.ts";
import { localFolder } from "../src/platform/folder.ts";
import { include, withInclude } from "../src/platform/include.ts";
import { sshHosts, writeSshFiles } from "../src/platform/ssh-files.ts";
import { remoteLine, sshArgv } from "../src/verbs/ssh.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-ssh-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const key = generateSshKey("x").publicKey;
const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
const os = debian("12");
const hosts = [
  host("web", { on, os, has: [] }),
  host("young", { on, os, has: [] }),
  host("old.example.org", {
    on: existing({ address: "192.0.2.9", hostKey: `${key} root@old`, port: 2222, user: "ada" }),
    os,
    has: [],
  }),
  host("rsa", { on: existing({ address: "2001:db8::1", hostKey: "ssh-rsa AAAAB3NzaC1yc2E=" }), os, has: [] }),
  host("box", { on: inContainer("c"), os, has: [] }),
  host("here", { on: thisMachine, os, has: [] }),
];
const machine: MachineInfo = {
  name: "web",
  id: "1",
  address: "192.0.2.1",
  privateAddress: "",
  status: "active",
  hostKeys: [],
  hostPublicKeys: [key],
  created: "",
  region: "",
  size: "",
  image: "",
};
const machines = [machine, { ...machine, name: "young", address: "" }];

test("one word is the shell's, several are read back by a shell exactly as they were", () => {
  expect(remoteLine([])).toBeUndefined();
  expect(remoteLine(["ls | wc -l"])).toBe("ls | wc -l");
  const words = fc.array(
    fc.string({ unit: "grapheme" }).filter((word) => !word.includes("\0")),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(words, (more) => {
      const line = remoteLine(["printf", "%s\\0", ...more]) ?? "";
      expect(execFileSync("sh", ["-c", line], { encoding: "utf8" })).toBe(more.map((word) => `${word}\0`).join(""));
    }),
    { numRuns: 30 },
  );
});

test("words behind the host are no options of ssh", () => {
  expect(sshArgv("/c", { host: "web", command: [] }, true)).toEqual(["ssh", "-F", "/c", "web"]);
  expect(sshArgv("/c", { host: "web", command: ["-v", "a b"] }, false)).toEqual([
    "ssh",
    "-F",
    "/c",
    "-T",
    "web",
    "--",
    "-v 'a b'",
  ]);
  expect(sshArgv("/c", { host: "web", command: ["top"] }, true)).toEqual(
    ["ssh", "-F", "/c", "-t", "-o", "LogLevel=ERROR", "web", "--", "top"],
  ); // biome-ignore format: a table
});

test("the files lead ssh to machines of every kind, with their port, user and pinned key", async () => {
  const known = sshHosts({ name: "shop", hosts }, machines);
  expect(known.map((one) => one.name)).toEqual(["web", "old.example.org", "rsa"]);
  const files = localFolder(join(folder, "deep"), { environments: [] });
  await writeSshFiles(files, known);
  expect((await stat(files.sshConfig)).mode & 0o777).toBe(0o600);
  const of = (name: string): string => execFileSync("ssh", ["-G", "-F", files.sshConfig, name], { encoding: "utf8" });
  expect(of("web")).toMatch(/^user root\n/m);
  expect(of("web.shop")).toMatch(/^hostname 192\.0\.2\.1\n/m);
  for (const line of ["user ada", "hostname 192.0.2.9", "port 2222", "stricthostkeychecking true", "hostkeyalias old.example.org", "hostkeyalgorithms ssh-ed25519"])
    expect(of("old.example.org")).toContain(`\n${line}\n`); // biome-ignore format: one line
  const included = await readFile(files.sshInclude, "utf8");
  // In the user's own configuration `web` may be somebody else's.
  expect(included.match(/^Host .*$/gm)).toEqual(["Host web.shop", "Host old.example.org.shop", "Host rsa.shop"]);
  expect(of("rsa")).toContain("hostkeyalgorithms rsa-sha2-512,rsa-sha2-256\n");
  for (const name of ["web", "old.example.org", "[192.0.2.9]:2222", "2001:db8::1"])
    expect(execFileSync("ssh-keygen", ["-F", name, "-f", files.knownHosts], { encoding: "utf8" })).toContain("found");
});

test("ssh includes the very file, whatever is in its path", async () => {
  const names = [
    "a b",
    "it's",
    'say "hi"',
    "50%",
    "%d",
    ["$", "{HOME}"].join(""),
    "$x",
    "a*",
    "b?",
    "[c]",
    "d\\e",
    "# f",
    "~",
    "{a,b}",
  ];
  for (const [at, name] of names.entries()) {
    const file = join(folder, "paths", name, "ssh_include");
    await mkdir(join(folder, "paths", name), { recursive: true });
    await writeFile(file, `Host web.shop\n  Port ${4000 + at}\n`, { mode: 0o600 });
    const config = join(folder, `config-${at}`);
    await include(config, file, true);
    expect(await readFile(config, "utf8"), name).not.toMatch(/%|\$\{/);
    const of = execFileSync("ssh", ["-G", "-F", config, "web.shop"], { encoding: "utf8" });
    expect(of, name).toContain(`\nport ${4000 + at}\n`);
    expect(await include(config, file, true)).toBe(false);
    await include(config, file, false);
    expect(await readFile(config, "utf8")).toBe("");
  }
  // Not the files next to it that a pattern would mean, either.
  await mkdir(join(folder, "paths", "ax"), { recursive: true });
  await writeFile(join(folder, "paths", "ax", "ssh_include"), "Host web.shop\n  Port 9\n", { mode: 0o600 });
  const config = join(folder, "config-star");
  await include(config, join(folder, "paths", "a*", "ssh_include"), true);
  expect(execFileSync("ssh", ["-G", "-F", config, "web.shop"], { encoding: "utf8" })).not.toContain("\nport 9\n");
  expect(() => withInclude("", "/a\nb", true)).toThrow(/cannot include/);
});

test("one line is put into the user's configuration, once, at the top, and taken out again", async () => {
  const real = join(folder, "dotfiles");
  const config = join(folder, "config");
  const before = "Host web web2\n  User me\nhost *.b\n";
  await writeFile(real, before, { mode: 0o640 });
  await symlink(real, config);
  expect(await include(config, "/p/a b/ssh_config", true)).toBe(true);
  expect(await readFile(real, "utf8")).toBe(`Include "/p/a b/ssh_config"\n${before}`);
  expect(await include(config, "/p/a b/ssh_config", true)).toBe(false);
  expect((await stat(real)).mode & 0o777).toBe(0o640);
  expect((await lstat(config)).isSymbolicLink()).toBe(true);
  await include(config, "/p/a b/ssh_config", false);
  expect(await readFile(real, "utf8")).toBe(before);
  const none = join(folder, ".ssh", "config");
  await include(none, "/p/c", true);
  expect([await readFile(none, "utf8"), (await stat(none)).mode & 0o777]).toEqual(["Include /p/c\n", 0o600]);
  expect(withInclude("a", "/p/c", false)).toBe("a");
});
