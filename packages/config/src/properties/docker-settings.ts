import {
  type Change,
  type DebianLike,
  debianLike,
  type Property,
  property,
  type Revertable,
  revertable,
  together,
} from "@slipway/model";
import { diffLines } from "../diff.ts";
import { fail } from "../errors.ts";
import { restarted } from "./systemd.ts";

export const daemonFile = "/etc/docker/daemon.json";

/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type Daemon = Readonly<Record<string, unknown>>;

const daemon = {
  read: ["cat", daemonFile],
  reads: [`file:${daemonFile}`],
  parse: (stdout: string): Daemon => {
    if (stdout.trim() === "") return {};
    const parsed: unknown = JSON.parse(stdout);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
      throw new Error(`${daemonFile} holds no object`);
    return { ...parsed };
  },
} as const;

const outerMtu = {
  read: [
    "sh",
    "-c",
    'while read -r i d _; do [ "$d" != 00000000 ] || { cat "/sys/class/net/$i/mtu"; exit; }; done </proc/net/route',
    "mtu",
  ],
  reads: ["network"],
  parse: (stdout: string) => (stdout.trim() === "" ? undefined : Number(stdout.trim())),
} as const;

// Debian 12's engine cannot try its settings; the names here are known to it, and its restart tells.
const tried = `command -v dockerd >/dev/null || exit 0
dockerd --help | grep -q -- --validate || exit 0
exec dockerd --validate --config-file "$1"`;

const written = (now: Daemon): readonly Change[] =>
  Object.keys(now).length === 0
    ? [{ remove: daemonFile }]
    : [
        ["mkdir", "-p", "/etc/docker"],
        {
          path: daemonFile,
          content: `${JSON.stringify(now, null, 2)}\n`,
          mode: "0644",
          owner: "root",
          group: "root",
          validate: ["sh", "-c", tried, "sh", "{}"],
        },
      ];

/**
 * Containers use packets as large as the network outside carries; larger ones vanish without a word, e.g. in a nested network.
 * Other settings of the engine stay.
 */
export const mtuFollowsNetwork: Property<DebianLike> = property("docker's packets fit the network outside", {
  on: debianLike,
  about: "docker mtu",
  observe: together({ mtu: outerMtu, settings: daemon }),
  plan: ({ mtu, settings: now }) => (mtu === undefined || (now["mtu"] ?? 1500) === mtu ? [] : written({ ...now, mtu })),
  writes: [`file:${daemonFile}`],
}).onChange(restarted("docker"));

export interface DockerSettings {
  /** Containers go on while the engine itself is restarted or upgraded. Not together with a swarm. */
  readonly liveRestore?: boolean;
  /** What is kept of each container's output. */
  readonly logs?: {
    /** Default json-file, which `docker logs` reads. */
    readonly driver?: "json-file" | "local" | "journald";
    /** Size of one file, e.g. `10m`. For journald its own limits count. */
    readonly maxSize?: `${number}${"k" | "m" | "g"}`;
    readonly maxFiles?: number;
  };
  /** Where networks take their addresses from: `{ base: "10.200.0.0/16", size: 24 }` is 256 networks. */
  readonly addressPools?: readonly { readonly base: string; readonly size: number }[];
  readonly registryMirrors?: readonly `http${"s" | ""}://${string}`[];
  /** Registries that are reached without TLS. */
  readonly insecureRegistries?: readonly string[];
  readonly dns?: readonly string[];
  /** More, as daemon.json has it. */
  readonly other?: { readonly [name: string]: Json };
}

/** As in daemon.json. */
function wantedBy(settings: DockerSettings): { readonly [name: string]: Json } {
  const { liveRestore, logs, addressPools, registryMirrors, insecureRegistries, dns, other } = settings;
  for (const { base, size } of addressPools ?? []) {
    const bits = Number(/^\d{1,3}(?:\.\d{1,3}){3}\/(\d{1,2})$/.exec(base)?.[1]);
    if (!(bits <= size && size <= 30))
      throw fail("config.bad-argument", `${base} cannot be split into networks of /${size}`);
  }
  if (logs?.maxFiles !== undefined && !(Number.isInteger(logs.maxFiles) && logs.maxFiles > 0))
    throw fail("config.bad-argument", `docker cannot keep ${logs.maxFiles} files of a log`);
  if (logs?.maxSize !== undefined && !/^[1-9]\d*[kmg]$/.test(logs.maxSize))
    throw fail("config.bad-argument", `"${logs.maxSize}" is not a size: 10m`);
  if (logs?.driver === "journald" && (logs.maxSize !== undefined || logs.maxFiles !== undefined))
    throw fail("config.bad-argument", "journald has limits of its own for logs");
  const limits = {
    ...(logs?.maxSize === undefined ? {} : { "max-size": logs.maxSize }),
    ...(logs?.maxFiles === undefined ? {} : { "max-file": String(logs.maxFiles) }),
  };
  return {
    ...other,
    ...(liveRestore === undefined ? {} : { "live-restore": liveRestore }),
    ...(logs === undefined ? {} : { "log-driver": logs.driver ?? "json-file" }),
    ...(Object.keys(limits).length === 0 ? {} : { "log-opts": limits }),
    ...(addressPools === undefined
      ? {}
      : { "default-address-pools": addressPools.map(({ base, size }) => ({ base, size })) }),
    ...(registryMirrors === undefined ? {} : { "registry-mirrors": registryMirrors }),
    ...(insecureRegistries === undefined ? {} : { "insecure-registries": insecureRegistries }),
    ...(dns === undefined ? {} : { dns }),
  };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const shown = (now: Daemon): string => `${JSON.stringify(now, null, 2)}\n`;

/**
 * The engine has these settings; others in its file stay. Tried by the engine where it can (Docker 23 and later), then the engine is restarted.
 * Its opposite takes away those that still have these values.
 */
export function settings(of: DockerSettings): Revertable<DebianLike> {
  const wanted = wantedBy(of);
  const names = Object.keys(wanted);
  if (names.length === 0) throw fail("config.bad-argument", "docker.settings needs a setting");
  if ("mtu" in wanted) throw fail("config.bad-argument", "the packet size of docker follows the network by itself");
  const common = { on: debianLike, about: "docker settings", observe: daemon, writes: [`file:${daemonFile}`] } as const;
  const present = property("docker has its settings", {
    ...common,
    detail: wanted,
    plan: (now) => (names.every((name) => same(now[name], wanted[name])) ? [] : written({ ...now, ...wanted })),
    diff: (now) => diffLines(shown(now), shown({ ...now, ...wanted })),
  });
  const gone = property("docker has no settings of ours", {
    ...common,
    plan: (now) => {
      const rest = Object.fromEntries(Object.entries(now).filter(([name, value]) => !same(value, wanted[name])));
      return same(rest, now) ? [] : written(rest);
    },
  });
  return revertable(present.onChange(restarted("docker")), gone.onChange(restarted("docker")));
}
