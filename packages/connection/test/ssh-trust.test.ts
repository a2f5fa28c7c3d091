import { execFileSync, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { ssh } from "@slipway/connection";
import { makeProxy } from "@slipway/machines/proxy";
import { type Clock, SlipwayError, systemClock } from "@slipway/model";
import { describe, expect, it } from "vitest";
import { freePort, makeKey, type Sshd, sshdHere, startSshd } from "./sshd.ts";

async function refusal(call: Promise<unknown>): Promise<SlipwayError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** Sleeps not at all, and tells when it was asked to. */
const hasty = (onSleep: () => void | Promise<void>): Clock => ({
  ...systemClock,
  sleep: async () => onSleep(),
});

const login = (sshd: Sshd): { privateKey: string } => ({ privateKey: sshd.privateKey });

describe.skipIf(!sshdHere)("who is let in", () => {
  it.each([
    ["unknown", []],
    ["changed", ["0".repeat(64), "f".repeat(64)]],
  ])("an %s host key is refused before anything is authenticated", async (_, hostKeys) => {
    await using sshd = await startSshd(["LogLevel DEBUG3"]);
    const error = await refusal(ssh({ ...sshd.address, hostKeys }, login(sshd)));
    expect(error).toMatchObject({ code: "connection.host-key", exitCode: 5 });
    for (const key of [...sshd.address.hostKeys, ...hostKeys]) expect(error.message).toContain(key);
    expect(error.hint).toContain("pin its new key");
    // The same sshd, asked properly, proves that its log would have told; and that the first visit had ended by then.
    const before = sshd.log();
    await using connection = await ssh(sshd.address, login(sshd));
    expect((await connection.exec(["true"])).status).toBe(0);
    expect(sshd.log().slice(before.length)).toMatch(/userauth-request for user/);
    const perVisit = sshd.log().split(/debug\d: Forked child/);
    expect(perVisit).toHaveLength(3);
    expect(perVisit[1]).not.toMatch(/userauth|Accepted|Failed/);
  });

  it("a key that is not authorised is refused, and nothing of it is quoted", async () => {
    await using sshd = await startSshd();
    const path = join(sshd.folder, "other");
    makeKey(path);
    const privateKey = await readFile(path, "utf8");
    const error = await refusal(ssh(sshd.address, { privateKey }));
    expect(error).toMatchObject({ code: "connection.auth", message: expect.stringContaining("test-host") });
    expect(JSON.stringify(error) + String(error.stack)).not.toContain(privateKey.split("\n")[1]);
    const broken = await refusal(ssh(sshd.address, { privateKey: "canary-key" }));
    expect(broken).toMatchObject({ code: "connection.key", exitCode: 2 });
    expect(JSON.stringify(broken) + String(broken.stack)).not.toContain("canary");
  });
});

describe.skipIf(!sshdHere)("an ssh-agent", () => {
  it("logs in with the key it holds", async () => {
    await using sshd = await startSshd();
    const agent = join(sshd.folder, "agent");
    const child = spawn("ssh-agent", ["-D", "-a", agent], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    try {
      expect(await refusal(ssh(sshd.address, { agent }))).toMatchObject({ code: "connection.auth" });
      const env = { ...process.env, SSH_AUTH_SOCK: agent };
      execFileSync("ssh-add", ["-q", join(sshd.folder, "user")], { env, stdio: "ignore" });
      await using connection = await ssh(sshd.address, { agent });
      expect((await connection.exec(["echo", "in"])).stdout).toBe("in\n");
    } finally {
      child.kill();
    }
    const gone = refusal(ssh(sshd.address, { agent: join(sshd.folder, "none") }));
    expect((await gone).code).toMatch(/^connection\.(key|auth)$/);
  });
});

describe.skipIf(!sshdHere)("connecting", () => {
  it("gets 40 connections at once past an sshd that drops bursts", async () => {
    await using sshd = await startSshd(["MaxStartups 5:50:20"]);
    const calls = Array.from({ length: 40 }, () => ssh(sshd.address, login(sshd)));
    const connections = await Promise.all(calls);
    expect(connections.every(({ open }) => open)).toBe(true);
    await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()));
    expect(sshd.log()).toMatch(/MaxStartups|beginning to drop|drop connection/i);
  }, 60_000);

  it("says who refuses, who is silent and who cannot be found", async () => {
    const address = { host: "web", address: "127.0.0.1", port: await freePort(), user: "root", hostKeys: ["00"] };
    const key = { privateKey: "unused" };
    const refused = await refusal(ssh(address, key));
    expect(refused.code).toBe("connection.refused");
    expect(refused.message).toBe(`web (127.0.0.1:${address.port}) refused the connection`);
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(address.port, "127.0.0.1", resolve));
    await using sshd = await startSshd();
    expect(await refusal(ssh(address, login(sshd), { timeoutMs: 200 }))).toMatchObject({ code: "connection.timeout" });
    const stop = new AbortController();
    const reason = new Error("enough");
    const call = ssh(address, login(sshd), { signal: stop.signal });
    stop.abort(reason);
    await expect(call).rejects.toBe(reason);
    mute.close();
    const lost = ssh({ ...address, address: "255.255.255.255" }, key);
    expect(await refusal(lost)).toMatchObject({ code: "connection.unreachable" });
  });

  it("tries again when sshd drops it, but not for ever", async () => {
    await using sshd = await startSshd();
    await using proxy = await makeProxy(sshd.address);
    await proxy.listen();
    const address = { ...sshd.address, port: proxy.port };
    proxy.drop(3);
    const clock = hasty(() => {});
    await using connection = await ssh(address, login(sshd), { clock });
    expect((await connection.exec(["echo", "in"])).stdout).toBe("in\n");
    expect(proxy.accepted).toBe(4);
    proxy.drop(1_000);
    expect(await refusal(ssh(address, login(sshd), { clock }))).toMatchObject({ code: "connection.busy" });
    expect(proxy.accepted).toBe(16);
  });

  it("waits for a machine that boots, and for nothing else", async () => {
    await using sshd = await startSshd();
    await using proxy = await makeProxy(sshd.address);
    const address = { ...sshd.address, port: proxy.port };
    let looks = 0;
    const clock = hasty(() => {
      looks += 1;
      return looks === 3 ? proxy.listen() : undefined;
    });
    await using connection = await ssh(address, login(sshd), { waitMs: 60_000, clock });
    expect(connection.open).toBe(true);
    expect(looks).toBe(3);
    const wrong = ssh({ ...address, hostKeys: [] }, login(sshd), { waitMs: 60_000, clock });
    expect(await refusal(wrong)).toMatchObject({ code: "connection.host-key" });
    expect(looks).toBe(3);
  });
});

describe.skipIf(!sshdHere)("a live connection", () => {
  it("rejects what runs and what waits when the link is reset", async () => {
    await using sshd = await startSshd();
    await using proxy = await makeProxy(sshd.address);
    await proxy.listen();
    await using connection = await ssh({ ...sshd.address, port: proxy.port }, login(sshd));
    // More than may run at once, so that some still wait for their turn.
    const calls = Array.from({ length: 20 }, () => refusal(connection.exec(["sleep", "1000"])));
    const stream = await connection.tcp(sshd.address.port);
    stream.once("data", () => proxy.cut("reset"));
    for (const call of calls) expect(await call).toMatchObject({ code: "connection.lost" });
    expect(connection.open).toBe(false);
    expect(await refusal(connection.exec(["true"]))).toMatchObject({ code: "connection.lost" });
  });

  it("ends a stream that is being read with an error when the link is reset: half an output is none", async () => {
    await using sshd = await startSshd();
    await using proxy = await makeProxy(sshd.address);
    await proxy.listen();
    await using connection = await ssh({ ...sshd.address, port: proxy.port }, login(sshd));
    const process = await connection.spawn(["sh", "-c", "echo begun; exec sleep 1000"]);
    process.stderr.resume();
    const read = async (): Promise<void> => {
      for await (const chunk of process.stdout) {
        expect(String(chunk)).toBe("begun\n");
        proxy.cut("reset");
      }
    };
    expect(await refusal(read())).toMatchObject({ code: "connection.lost" });
    expect(await refusal(process.exit)).toMatchObject({ code: "connection.lost" });
  });

  it("makes do with a server that allows fewer sessions", async () => {
    await using sshd = await startSshd(["MaxSessions 3"]);
    await using connection = await ssh(sshd.address, login(sshd));
    const calls = Array.from({ length: 20 }, (_, index) => connection.exec(["echo", String(index)]));
    expect((await Promise.all(calls)).map(({ stdout }) => Number(stdout))).toEqual(calls.map((_, index) => index));
  });

  it("is not misled by a login shell that talks", async () => {
    await using sshd = await startSshd();
    await writeFile(join(sshd.folder, ".bashrc"), "echo 'Welcome!'; echo 'mind the gap' >&2; cat <<< banner\n");
    await using connection = await ssh(sshd.address, login(sshd));
    const output = await connection.exec(["sh", "-c", "echo out; echo err >&2"]);
    expect(output).toEqual({ status: 0, stdout: "out\n", stderr: "err\n" });
  });

  it("quotes a login shell that runs nothing", async () => {
    await using sshd = await startSshd(["ForceCommand printf 'This \\033[31maccount\\nis closed'; exit 1"]);
    await using connection = await ssh(sshd.address, login(sshd));
    const error = await refusal(connection.exec(["true"]));
    expect(error).toMatchObject({ code: "connection.shell" });
    // In one line, and without what would steer a terminal.
    expect(error.message).toMatch(/ but said: This account is closed/);
  });
});
