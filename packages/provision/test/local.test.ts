import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { droplet, openCloud } from "../src/index.ts";
import { hostContainer } from "../src/local/container.ts";
import { exclusively } from "../src/local/lock.ts";
import { freeAddress, subnetOf } from "../src/local/network.ts";
import { tar } from "../src/local/tar.ts";
import { finalScript, initScript, readUserData } from "../src/local/user-data.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-local-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("tar reads the archives that are made here", () => {
  const files = [
    { path: "/a/run", content: "#!/bin/sh\n", mode: 0o755 },
    { path: "/b", content: "ü".repeat(700) },
  ];
  execFileSync("tar", ["x", "-C", folder], { input: tar(files) });
  expect(readFileSync(join(folder, "b"), "utf8")).toBe("ü".repeat(700));
  expect(execFileSync("stat", ["-c", "%a", join(folder, "a/run")], { encoding: "utf8" }).trim()).toBe("755");
});

test("a lock lets one in at a time, in this process too, and goes on after a failure", async () => {
  let inside = 0;
  let most = 0;
  const order: number[] = [];
  const one = async (at: number): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(at);
    inside -= 1;
    if (at === 2) throw new Error("two");
  };
  const name = `test ${process.pid}`;
  const all = await Promise.allSettled([1, 2, 3, 4].map((at) => exclusively(name, () => one(at))));
  expect(most).toBe(1);
  expect(order.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  expect(all.map((each) => each.status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  await expect(exclusively(name, () => Promise.resolve(), AbortSignal.abort(new Error("no")))).rejects.toThrow("no");
});

test("addresses are of the subnet and free", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(40), fc.uniqueArray(fc.integer({ min: 2, max: 300 })), (name, attempt, held) => {
      const subnet = subnetOf(name, attempt);
      const [a, b, c] = subnet.split(/[./]/).map(Number) as [number, number, number];
      const taken = new Set(held.map((host) => `${a}.${b}.${c + (host >> 8)}.${host & 255}`));
      const address = freeAddress(subnet, taken);
      expect(taken.has(address)).toBe(false);
      const [, , third = 0] = address.split(".").map(Number);
      expect(address.startsWith(`${a}.${b}.`) && third >= c && third <= c + 3).toBe(true);
      expect(b >= 128 && c % 4 === 0).toBe(true);
    }),
  );
});

test("a host is not privileged", () => {
  const body = hostContainer({
    container: "c",
    hostname: "h",
    image: "i",
    network: "n",
    address: "10.128.0.2",
    nameservers: ["192.0.2.53"],
    labels: { a: "b" },
  });
  expect(body).toMatchObject({
    StopSignal: "SIGRTMIN+3",
    HostConfig: {
      Mounts: [{ Type: "volume", Target: "/var/lib/docker" }],
      CapAdd: ["SYS_ADMIN", "NET_ADMIN"],
      CgroupnsMode: "private",
      RestartPolicy: { Name: "on-failure" },
      ReadonlyPaths: expect.arrayContaining(["/proc/sys/kernel/core_pattern"]),
    },
  });
  expect(JSON.stringify(body)).not.toContain("Privileged");
});

describe("user data", () => {
  test("is YAML, JSON or a script", async () => {
    expect(await readUserData("#cloud-config\nhostname: a\nruncmd:\n  - [ls, -l]\n")).toEqual({
      hostname: "a",
      runcmd: [["ls", "-l"]],
    });
    expect(await readUserData('#cloud-config\n{"hostname":"a"}')).toEqual({ hostname: "a" });
    expect(await readUserData("#!/bin/sh\necho hi")).toEqual({ runcmd: [["sh", "-c", "#!/bin/sh\necho hi"]] });
    expect(await readUserData("")).toEqual({});
  });

  test("becomes scripts in which nothing that it holds is read by the shell", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
        const safe = text.replaceAll("\0", "");
        const file = join(folder, "out");
        rmSync(file, { force: true });
        execFileSync("sh", ["-c", finalScript({ runcmd: [["sh", "-c", 'printf %s "$1" > "$2"', "sh", safe, file]] })]);
        expect(readFileSync(file, "latin1")).toBe(safe);
      }),
      { numRuns: 20 },
    );
    const script = initScript(
      {
        hostname: "$(touch /tmp/x)",
        ssh_authorized_keys: ["ssh-ed25519 A'B"],
        write_files: [{ path: "/a b", content: "'" }],
      },
      { hostname: "h", rootKeys: [] },
    );
    execFileSync("sh", ["-n"], { input: script });
    expect(script).toContain("'$(touch /tmp/x)'");
    expect(script).toContain("'ssh-ed25519 A'\\''B'");
  });
});

test("without an engine there is one sentence and what to do", async () => {
  const hosts = [{ name: "a", on: droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" }) }];
  const nowhere = join(folder, "no.sock");
  expect(existsSync(nowhere)).toBe(false);
  await expect(openCloud(hosts, { name: "x", dockerSocket: nowhere })).rejects.toMatchObject({
    code: "engine.missing",
    message: `no Docker engine answers at ${nowhere}`,
    hint: expect.stringContaining("systemctl start docker"),
  });
  await expect(openCloud([], { name: "x" })).rejects.toMatchObject({ code: "plan.problems" });
});
