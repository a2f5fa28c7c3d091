import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  domain,
  firewall,
  type HostOnMachine,
  project,
  type Resource,
  record,
  reservedIp,
  type SshKeyPair,
  volume,
} from "@slipway/provision";
import { engineAt } from "@slipway/provision/local/engine";

/** What `provisioner.ts` is told. */
export interface Order {
  readonly do: "apply" | "plan, wait, apply" | "destroy";
  readonly url: string;
  readonly token: string;
  readonly stack: string;
  readonly hosts: readonly string[];
  readonly operator: SshKeyPair;
  readonly lagMs: number;
  /** What stands beside the machines. */
  readonly kinds: readonly Beside[];
}
export const beside = ["volume", "firewall", "domain", "reserved-ip", "project"] as const;
export type Beside = (typeof beside)[number];

/** One of each kind that is asked for, for the first host or for all. */
export function resourcesFor(
  hosts: readonly HostOnMachine[],
  { kinds, stack }: Pick<Order, "kinds" | "stack">,
): readonly Resource[] {
  const [first, ...others] = hosts;
  if (first === undefined) return [];
  const all: Readonly<Record<Beside, Resource>> = {
    volume: volume("data", { on: first, gigabytes: 1, filesystem: "ext4" }),
    firewall: firewall("front", { on: [first, ...others], allows: [{ tcp: 80 }] }),
    domain: domain(`${stack}.example.org`, { records: [record.a("www", first), record.txt("@", "it is here")] }),
    "reserved-ip": reservedIp("entry", { on: first }),
    project: project(`shop-${stack}`, { environment: "Staging" }),
  };
  return kinds.map((kind) => all[kind]);
}

export interface Provisioner {
  readonly process: ChildProcess;
  /** All that it says, to its end; the last words are `done …` or `refused …` unless it was killed. */
  readonly said: Promise<readonly string[]>;
  /** Resolves when it says this, or has ended. */
  heard(words: string): Promise<void>;
  /** Lets one that waits go on. */
  go(): void;
}

/** An operator in a process of its own. */
export function provisioner(order: Order): Provisioner {
  const program = join(import.meta.dirname, "provisioner.ts");
  const child = spawn(process.execPath, ["--conditions=source", program], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {});
  child.stdin.write(`${JSON.stringify(order)}\n`);
  const words: string[] = [];
  const waiting = new Map<string, () => void>();
  const closed = once(child, "close");
  const read = async (): Promise<readonly string[]> => {
    for await (const line of createInterface(child.stdout)) {
      words.push(line);
      waiting.get(line)?.();
    }
    await closed;
    for (const tell of waiting.values()) tell();
    return words;
  };
  const said = read();
  return {
    process: child,
    said,
    heard: (line) =>
      words.includes(line) || child.exitCode !== null
        ? Promise.resolve()
        : new Promise((resolve) => waiting.set(line, resolve)),
    go: () => child.stdin.write("go\n"),
  };
}

export const lastOf = (said: readonly string[]): string => said.at(-1) ?? "nothing";

/** What the engine holds of a local cloud: names of its machines' hosts, and how much else. */
export async function held(cloud: string): Promise<{ hosts: readonly string[]; others: number }> {
  const engine = engineAt();
  const query = { filters: { label: [`slipway.cloud=${cloud}`] } };
  const [containers, volumes, networks] = await Promise.all([
    engine.call("GET", "/containers/json", { query: { all: true, ...query } }),
    engine.call("GET", "/volumes", { query }),
    engine.call("GET", "/networks", { query }),
  ]);
  const hosts = (containers.json() as { Labels: Record<string, string> }[]).flatMap(({ Labels }) => {
    const tags = JSON.parse(Labels["slipway.tags"] ?? "[]") as string[];
    return tags.flatMap((tag) => (tag.startsWith("slipway:host:") ? [tag.slice("slipway:host:".length)] : []));
  });
  const named = (volumes.json() as { Volumes: unknown[] | null }).Volumes ?? [];
  const rest = containers.json() as unknown[];
  return {
    hosts: hosts.toSorted((a, b) => a.localeCompare(b)),
    others: named.length + (networks.json() as unknown[]).length + rest.length - hosts.length,
  };
}
