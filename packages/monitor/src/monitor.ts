import { type Duration, ms, type Secret, type SshAddress } from "@slipway/model";
import type { AlertPolicy } from "./alerts/machine.ts";
import type { ChannelConfig } from "./channels/channel.ts";
import type { CheckConfig } from "./checks/check.ts";
import type { HttpCheckConfig } from "./checks/http.ts";
import type { TcpCheckConfig } from "./checks/tcp.ts";
import type { MonitorConfig } from "./config.ts";
import { fail } from "./errors.ts";
import { hostDefaults } from "./rules/defaults.ts";
import type { RuleConfig } from "./rules/rule.ts";

/** Something that is expected to hold. */
export interface Check {
  readonly title: string;
  readonly probes: readonly CheckConfig[];
  readonly rules: readonly RuleConfig[];
}

/** Where events come from. */
export interface Stream {
  readonly name: string;
  readonly host: string;
}

/** A way to tell people. */
export interface Channel {
  readonly name: string;
  readonly config: ChannelConfig;
}

/** What names a host: any host of the model does. */
export interface Named {
  readonly name: string;
}

export interface UrlExpectation {
  /** Text that must be in the body. */
  readonly body?: string;
  /** So many failures in a row before it counts. Default 2. */
  readonly failures?: number;
  readonly every?: Duration;
  readonly severity?: "warning" | "critical";
}

/** A web address. The name of a watched host in it stands for that host's address. */
export function url(address: `${"http" | "https"}://${string}`): {
  /** It answers with this status within this time; over https its certificate is renewed in time. */
  answers(status: number, within: Duration, more?: UrlExpectation): Check;
} {
  const { hostname } = new URL(address);
  return {
    answers(status, within, more = {}) {
      const name = `http ${address}`;
      const probe: HttpCheckConfig = {
        kind: "http",
        name,
        host: hostname,
        severity: more.severity ?? "critical",
        url: address,
        status,
        withinMs: ms(within),
        ...(more.body !== undefined && { bodyHas: more.body }),
        ...(more.failures !== undefined && { failures: more.failures }),
        ...(more.every !== undefined && { everyMs: ms(more.every) }),
      };
      const byState = { judge: { by: "state" }, host: hostname } as const;
      return {
        title: `${address} answers ${status} within ${within}`,
        probes: [probe],
        rules: [
          { id: name, title: `${address} does not answer as expected`, service: name, ...byState },
          {
            id: `tls ${hostname}`,
            title: `the certificate of ${hostname} ends soon`,
            service: `tls ${hostname}`,
            ...byState,
          },
        ],
      };
    },
  };
}

/** A TCP port of a host. */
export function tcp(
  host: Named,
  port: number,
): {
  /** A connection opens within this time. */
  answers(within: Duration, more?: Omit<UrlExpectation, "body">): Check;
} {
  return {
    answers(within, more = {}) {
      const name = `tcp ${port}`;
      const probe: TcpCheckConfig = {
        kind: "tcp",
        name,
        host: host.name,
        severity: more.severity ?? "critical",
        port,
        withinMs: ms(within),
        ...(more.failures !== undefined && { failures: more.failures }),
        ...(more.every !== undefined && { everyMs: ms(more.every) }),
      };
      const id = `${name} of ${host.name}`;
      return {
        title: `port ${port} of ${host.name} answers within ${within}`,
        probes: [probe],
        rules: [{ id, title: `port ${port} does not answer`, service: name, host: host.name, judge: { by: "state" } }],
      };
    },
  };
}

/** The disks of a host: all of them, or the one mounted at `path`. */
export function disk(host: Named, path?: `/${string}`): { staysBelow(percent: number): Check } {
  const service = path === undefined ? "disk *" : `disk ${path}`;
  return {
    staysBelow(percent) {
      const title = `${service} of ${host.name} stays below ${percent} %`;
      const judge = { by: "limit", unit: "share", critical: percent / 100, margin: 0.01 } as const;
      return {
        title,
        probes: [],
        rules: [{ id: title, title: `disk is over ${percent} %`, host: host.name, service, judge }],
      };
    },
  };
}

/** The metrics of a host: cpu, load, memory, disks, inodes, swap, uptime, failed units, containers. */
export const metrics = (host: Named): Stream => ({ name: `metrics of ${host.name}`, host: host.name });

const channel = (kind: string, address: Secret): Channel => ({
  name: address.name,
  config: { kind, name: address.name, url: { secret: address.name } },
});

/** Slack, or whatever takes Slack's incoming webhooks. */
export const slack = (address: Secret): Channel => channel("slack", address);

/** The announcement as JSON, to a program of one's own. */
export const webhook = (address: Secret): Channel => channel("webhook", address);

export interface MonitorSpec {
  readonly streams: readonly Stream[];
  readonly every: Duration;
  readonly expect: readonly Check[];
  readonly tell: readonly Channel[];
  readonly alerts?: Partial<AlertPolicy>;
  readonly canaries?: readonly string[];
}

/** A described monitor: immutable data. */
export interface Monitor {
  readonly every: Duration;
  /** Names of the hosts whose metrics are read. */
  readonly hosts: readonly string[];
  readonly spec: MonitorSpec;
}

/** Describes what is watched, what is expected, and who is told. Throws RangeError for an interval that is none. */
export function monitor(spec: MonitorSpec): Monitor {
  if (ms(spec.every) < 100) throw new RangeError(`every ${spec.every} is too often: at least 100ms`);
  return Object.freeze({ every: spec.every, hosts: [...new Set(spec.streams.map((stream) => stream.host))], spec });
}

/**
 * The station's configuration, once the hosts' addresses are known. What was said comes before the defaults. Throws
 * `monitor.no-address` for a host without one. Pure.
 */
export function compileMonitor(described: Monitor, addresses: readonly SshAddress[]): MonitorConfig {
  const { spec, hosts } = described;
  const config: MonitorConfig = {
    version: 1,
    everyMs: ms(spec.every),
    hosts: hosts.map((name) => {
      const address = addresses.find((each) => each.host === name);
      if (address === undefined)
        throw fail("monitor.no-address", `the monitor watches ${name}, but its address is not known`);
      return { name, address };
    }),
    checks: spec.expect.flatMap((check) => check.probes),
    rules: [...spec.expect.flatMap((check) => check.rules), ...hostDefaults],
    channels: spec.tell.map((each) => each.config),
    ...(spec.alerts !== undefined && { alerts: spec.alerts }),
    ...(spec.canaries !== undefined && { canaries: spec.canaries }),
  };
  return config;
}
