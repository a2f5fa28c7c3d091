import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { digestOf, knownHosts, type MachineInfo, specOf, sshConfig, type WantedMachine } from "../src/index.ts";
import { generateSshKey, md5OfKey, sshFingerprint } from "../src/ssh-key.ts";
import { readTags, tagsOf } from "../src/tags.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-key-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("ssh-keygen reads the keys that are made here", () => {
  const key = generateSshKey("ada@example.org");
  const file = join(folder, "key");
  writeFileSync(file, key.privateKey, { mode: 0o600 });
  writeFileSync(`${file}.pub`, key.publicKey);
  const said = (...args: string[]): string =>
    execFileSync("ssh-keygen", [...args, "-f", file], { encoding: "utf8" }).trim();
  expect(said("-y")).toBe(key.publicKey);
  expect(said("-l")).toContain(sshFingerprint(key.sha256));
  expect(said("-l", "-E", "md5")).toContain(`MD5:${md5OfKey(key.publicKey)}`);
});

const key = generateSshKey("host");
const machine: MachineInfo = {
  name: "app.example.org",
  id: "1",
  address: "192.0.2.1",
  privateAddress: "",
  status: "active",
  hostKeys: [key.sha256],
  hostPublicKeys: [key.publicKey.split(" ").slice(0, 2).join(" ")],
  created: "2026-01-01T00:00:00Z",
  region: "lon1",
  size: "s-1vcpu-1gb",
  image: "debian-12-x64",
};

test("tags tell a host and its key, with only the characters that tags allow", () => {
  const wanted: WantedMachine = {
    kind: "machine",
    name: "App.example.org",
    region: "lon1",
    size: "s-1vcpu-1gb",
    image: "debian-12-x64",
    tags: ["env:test"],
    protect: true,
    backups: false,
    firewalls: ["edge"],
    userData: "#cloud-config\n{}",
  };
  const tags = tagsOf("shop", wanted, key.publicKey);
  for (const tag of tags) expect(tag).toMatch(/^[a-zA-Z0-9_:-]{1,255}$/);
  expect(readTags(tags)).toEqual({
    stack: "shop",
    host: "app.example.org",
    hostKeys: machine.hostKeys,
    hostPublicKeys: machine.hostPublicKeys,
    fresh: true,
    protect: true,
    retired: false,
    firewalls: ["edge"],
    tags: ["env:test"],
    image: "debian-12-x64",
    spec: specOf(wanted),
    userDataDigest: digestOf(wanted.userData ?? ""),
  });
  expect(readTags(["slipway:hostkey:zz"])).toEqual({
    hostKeys: [],
    hostPublicKeys: [],
    fresh: false,
    protect: false,
    retired: false,
    firewalls: [],
    tags: [],
  });
});

test("ssh_config and known_hosts let ssh in with the pinned key only", () => {
  const lacking = { ...machine, name: "young", address: "" };
  expect(knownHosts([machine, lacking])).toBe(`app.example.org,192.0.2.1 ${machine.hostPublicKeys[0]}\n`);
  const file = join(folder, "config");
  writeFileSync(file, sshConfig([machine, lacking], { identity: "/home/a b/key", knownHosts: "/k" }));
  const seen = execFileSync("ssh", ["-G", "-F", file, "app.example.org"], { encoding: "utf8" });
  expect(seen).toContain("hostname 192.0.2.1\n");
  expect(seen).toContain("stricthostkeychecking true\n");
  expect(seen).toContain("identityfile /home/a b/key\n");
  expect(seen).toContain("userknownhostsfile /k\n");
});

test("ssh finds the key under whatever path it has, and a path that it cannot be told of is refused", () => {
  for (const name of ["100%h", "%d/%%", "a b", "it's", 'say "x"', "back\\slash", "back\\\\slash", "#1"]) {
    const identity = join(folder, name, "key");
    const file = join(folder, "config");
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(identity, key.privateKey, { mode: 0o600 });
    writeFileSync(file, sshConfig([machine], { identity, knownHosts: "/k" }));
    const argv = ["-v", "-F", file, "-o", "ProxyCommand=false", "app.example.org"];
    expect(spawnSync("ssh", argv, { encoding: "utf8" }).stderr, name).toMatch(/identity file \S.*\/key type 3/);
  }
  for (const path of ["/a\nHost *\n", "/a\rb", `/$\{HOME}/key`])
    for (const files of [
      { identity: path, knownHosts: "/k" },
      { identity: "/i", knownHosts: path },
    ])
      expect(() => sshConfig([machine], files)).toThrow(expect.objectContaining({ code: "config.bad-argument" }));
});
