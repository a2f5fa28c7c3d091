import { readFileSync } from "node:fs";
import { apt, configure, file, sudo, systemd, user } from "@slipway/config";
import { ssh } from "@slipway/connection";
import { debian, host } from "@slipway/model";
import { readInventory } from "./inventory.ts";
import { files, packages, units, users } from "./wanted.ts";

/** A program as a user would write it: the same properties for all hosts of an inventory, in parallel. Says what came of it as JSON. */
const has = [
  apt.installed(...packages),
  ...files.map(({ path, text }) => file.content(path, text)),
  ...users.map(({ name }) => user.account(name)),
  ...users.map(({ name }) => sudo.allows(name)),
  ...units.map(({ name, text }) => systemd.unit(name, text)),
  ...units.map(({ name }) => systemd.running(name)),
];
const loaded = performance.now();
let connected = 0;
const { hosts, keyFile } = readInventory(process.argv[2] ?? "");
const privateKey = readFileSync(keyFile, "utf8");
const reports = await Promise.all(
  hosts.map(async (address) => {
    await using connection = await ssh(address, { privateKey });
    connected = performance.now();
    const spec = { on: { provider: "existing", spec: {} }, os: debian("12"), has };
    return await configure(host(address.host, spec), connection);
  }),
);
const results = reports.map(({ changed, ok, ms, roundTrips }) => ({ changed, ok, ms, roundTrips }));
const { maxRSS: maxRssKb, userCPUTime, systemCPUTime } = process.resourceUsage();
const phases = { loaded, connected, configured: performance.now(), cpu: (userCPUTime + systemCPUTime) / 1_000 };
process.stdout.write(`${JSON.stringify({ results, maxRssKb, phases })}\n`);
