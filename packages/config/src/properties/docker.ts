import { type DebianLike, debianLike, giving, type Property, property, together } from "@slipway/model";
import * as apt from "./apt.ts";
import { restarted, running } from "./systemd.ts";

const daemonFile = "/etc/docker/daemon.json";

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

const settings = {
  read: ["cat", daemonFile],
  reads: [`file:${daemonFile}`],
  parse: (stdout: string): Record<string, unknown> => {
    if (stdout.trim() === "") return {};
    const parsed: unknown = JSON.parse(stdout);
    if (typeof parsed !== "object" || parsed === null) throw new Error(`${daemonFile} holds no object`);
    return { ...parsed };
  },
} as const;

/**
 * Containers use packets as large as the network outside carries; larger ones vanish without a word, e.g. in a nested network.
 * Other settings of the engine stay.
 */
export const mtuFollowsNetwork: Property<DebianLike> = property("docker's packets fit the network outside", {
  on: debianLike,
  about: "docker mtu",
  observe: together({ mtu: outerMtu, settings }),
  plan: ({ mtu, settings: now }) => {
    const current = now["mtu"] ?? 1500;
    if (mtu === undefined || current === mtu) return [];
    const content = `${JSON.stringify({ ...now, mtu }, null, 2)}\n`;
    return [["mkdir", "-p", "/etc/docker"], { path: daemonFile, content, mode: "0644", owner: "root", group: "root" }];
  },
  writes: [`file:${daemonFile}`],
}).onChange(restarted("docker"));

/** Debian's Docker engine runs, now and after a reboot. */
export const installed: Property<DebianLike, "docker"> = giving(
  running("docker").requires(apt.installed("docker.io").requires(mtuFollowsNetwork)).describe("docker is installed"),
  "docker",
);

/** `docker-compose` is there; Debian 12 has version 1. */
export const composeInstalled: Property<DebianLike, "docker" | "docker-compose"> = giving(
  apt.installed("docker-compose").requires(installed).describe("docker-compose is installed"),
  "docker",
  "docker-compose",
);
