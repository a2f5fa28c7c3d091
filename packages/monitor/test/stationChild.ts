import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ssh } from "@slipway/connection";
import { systemClock } from "@slipway/model";
import { parseMonitorConfig } from "../src/config.ts";
import { runMonitor } from "../src/station/run.ts";

// A station as a process of its own, for the test that kills it. The folder holds config.json, key and secrets.
const [dir = ""] = process.argv.slice(2);
const read = (name: string): string => readFileSync(join(dir, name), "utf8");
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
await runMonitor(parseMonitorConfig(read("config.json")), {
  connect: (address) => ssh(address, { privateKey: read("key") }),
  secrets: { reveal: async (secret) => read(`secret.${secret.name}`) },
  clock: systemClock,
  signal: stop.signal,
  dir,
  socketPath: join(dir, "monitor.sock"),
  onReady: () => process.stdout.write("ready\n"),
  log: (line) => process.stderr.write(`${line}\n`),
});
