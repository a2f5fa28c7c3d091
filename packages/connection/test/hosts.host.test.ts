import { text } from "node:stream/consumers";
import { container, forward, ssh } from "@slipway/connection";
import { containerLogs, docker, loadImage, localDocker, runToEnd, saveImages } from "@slipway/connection/docker";
import { type Machine, makeProxy, startMachine, talkative } from "@slipway/machines";
import type { Connection, SshAddress } from "@slipway/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contract, gone } from "./contract.ts";
import { sshdHere, startSshd } from "./sshd.ts";

/** Perl is on every Debian host, and needs no package. */
const server = `use IO::Socket::UNIX; use IO::Socket::INET; use IO::Select;
my $u = IO::Socket::UNIX->new(Local => "/run/echo.sock", Listen => 5); my $t = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 7777, Listen => 5, ReuseAddr => 1);
$SIG{CHLD} = "IGNORE"; syswrite(STDOUT, "up\\n");
my $s = IO::Select->new($u, $t); while (1) { for my $l ($s->can_read) { my $c = $l->accept; my $d; sysread($c, $d, 100); syswrite($c, "PONG\\n"); close $c } }`;

let machine: Machine;
let address: SshAddress;
let host: Connection;

beforeAll(async () => {
  machine = await startMachine({ name: "connection" });
  address = {
    host: machine.name,
    address: machine.address,
    port: machine.port,
    user: machine.user,
    hostKeys: [machine.hostKey.sha256],
  };
  host = await ssh(address, { privateKey: machine.privateKey }, { waitMs: 30_000 });
  const echo = await host.spawn(["perl", "-e", server]);
  echo.stderr.resume();
  await new Promise((resolve) => echo.stdout.once("data", resolve));
});
afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
  await machine?.[Symbol.asyncDispose]();
});

const echo = { path: "/run/echo.sock", port: 7777 };
const nothing = async (): Promise<void> => {};

contract("ssh to a host", async () => ({
  open: () => ssh(address, { privateKey: machine.privateKey }),
  echo,
  [Symbol.asyncDispose]: nothing,
}));

contract("docker exec", async () => {
  const engine = await localDocker();
  return { open: async () => container(engine, machine.id), echo, [Symbol.asyncDispose]: nothing };
});

describe("a host", () => {
  it("runs commands as root through sudo, and reaches root's sockets", async () => {
    const setUp = `set -e
      command -v sudo >/dev/null || { apt-get update -qq && apt-get install -qq -y --no-install-recommends sudo >/dev/null; }
      useradd -m -s /bin/sh plain
      install -d -o plain -m 700 /home/plain/.ssh
      install -o plain -m 600 /root/.ssh/authorized_keys /home/plain/.ssh/authorized_keys
      echo 'plain ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/plain
      chmod 600 /run/echo.sock`;
    const made = await host.exec(["sh", "-c", setUp], { timeoutMs: 120_000 });
    expect(made).toMatchObject({ status: 0 });
    const plain = { ...address, user: "plain" };
    await using user = await ssh(plain, { privateKey: machine.privateKey });
    expect((await user.exec(["id", "-u"])).stdout).not.toBe("0\n");
    await expect(user.socket(echo.path)).rejects.toMatchObject({ code: "connection.socket" });
    await using root = await ssh(plain, { privateKey: machine.privateKey }, { sudo: true });
    expect((await root.exec(["id", "-u"])).stdout).toBe("0\n");
    const stream = await root.socket(echo.path);
    stream.write("PING\n");
    expect(await text(stream)).toBe("PONG\n");
    const process = await root.spawn(["sh", "-c", "echo $$; exec sleep 1000"]);
    const first = await new Promise<Buffer>((resolve) => process.stdout.once("data", resolve));
    process.kill();
    await process.exit;
    await gone(host, String(first).trim());
    await host.exec(["rm", "/etc/sudoers.d/plain"]);
    await talkative(host, "plain");
    await using refused = await ssh(plain, { privateKey: machine.privateKey }, { sudo: true });
    await expect(refused.exec(["id"])).rejects.toMatchObject({
      code: "connection.sudo",
      message: expect.stringMatching(/through sudo -n; it said: a password is required$/),
      hint: expect.stringContaining("NOPASSWD"),
    });
  });

  it("is reached through a login shell that prints a banner", async () => {
    const shell = "#!/bin/sh\necho Welcome\necho 'mind the gap' >&2\nexec /bin/sh \"$@\"\n";
    const setUp = `set -e
      cat > /usr/local/bin/talkative
      chmod 755 /usr/local/bin/talkative
      useradd -m -s /usr/local/bin/talkative host-talker
      install -d -o host-talker -m 700 /home/host-talker/.ssh
      install -o host-talker -m 600 /root/.ssh/authorized_keys /home/host-talker/.ssh/authorized_keys`;
    expect(await host.exec(["sh", "-c", setUp], { stdin: shell })).toMatchObject({ status: 0 });
    await using user = await ssh({ ...address, user: "host-talker" }, { privateKey: machine.privateKey });
    const output = await user.exec(["sh", "-c", "echo out; echo err >&2"]);
    expect(output).toEqual({ status: 0, stdout: "out\n", stderr: "err\n" });
  });

  it("forwards a local port", async () => {
    await using tunnel = await forward(host, { port: echo.port });
    const { connect } = await import("node:net");
    const client = connect(tunnel.port, "127.0.0.1");
    client.write("PING\n");
    expect(await text(client)).toBe("PONG\n");
    const again = forward(host, { port: echo.port, localPort: tunnel.port });
    await expect(again).rejects.toMatchObject({ code: "connection.port-used" });
    await using nobody = await forward(host, { port: 1 });
    const turnedAway = connect(nobody.port, "127.0.0.1");
    expect(
      await new Promise((resolve) => turnedAway.once("error", (error: NodeJS.ErrnoException) => resolve(error.code))),
    ).toBe("ECONNRESET");
  });

  it("is noticed within 30 seconds when its cable is cut", async () => {
    await using proxy = await makeProxy(address);
    await proxy.listen();
    await using connection = await ssh(
      { ...address, address: "127.0.0.1", port: proxy.port },
      { privateKey: machine.privateKey },
    );
    const call = connection.exec(["sleep", "1000"]);
    await connection.exec(["true"]);
    const start = performance.now();
    proxy.cut("silence");
    await expect(call).rejects.toMatchObject({ code: "connection.lost" });
    expect(performance.now() - start).toBeLessThan(30_000);
    await host.exec(["pkill", "-f", "sleep 1000"]);
  });
});

describe("a Docker engine over a connection", () => {
  it.skipIf(!sshdHere)("answers over the one connection, many at a time", async () => {
    // This machine's engine stands for a host's, which would take long to install: behind the socket forwarding of a real sshd.
    await using sshd = await startSshd();
    await using here = await ssh(sshd.address, { privateKey: sshd.privateKey });
    const engine = await docker(here);
    expect(String(await engine.ping())).toBe("OK");
    const ask = (): Promise<{ ApiVersion: string }[]> =>
      Promise.all(Array.from({ length: 40 }, () => engine.version()));
    // Over and over: kept-alive streams must be used again, and cost nothing.
    const versions = [await ask(), await ask(), await ask()].flat();
    expect(new Set(versions.map(({ ApiVersion }) => ApiVersion)).size).toBe(1);
  });

  it("runs a container to its end, with all its output, and leaves nothing", async () => {
    const engine = await localDocker();
    const { Image } = await engine.getContainer(machine.id).inspect();
    const base = { Image, Entrypoint: [], Labels: { "slipway.machines": "1" } };
    const ids: string[] = [];
    const result = await runToEnd(engine, {
      create: { ...base, Cmd: ["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; echo err >&2; exit 7"] },
      onCreated: (id) => void ids.push(id),
    });
    expect(result).toMatchObject({ status: 7, stderr: "err\n", oomKilled: false });
    expect(result.stdout).toBe("x".repeat(3_000_000));
    const stop = new AbortController();
    const reason = new Error("enough");
    const aborted = runToEnd(engine, {
      create: { ...base, Cmd: ["sleep", "1000"] },
      signal: stop.signal,
      onCreated: (id) => {
        ids.push(id);
        stop.abort(reason);
      },
    });
    await expect(aborted).rejects.toBe(reason);
    for (const id of ids) await expect(engine.getContainer(id).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  it("reads logs, saves images and loads them", async () => {
    const engine = await localDocker();
    const { Image } = await engine.getContainer(machine.id).inspect();
    const made = await engine.createContainer({
      Image,
      Entrypoint: [],
      Cmd: ["sh", "-c", "echo one; echo two >&2; echo three"],
      Labels: { "slipway.machines": "1" },
    });
    try {
      await made.start();
      await made.wait();
      const logs = await containerLogs(engine, made.id);
      expect(await Promise.all([text(logs.stdout), text(logs.stderr)])).toEqual(["one\nthree\n", "two\n"]);
      const followed = await containerLogs(engine, made.id, { follow: true });
      expect(await Promise.all([text(followed.stdout), text(followed.stderr)])).toEqual(["one\nthree\n", "two\n"]);
    } finally {
      await made.remove({ force: true });
    }
    await expect(saveImages(engine, ["slipway-no-such-image:1"])).rejects.toMatchObject({ code: "docker.failed" });
    const { Readable } = await import("node:stream");
    await expect(loadImage(engine, Readable.from([Buffer.from("no tar at all")]))).rejects.toMatchObject({
      code: "docker.failed",
    });
  });
});
