import { createHash } from "node:crypto";
import { type ApplyEvent, alone, apply, formatReport, secretsOf } from "@slipway/config";
import { container } from "@slipway/connection";
import { localDocker } from "@slipway/connection/docker";
import type { Clock, Host, Secrets, Surroundings } from "@slipway/model";
import { type Engine, engineAt } from "@slipway/provision/local/engine";
import { ensureHostImage } from "@slipway/provision/local/image";
import { addressLabel, networkLabel, removeNetwork } from "@slipway/provision/local/network";
import { type HostDistro, releases } from "@slipway/provision/local/releases";
import { bootHost, createHost, removeHost, statusIn } from "@slipway/provision/local/start-container";
import { tar } from "@slipway/provision/local/tar";
import { fail } from "../errors.ts";

export interface BakeOptions {
  /** `name:tag` of the image in this machine's engine. */
  readonly image: string;
  readonly around?: Surroundings;
  readonly secrets?: Secrets;
  /** Whether the image may hold the secrets of the host's properties. */
  readonly withSecrets?: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: ApplyEvent) => void;
  readonly onProgress?: (line: string) => void;
}

export interface Baked {
  readonly image: string;
  /** `sha256:…` */
  readonly id: string;
  readonly host: string;
  /** Of the list of properties, as it stands in the label. */
  readonly digest: string;
  readonly properties: number;
  readonly sizeBytes: number;
}

/** Labels of baked images. */
export const bakedLabels = { host: "slipway.baked.host", digest: "slipway.baked.list" } as const;

const bootMs = 60_000;
const stopSeconds = 60;
const cleaner = "/usr/lib/systemd/system-shutdown/slipway-bake";

/**
 * Runs as the very last thing of the shutdown, when no service writes any more. Takes away what must be each machine's own, so that a first
 * boot makes it anew, and what can be fetched again. What was applied stays on record.
 */
const cleaning = `#!/bin/sh
rm -rf /etc/ssh/ssh_host_* /var/lib/dbus/machine-id /var/lib/systemd/random-seed /var/lib/systemd/credential.secret
: > /etc/machine-id
rm -rf /var/log/journal/* /var/lib/cloud/instance /var/lib/slipway/booted
find /var/log -type f -exec truncate -s 0 {} +
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/cache/apt/*.bin /var/tmp/* /root/.bash_history
for f in /var/lib/slipway/config/*; do
  case $f in */applied | */originals) ;; *) rm -rf "$f" ;; esac
done
rm -f ${cleaner}
`;

/**
 * Makes an image of a host as its list of properties says: boots its system's image, applies the list, takes away what is a machine's own, and
 * keeps the rest under a name. A machine that starts from it needs no change. Nothing is kept when a property fails.
 */
export async function bake(host: Host, options: BakeOptions): Promise<Baked> {
  const { image, signal, clock } = options;
  const around = options.around ?? alone(host);
  const distro = distroOf(host);
  const secrets = secretsOf(host, around);
  if (secrets.length > 0 && options.withSecrets !== true)
    throw fail("ops.bake-secrets", `${host.name} has the secrets ${secrets.join(", ")} in its list`);
  const [repo, tag] = nameOf(image);
  const engine = engineAt();
  const say = options.onProgress ?? (() => {});
  const base = await ensureHostImage(engine, { distro, signal, onProgress: say });
  const network = "slipway-bake";
  const labels = { "slipway.bake": host.name };
  const { id } = await createHost(
    engine,
    {
      container: `slipway-bake-${host.name}-${process.pid}`,
      hostname: host.name,
      image: base.name,
      network,
      networkLabels: { "slipway.bake": "1" },
      labels,
    },
    signal,
  );
  try {
    await bootHost(engine, id, { hostname: host.name, rootKeys: [], userData: "#cloud-config\n{}" });
    await booted(engine, id, signal);
    await using connection = container(await localDocker(), id);
    say(`${host.name} runs in a container of ${base.name}`);
    const report = await apply(host, connection, {
      around,
      // Whoever starts a machine from the image goes on from there.
      list: "",
      clock,
      signal,
      ...(options.secrets === undefined ? {} : { secrets: options.secrets }),
      ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    });
    if (report.failed + report.blocked > 0) throw fail("ops.bake-failed", formatReport(report));
    await stopClean(engine, id, signal);
    const digest = listDigest(host);
    const made = await engine.call("POST", "/commit", {
      query: { container: id, repo, tag, comment: `slipway: ${host.name}` },
      // What the container was on this engine must not be taken for what containers of the image are.
      body: {
        Labels: {
          [bakedLabels.host]: host.name,
          [bakedLabels.digest]: digest,
          "slipway.bake": "",
          "slipway.run": "",
          [networkLabel]: "",
          [addressLabel]: "",
        },
      },
      signal,
    });
    const imageId = (made.json() as { Id: string }).Id;
    const { Size } = (await engine.call("GET", `/images/${imageId}/json`)).json() as { Size: number };
    return {
      image: `${repo}:${tag}`,
      id: imageId,
      host: host.name,
      digest,
      properties: report.ok + report.changed,
      sizeBytes: Size,
    };
  } finally {
    await removeHost(engine, id);
    await removeNetwork(engine, network);
  }
}

function distroOf(host: Host): HostDistro {
  const name = `${host.os}-${host.distro.version}`;
  if (!Object.hasOwn(releases, name))
    throw fail("ops.bake-system", `${host.name} is ${name}, of which there is no host image here`);
  return name as HostDistro;
}

/** Stands for what the image was made of, by what is written in the list. */
const listDigest = (host: Host): string =>
  createHash("sha256")
    .update(JSON.stringify([host.os, host.distro.version, host.has.map((property) => property.title)]))
    .digest("hex")
    .slice(0, 32);

function nameOf(image: string): readonly [string, string] {
  const match = /^([a-z0-9][a-z0-9._/:-]*?)(?::([\w][\w.-]{0,127}))?$/.exec(image);
  if (match === null) throw fail("ops.bake-failed", `${image} is no name of an image, such as team/web:2026-11`);
  return [match[1] ?? image, match[2] ?? "latest"];
}

async function booted(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  const stop = AbortSignal.any([signal, AbortSignal.timeout(bootMs)]);
  const asked = ["sh", "-c", "systemctl is-system-running --wait | grep -qE 'running|degraded'"];
  // systemd answers only once its bus is there; `--wait` then waits for the end of the start.
  while ((await statusIn(engine, id, asked, stop)) !== 0) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Stops the machine in order; its last act is the cleaning. Throws `ops.bake-failed` when that did not happen. */
async function stopClean(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  const body = tar([{ path: cleaner, content: cleaning, mode: 0o755 }]);
  await engine.call("PUT", `/containers/${id}/archive`, { query: { path: "/" }, body, signal });
  await engine.call("POST", `/containers/${id}/stop`, { query: { t: stopSeconds }, signal });
  const left = await engine.call("GET", `/containers/${id}/archive`, {
    query: { path: cleaner },
    accept: [404],
    signal,
  });
  if (left.status !== 404) throw fail("ops.bake-failed", "the machine stopped without taking away what is its own");
}
