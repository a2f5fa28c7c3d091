import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { local, ssh } from "@slipway/connection";
import { startMachine } from "@slipway/machines";
import { Secret, type SshAddress } from "@slipway/model";
import { expect, test } from "vitest";
import { receiveWebhooks } from "../src/channels/receive.ts";
import { compileMonitor, metrics, monitor, slack, url } from "../src/monitor.ts";
import { monitorClient } from "../src/station/client.ts";
import { formatStatus } from "../src/station/format.ts";
import type { Change, MonitorStatus } from "../src/station/view.ts";
import { folder } from "./folder.ts";

/** A web server made of systemd and sh: every host has it. */
const socketUnit = "[Socket]\nListenStream=8080\nAccept=yes\n";
const serviceUnit = `[Service]
StandardInput=socket
ExecStart=/bin/sh -c 'while read line; do test "$$line" = "$(printf "\\r")" && break; done; printf "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok"'
`;

/** Answers every request on the station's socket with a recorded status, as a station on the host itself would. */
const cannedSocket = "[Socket]\nListenStream=/run/slipway/monitor.sock\nAccept=yes\n";
const cannedService = serviceUnit.replace(/printf "HTTP.*/, "cat /root/answer'");

async function startStation(dir: string): Promise<{ readonly child: ChildProcess; readonly log: () => string }> {
  const script = fileURLToPath(new URL("./stationChild.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", script, dir], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk) => {
    log += String(chunk);
  });
  const [first] = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  if (String(first) !== "ready\n") throw new Error(`the station did not start: ${log}`);
  return { child, log: () => log };
}

test("a real host: metrics, an outage announced once across kill -9 of the monitor, its end, all seen through the socket", async () => {
  const signal = AbortSignal.timeout(280_000);
  using place = folder();
  await using machine = await startMachine({ name: "watched" });
  const address: SshAddress = {
    host: "watched",
    address: machine.address,
    port: machine.port,
    user: machine.user,
    hostKeys: [machine.hostKey.sha256],
  };
  await using host = await ssh(address, { privateKey: machine.privateKey });
  const run = async (...command: [string, ...string[]]): Promise<string> => {
    const output = await host.exec(command, { signal });
    expect(output).toMatchObject({ status: 0, stderr: "" });
    return output.stdout;
  };
  await host.exec(["tee", "/etc/systemd/system/small.socket"], { stdin: socketUnit });
  await host.exec(["tee", "/etc/systemd/system/small@.service"], { stdin: serviceUnit });
  await host.exec(["tee", "/etc/systemd/system/canned.socket"], { stdin: cannedSocket });
  await host.exec(["tee", "/etc/systemd/system/canned@.service"], { stdin: cannedService });
  await run("systemctl", "daemon-reload");
  await run("systemctl", "start", "small.socket", "canned.socket");

  await using receiver = await receiveWebhooks({ port: 0, address: "127.0.0.1" });
  const config = compileMonitor(
    monitor({
      streams: [metrics({ name: "watched" })],
      every: "1s",
      expect: [url("http://watched:8080/").answers(200, "5s", { body: "ok" })],
      tell: [slack(new Secret("pager"))],
    }),
    [address],
  );
  writeFileSync(place.file("config.json"), JSON.stringify(config));
  writeFileSync(place.file("key"), machine.privateKey, { mode: 0o600 });
  writeFileSync(place.file("secret.pager"), `http://127.0.0.1:${receiver.port}/services/T000/secret-token`);

  await using here = local();
  const client = monitorClient(here, place.file("monitor.sock"));
  /** The first status for which `test` holds, looked at again after every change. */
  const until = async (test: (status: MonitorStatus) => boolean): Promise<MonitorStatus> => {
    for await (const _ of client.events(signal, "")) {
      const status = await client.status();
      if (test(status)) return status;
    }
    throw signal.reason;
  };

  let station = await startStation(place.path);
  try {
    const status = await until(
      ({ hosts, checks }) => hosts[0]?.metrics["cpu"] !== undefined && checks[0]?.state === "ok",
    );
    const seen = status.hosts[0]?.metrics ?? {};
    const metric = (service: string): number => seen[service]?.metric ?? Number.NaN;
    expect(status.hosts[0]).toMatchObject({ name: "watched", state: "ok" });
    for (const service of ["cpu", "memory", "disk /", "inodes /"]) {
      expect(metric(service), service).toBeGreaterThanOrEqual(0);
      expect(metric(service), service).toBeLessThanOrEqual(1);
    }
    // What the host itself says: total memory, and the age of its PID 1.
    const total = Number(/MemTotal:\s+(\d+)/.exec(await run("cat", "/proc/meminfo"))?.[1]) * 1_024;
    expect(Number(seen["memory"]?.attributes?.["totalBytes"])).toBe(total);
    const age = Number(await run("ps", "-o", "etimes=", "-p", "1").catch(() => "NaN"));
    if (!Number.isNaN(age)) expect(Math.abs(metric("uptime") - age)).toBeLessThan(20);
    expect(metric("uptime")).toBeLessThan(280);
    expect(metric("units failed")).toBe(0);

    // The same answer through SSH, where the socket is a channel and no socket of ours.
    const body = JSON.stringify(status);
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
    await host.exec(["tee", "/root/answer"], { stdin: answer });
    expect(await monitorClient(host).status()).toEqual(status);

    await run("systemctl", "stop", "small.socket");
    const fired = await receiver.next(({ text }) => text?.startsWith("Critical: ") === true, signal);
    expect(fired.text).toBe("Critical: http://watched:8080/ does not answer as expected on watched");
    expect(JSON.stringify(fired.body)).toContain("ECONNREFUSED");

    // Killed between the delivery and its note it would be delivered again, as it should be.
    await until(({ undelivered }) => undelivered === 0);
    station.child.kill("SIGKILL");
    await once(station.child, "exit");
    station = await startStation(place.path);
    const after = await until(({ checks }) => checks[0]?.state === "critical");
    expect(after.alerts).toMatchObject([
      { host: "watched", service: "http http://watched:8080/", severity: "critical" },
    ]);
    expect(formatStatus(after)).toContain("http://watched:8080/ does not answer as expected");

    await run("systemctl", "start", "small.socket");
    const resolved = await receiver.next(({ text }) => text?.startsWith("Resolved after ") === true, signal);
    expect(resolved.text).toContain("http://watched:8080/ does not answer as expected on watched");
    expect(receiver.received.map((each) => each.text)).toEqual([fired.text, resolved.text]);
    expect(await client.alerts()).toMatchObject({ firing: [], resolved: [{ service: "http http://watched:8080/" }] });

    const now = Date.now();
    const series = await client.series({ host: "watched", service: "memory", from: now - 60_000, to: now, points: 60 });
    expect(series.values.filter((value) => value !== null).length).toBeGreaterThan(3);

    // The host goes: its metrics stop, and that is told.
    await machine[Symbol.asyncDispose]();
    const changes: Change[] = [];
    await receiver.next(({ text }) => text === "Critical: host cannot be reached on watched", signal);
    for await (const change of client.events(signal, "")) {
      changes.push(change);
      break;
    }
    expect(changes[0]?.kind).toBe("reset");
    expect(station.log()).not.toContain("secret-token");
  } finally {
    station.child.kill("SIGTERM");
    await once(station.child, "exit");
  }
});
