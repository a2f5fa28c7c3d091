import { readFile } from "node:fs/promises";
import { messageOf, SlipwayError } from "@slipway/model";
import { stationPaths } from "./settings.ts";

/** A role's work, until the signal aborts. */
export type Role<S> = (settings: S, signal: AbortSignal, say: (line: string) => void) => Promise<void>;

const roles = {
  ci: async () => (await import("./ci.ts")).ciStation as Role<unknown>,
  monitor: async () => (await import("./monitor.ts")).monitorStation as Role<unknown>,
  receiver: async () => (await import("./receiver.ts")).receiverStation as Role<unknown>,
} as const;

const say = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort(new Error(`ended by ${name}`)));

const role = process.argv[2] ?? "";
if (!(role in roles)) {
  say(`there is no role "${role}"; known: ${Object.keys(roles).join(", ")}`);
  process.exit(2);
}
try {
  const settings: unknown = JSON.parse(await readFile(stationPaths.settings(role), "utf8"));
  const run = await roles[role as keyof typeof roles]();
  say(`${role} begins`);
  await run(settings, stop.signal, say);
  say(`${role} ends`);
  process.exit(0);
} catch (error) {
  if (stop.signal.aborted) process.exit(0);
  // Docker starts it again; whatever it was doing is taken up then.
  say(`${role} failed: ${messageOf(error)}${error instanceof SlipwayError ? ` [${error.code}]` : ""}`);
  process.exit(1);
}
