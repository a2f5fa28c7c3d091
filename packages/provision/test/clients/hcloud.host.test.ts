import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ssh } from "@slipway/connection";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generateSshKey } from "../../src/index.ts";
import { type LocalCloud, startLocalCloud } from "../../src/local/cloud.ts";
import { heldBy, nothing } from "../support/cloud.ts";

// Debian's hcloud-cli, unmodified: it knows nothing of this project but an endpoint and a token.
const run = promisify(execFile);
const name = `hcloud${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), "slipway-hcloud-"));
const key = generateSshKey("operator");
const keyFile = join(folder, "operator.pub");
const hostKey = generateSshKey("host");
const userData = join(folder, "user-data");
let cloud: LocalCloud;

beforeAll(async () => {
  writeFileSync(keyFile, key.publicKey);
  const ssh_keys = { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey };
  writeFileSync(userData, `#cloud-config\n${JSON.stringify({ ssh_keys })}\n`);
  cloud = await startLocalCloud({ name });
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function hcloud(...given: readonly (string | readonly string[])[]): Promise<string> {
  const args = given.flat();
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    HCLOUD_TOKEN: cloud.token,
    HCLOUD_ENDPOINT: `${cloud.url}/v1`,
  };
  return (await run("hcloud", args, { env })).stdout;
}
/** What it says when it fails. */
const refused = (...args: readonly string[]): Promise<string> =>
  hcloud(...args).then(
    () => "",
    (error: { stderr?: string }) => error.stderr ?? "",
  );
const described = async (...args: readonly string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await hcloud(...args, "-o", "json")) as Record<string, unknown>;
const statusOf = async (server: string): Promise<unknown> => (await described("server", "describe", server))["status"];
const table = async (...args: readonly string[]): Promise<string[][]> =>
  (await hcloud(...args, "-o", "noheader"))
    .trim()
    .split("\n")
    .map((line) => line.split(/\s{2,}/));

test("what there is to choose from", async () => {
  expect(await table("server-type", "list")).toContainEqual(["114", "cx23", "2", "shared", "4.0 GB", "40 GB", "local"]);
  expect((await table("location", "list")).map((row) => row[1])).toContain("fsn1");
  expect((await table("datacenter", "list")).map((row) => row[1])).toContain("fsn1-dc14");
  expect((await table("image", "list")).map((row) => row[2])).toEqual(
    expect.arrayContaining(["debian-12", "debian-13"]),
  );
  for (const empty of ["iso", "network", "placement-group", "load-balancer", "certificate"])
    expect(await hcloud(empty, "list", "-o", "noheader")).toBe("");
});

test("a server from its making to its end", async () => {
  expect(await hcloud("ssh-key", "create", "--name", "me", "--public-key-from-file", keyFile)).toMatch(
    /SSH key \d+ created/,
  );
  expect(await refused("ssh-key", "create", "--name", "two", "--public-key-from-file", keyFile)).toContain(
    "uniqueness_error",
  );
  const made = await hcloud("server create --name web --type cx23 --image debian-12 --location nbg1".split(" "), [
    "--ssh-key",
    "me",
    "--user-data-from-file",
    userData,
    "--label",
    "env=test",
  ]);
  const address = /IPv4: (10\.[\d.]+)/.exec(made)?.[1] ?? "";
  expect(made).toMatch(/started \.\.\. done\nServer \d+ created/);
  expect(await table("server", "list", "-l", "env in (test)")).toEqual([
    [expect.any(String), "web", "running", address, "-", "-", "nbg1-dc3"],
  ]);
  expect(await hcloud("server", "list", "-l", "env!=test", "-o", "noheader")).toBe("");
  const login = async (): Promise<string> => {
    const to = { host: "web", address, port: 22, user: "root", hostKeys: [hostKey.sha256] };
    for (;;) {
      try {
        await using connection = await ssh(to, { privateKey: key.privateKey });
        return (await connection.exec(["hostname"])).stdout.trim();
      } catch (error) {
        if ((error as { code?: string }).code !== "connection.refused") throw error;
      }
    }
  };
  expect(await login()).toBe("web");

  await hcloud("server", "reboot", "web");
  expect(await login()).toBe("web");
  await hcloud("server", "poweroff", "web");
  expect(await statusOf("web")).toBe("off");
  await hcloud("server", "poweron", "web");
  expect(await statusOf("web")).toBe("running");
  expect(await login()).toBe("web");
  await hcloud("server", "shutdown", "web");
  expect(await statusOf("web")).toBe("off");

  await hcloud("server", "change-type", "web", "cx33");
  await hcloud("server", "enable-backup", "web");
  const image = await hcloud("server", "create-image", "web", "--type", "snapshot", "--description", "first");
  const snapshot = /Image (\d+) created/.exec(image)?.[1] ?? "";
  expect(await described("image", "describe", snapshot)).toMatchObject({ type: "snapshot", description: "first" });
  await hcloud("image", "delete", snapshot);

  await hcloud("server", "add-label", "web", "tier=front");
  await hcloud("server", "update", "web", "--name", "web-1");
  expect(await described("server", "describe", "web-1")).toMatchObject({
    name: "web-1",
    labels: { env: "test", tier: "front" },
    server_type: { name: "cx33", memory: 8 },
    backup_window: "22-02",
    location: { name: "nbg1" },
  });
  await hcloud("server", "enable-protection", "web-1", "delete", "rebuild");
  expect(await refused("server", "delete", "web-1")).toContain("protected");
  expect(await refused("server", "rebuild", "web-1", "--image", "debian-13")).toContain("protected");
  await hcloud("server", "disable-protection", "web-1", "delete", "rebuild");
  expect(await hcloud("server", "delete", "web-1")).toBe("Server web-1 deleted\n");
  expect(await hcloud("server", "list", "-o", "noheader")).toBe("");
  await hcloud("ssh-key", "delete", "me");
  expect(await heldBy(name)).toEqual(nothing);
});

test("a volume, a firewall that follows labels, and a floating address", async () => {
  await hcloud("ssh-key", "create", "--name", "me", "--public-key-from-file", keyFile);
  const made = await hcloud("server create --name web --type cx23 --image debian-12 --ssh-key me".split(" "), [
    "--user-data-from-file",
    userData,
  ]);
  const address = /IPv4: (10\.[\d.]+)/.exec(made)?.[1] ?? "";
  const answers = (to: string, port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect({ host: to, port, timeout: 1_000 });
      const end = (open: boolean) => () => {
        socket.destroy();
        resolve(open);
      };
      // Refused is an answer too: only a filter says nothing.
      socket.on("connect", end(true)).on("error", end(true)).on("timeout", end(false));
    });

  expect(
    await hcloud("volume", "create", "--name", "data", "--size", "10", "--server", "web", "--format", "ext4"),
  ).toMatch(/Volume \d+ created/);
  expect(await table("volume", "list")).toEqual([[expect.any(String), "data", "10 GB", "web", "fsn1"]]);
  expect(await refused("volume", "delete", "data")).toContain("resource_in_use");
  await hcloud("volume", "resize", "data", "--size", "20");
  await hcloud("volume", "detach", "data");
  await hcloud("volume", "attach", "data", "--server", "web");
  expect(await described("volume", "describe", "data")).toMatchObject({ size: 20, server: expect.any(Number) });

  expect(await answers(address, 81)).toBe(true);
  await hcloud("firewall", "create", "--name", "front");
  const rule = "firewall add-rule front --direction in --protocol tcp --port 22 --source-ips 0.0.0.0/0";
  await hcloud(rule.split(" "), "--description", "ssh");
  const byLabel = ["--type", "label_selector", "--label-selector", "tier=front"];
  await hcloud("firewall", "apply-to-resource", "front", byLabel);
  expect(await answers(address, 81)).toBe(true);
  await hcloud("server", "add-label", "web", "tier=front");
  // It filters a moment after it was applied, as Hetzner's does.
  while (await answers(address, 81));
  expect(await described("firewall", "describe", "front")).toMatchObject({
    rules: [{ direction: "in", protocol: "tcp", port: "22", description: "ssh" }],
    applied_to: [{ type: "label_selector", label_selector: { selector: "tier=front" } }],
  });
  expect(await refused("firewall", "delete", "front")).toContain("resource_in_use");
  await hcloud("server", "remove-label", "web", "tier");
  while (!(await answers(address, 81)));
  await hcloud("firewall", "remove-from-resource", "front", byLabel);
  await hcloud("firewall", "delete", "front");

  await hcloud("floating-ip", "create", "--type", "ipv4", "--server", "web", "--name", "stable");
  const [[, , , , floating = ""] = []] = await table("floating-ip", "list");
  while (!(await answers(floating, 22)));
  await hcloud("floating-ip", "unassign", "stable");
  await hcloud("floating-ip", "assign", "stable", "web");
  expect(await described("floating-ip", "describe", "stable")).toMatchObject({ server: expect.any(Number) });
  await hcloud("floating-ip", "delete", "stable");
  await hcloud("server", "delete", "web");
  await hcloud("volume", "delete", "data");
  await hcloud("ssh-key", "delete", "me");
  expect(await heldBy(name)).toEqual(nothing);
});

test("what is refused is told in one sentence", async () => {
  const create = ["server", "create", "--name", "x", "--image", "debian-12"];
  expect(await refused(...create, "--type", "cx99")).toContain("unknown server type (invalid_input)");
  expect(await refused("server", "create", "--name", "x_y", "--type", "cx23", "--image", "debian-12")).toContain(
    "'name'",
  );
  expect(await refused(...create, "--type", "cx23", "--location", "mars")).toContain("'location'");
  expect(await refused("server", "describe", "nobody")).toContain("server not found");
  const stranger = await fetch(`${cloud.url}/v1/servers`);
  expect(stranger.status).toBe(401);
  expect(await stranger.json()).toMatchObject({ error: { code: "unauthorized" } });
  const lost = await fetch(`${cloud.url}/v1/servers/12`, { headers: { authorization: `Bearer ${cloud.token}` } });
  expect(await lost.json()).toEqual({
    error: { code: "not_found", message: "server with ID '12' not found", details: null },
  });
});
