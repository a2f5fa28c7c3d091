import { readFile } from "node:fs/promises";
import { systemClock } from "@slipway/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeContainer, setFlags, startContainer, stopContainer } from "../src/effects.ts";
import { awaitHealthy } from "../src/gate.ts";
import { deploy, takeLock } from "../src/index.ts";
import { containerName, otherSlot, type Slot, writerFile, writerId } from "../src/names.ts";
import { portOf } from "../src/ports.ts";
import { Target } from "../src/target.ts";
import { releaseOf, secretsOf, startHost, type TestHost } from "./support/host.ts";

const app = "shop";
/** On a busy machine starting and stopping containers is slow: then fewer, so that the test ends in good time. */
const switches = { wanted: 20, least: 6, untilMs: 25_000 };

let host: TestHost;
beforeAll(async () => {
  host = await startHost();
});
afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
});

test("no request fails in hand-overs of the writer under keep-alive GET and POST", async () => {
  const options = { connection: host.connection, docker: host.docker, from: host.local, secrets: secretsOf("secret") };
  const [one, two] = [
    await releaseOf(host.local, app, "one", { writes: 1, reads: [1] }),
    await releaseOf(host.local, app, "two", { writes: 1, reads: [1] }),
  ];
  await deploy({ ...options, release: one });
  const load = await startLoad(one.images["core"] ?? "");
  // A whole deployment under load first; it leaves everything in green.
  const { current } = await deploy({ ...options, release: two });
  const ports = current.deployment.ports;

  // Then the hand-over alone, again and again, between two containers that stay.
  const { fence, ...lock } = await takeLock(host.connection, app, { by: "test", action: "switching" });
  const signal = new AbortController().signal;
  const target = new Target({ app, ...options, clock: systemClock, fence, signal: () => signal });
  const service = two.app.services[0];
  if (service === undefined) throw new Error("core is the first service");
  const ready = (slot: Slot, role?: "active") =>
    awaitHealthy({
      ...options,
      clock: systemClock,
      signal,
      container: containerName(app, "core", slot),
      service,
      port: portOf(ports["core"] ?? 0, slot),
      deadlineMs: 30_000,
      stableMs: 0,
      redact: (text) => text,
      ...(role === undefined ? {} : { role }),
    });
  await twin(target, containerName(app, "core", "green"), containerName(app, "core", "blue"), ports["core"] ?? 0);
  let slot: Slot = "green";
  let round = 0;
  const from = systemClock.monotonic();
  const inTime = (): boolean => round < switches.least || systemClock.monotonic() - from < switches.untilMs;
  for (; round < switches.wanted && inTime(); round += 1) {
    const next = otherSlot(slot);
    await startContainer(target, containerName(app, "core", next));
    await ready(next);
    // web has no container in blue: nginx finds it at its other port.
    await setFlags(target, next === "green" ? ["core", "web"] : ["web"]);
    await systemClock.sleep(100);
    await stopContainer(target, containerName(app, "core", slot), 5);
    await target.write(writerFile(app, "core"), `${writerId(two.commit, next)}\n`, { mode: "0644" });
    await host.docker.getContainer(containerName(app, "core", next)).kill({ signal: "SIGUSR2" });
    await ready(next, "active");
    slot = next;
  }
  const report = await load.end();
  await lock[Symbol.asyncDispose]();
  console.log(`switches: ${round + 1}, ${JSON.stringify(report)}`);
  expect(report.failed).toEqual([]);
  expect(report.failures).toBe(0);
  expect(report.gets).toBeGreaterThan(100);
  expect(report.posts).toBeGreaterThan(20);
  // Every acknowledged event is in the stream, once.
  expect(report.offsets).toBe(report.posts);
  const lines = Number(await host.sh(`wc -l < /var/lib/slipway/apps/${app}/core/events.jsonl`));
  expect(lines).toBe(report.posts);
  await removeContainer(target, containerName(app, "core", otherSlot(slot)));
});

/** A stopped container like another one, for the other slot. */
async function twin(target: Target, like: string, name: string, base: number): Promise<void> {
  const { Config, HostConfig } = await host.docker.getContainer(like).inspect();
  await host.docker.createContainer({
    name,
    Image: Config.Image,
    Labels: { ...Config.Labels, "slipway.slot": "blue" },
    Env: Config.Env.map((line) => line.replace(/\/green$/, "/blue")),
    ExposedPorts: { "8080/tcp": {} },
    HostConfig: { ...HostConfig, PortBindings: { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: String(base) }] } },
  });
  await target.check();
}

interface Report {
  readonly gets: number;
  readonly posts: number;
  readonly offsets: number;
  readonly connections: number;
  readonly longestPostMs: number;
  readonly failures: number;
  readonly failed: readonly string[];
}

/** The load runs on the host itself, in a container that sees the host's loopback. */
async function startLoad(image: string): Promise<{ end(): Promise<Report> }> {
  const script = await readFile(new URL("fixtures/load.mjs", import.meta.url), "utf8");
  const made = await host.docker.createContainer({
    Image: image,
    Cmd: ["/bin/node", "--input-type=module", "-e", script],
    HostConfig: { NetworkMode: "host" },
  });
  await made.start();
  return {
    async end() {
      await made.stop({ t: 30 });
      const logs = (await made.logs({ stdout: true, stderr: true })).toString("utf8");
      await made.remove({ force: true });
      const line = /\{.*\}/.exec(logs)?.[0];
      if (line === undefined) throw new Error(`the load said: ${logs}`);
      return JSON.parse(line) as Report;
    },
  };
}
