import type { AlertPolicy } from "./alerts/machine.ts";
import type { ChannelConfig } from "./channels/channel.ts";
import type { CheckConfig } from "./checks/check.ts";
import type { WatchedHost } from "./collect/collector.ts";
import { fail } from "./errors.ts";
import type { RuleConfig } from "./rules/rule.ts";

/** Everything a monitor station does, as plain JSON. It holds names of secrets, never their values. */
export interface MonitorConfig {
  readonly version: 1;
  readonly everyMs: number;
  readonly hosts: readonly WatchedHost[];
  readonly checks: readonly CheckConfig[];
  /** The first one that fits an event judges it. */
  readonly rules: readonly RuleConfig[];
  readonly channels: readonly ChannelConfig[];
  /** Neighbours that tell whether our own network is there, `address:port`. Default: the default gateway. */
  readonly canaries?: readonly string[];
  /** Common to all rules; a rule's own comes before it. */
  readonly alerts?: Partial<AlertPolicy>;
  readonly keep?: { readonly rawMs?: number; readonly minuteMs?: number };
}

/** Reads a configuration from JSON. Throws `monitor.bad-config` that names the field. */
export function parseMonitorConfig(text: string): MonitorConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail("monitor.bad-config", "the monitor's configuration is no JSON", { cause });
  }
  const config = record(value, "configuration");
  if (config["version"] !== 1) throw fail("monitor.bad-config", `version ${String(config["version"])} ≠ 1`);
  if (typeof config["everyMs"] !== "number" || !(config["everyMs"] >= 100)) {
    throw fail("monitor.bad-config", `everyMs ${String(config["everyMs"])} is no number ≥ 100`);
  }
  each(config, "hosts", ["name"]);
  for (const [at, host] of (config["hosts"] as { address: unknown }[]).entries())
    record(host.address, `hosts[${at}].address`);
  each(config, "checks", ["kind", "name", "host", "severity"]);
  each(config, "rules", ["id", "title", "service"]);
  each(config, "channels", ["kind", "name"]);
  return config as unknown as MonitorConfig;
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw fail("monitor.bad-config", `${name} is no object`);
}

function each(config: Record<string, unknown>, field: string, texts: readonly string[]): void {
  const list = config[field];
  if (!Array.isArray(list)) throw fail("monitor.bad-config", `${field} is no list`);
  list.forEach((item: unknown, at) => {
    const entry = record(item, `${field}[${at}]`);
    const missing = texts.find((text) => typeof entry[text] !== "string");
    if (missing !== undefined) throw fail("monitor.bad-config", `${field}[${at}].${missing} is no text`);
  });
}
