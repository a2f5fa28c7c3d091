import { facts, look } from "@slipway/config";
import { formatMs } from "@slipway/model";
import type { Context } from "../../cli/context.ts";
import { table } from "../../cli/table.ts";
import { eachHost } from "../../platform/each-host.ts";
import { chosenHosts } from "../../platform/prepare.ts";
import { openSession } from "../../platform/session.ts";

export interface FactsOptions {
  readonly on: readonly string[];
}

const asked = {
  os: facts.os,
  kernel: facts.kernel,
  architecture: facts.architecture,
  virtualization: facts.virtualization,
  cpus: facts.cpus,
  memory: facts.memory,
  disks: facts.disks,
  addresses: facts.addresses,
  uptime: facts.uptime,
};

const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)}G`;

/** Prints what hosts are: their system, processors, memory, disks, addresses. */
export async function factsOfHosts(context: Context, options: FactsOptions): Promise<number> {
  await using session = await openSession(context);
  const hosts = await chosenHosts(session, options.on);
  const { answers, failed, exit } = await eachHost(
    hosts,
    context,
    async (host) => await look(await session.connect(host.name), asked, { signal: context.signal }),
  );
  const rows = answers.map(({ host, value }) => [
    host.name,
    value.os.title.replace(/^(\S+) GNU\/Linux/, "$1"),
    `${value.kernel} ${value.architecture}`,
    value.virtualization,
    String(value.cpus),
    `${gib(value.memory.availableBytes)}/${gib(value.memory.totalBytes)}`,
    value.disks.map((disk) => `${disk.mount} ${gib(disk.freeBytes)}/${gib(disk.sizeBytes)}`).join(" "),
    value.addresses.flatMap((one) => (one.address.startsWith("fe80:") ? [] : [one.address])).join(" "),
    formatMs(value.uptime * 1_000),
  ]);
  const head = ["HOST", "SYSTEM", "KERNEL", "VIRTUAL", "CPUS", "MEM FREE/ALL", "DISK FREE/ALL", "ADDRESSES", "UP"];
  context.out.result(rows.length === 0 ? "" : table([head, ...rows]), {
    ok: failed.length === 0,
    hosts: answers.map(({ host, value }) => ({ host: host.name, ...value })),
    ...(failed.length === 0 ? {} : { failed }),
  });
  return exit;
}
