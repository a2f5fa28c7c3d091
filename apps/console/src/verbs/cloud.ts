import { randomInt } from "node:crypto";
import { exitCodes, messageOf, SlipwayError } from "@slipway/model";
import { startLocalCloud } from "@slipway/provision/local/cloud";
import { type CloudSummary, listClouds, removeCloud } from "@slipway/provision/local/clouds";
import { engineAt } from "@slipway/provision/local/engine";
import { type FaultKind, faultsOf } from "@slipway/provision/local/faults";
import { typedName } from "../cli/confirm.ts";
import type { Context } from "../cli/context.ts";
import { table } from "../cli/table.ts";
import { fail } from "../errors.ts";
import { cloudToken, forgetToken, tokenFile, usualPort } from "../platform/cloud-token.ts";
import { loadProject } from "../platform/load.ts";
import { untilStopped } from "./console.ts";

export interface CloudOptions {
  readonly name?: string;
  readonly port?: number;
  /** Makes calls fail on purpose. */
  readonly faults?: readonly FaultKind[];
  readonly rate?: number;
  readonly seed?: number;
}

/** The cloud of the project here, if there is one. */
async function nameHere(context: Context): Promise<string> {
  try {
    return (await loadProject(context)).platform.family;
  } catch (error) {
    if (error instanceof SlipwayError && error.code === "ops.no-config" && context.config === undefined) return "local";
    throw error;
  }
}

/** Serves a local cloud until the first ^C. */
export async function serveCloud(context: Context, options: CloudOptions): Promise<number> {
  const { out, signal } = context;
  const name = options.name ?? (await nameHere(context));
  const token = await cloudToken(name);
  const { faults, rate, seed = randomInt(1_000_000_000) } = options;
  await using cloud = await startLocalCloud({
    name,
    port: options.port ?? usualPort(name),
    token,
    ...(faults === undefined ? {} : { faults: faultsOf(faults, { seed, ...(rate === undefined ? {} : { rate }) }) }),
    onProgress: (line) => out.mark("note", line),
    onFailure: (error) => out.mark("bad", messageOf(error)),
  });
  const file = tokenFile(name);
  const text = [
    `The local cloud ${name}: ${cloud.url}`,
    `Token:           ${file}`,
    `\ncurl -H "Authorization: Bearer $(cat ${file})" ${cloud.url}/v2/droplets`,
    "^C ends it; its machines go on. ops cloud list shows them.",
  ];
  if (faults !== undefined) text.push(`Faults on purpose: ${faults.join(", ")}, --seed ${seed}`);
  out.result(text.join("\n"), {
    ok: true,
    name,
    url: cloud.url,
    tokenFile: file,
    ...(faults === undefined ? {} : { faults, seed }),
  });
  await untilStopped(signal);
  return exitCodes.done;
}

const counted = (others: CloudSummary["others"]): string =>
  Object.entries(others)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(", ");

/** Text for people. Pure. */
export function formatClouds(clouds: readonly CloudSummary[]): string {
  if (clouds.length === 0) return "This engine has no local cloud.";
  return clouds
    .map(({ name, machines, others }) => {
      const rows = machines.map((one) => [`  ${one.name}`, one.status, one.address, one.size, one.region, one.stack]);
      const more = counted(others);
      return [`${name}: ${machines.length} machines${more === "" ? "" : `, ${more}`}`, ...(rows.length === 0 ? [] : [table(rows)])].join("\n"); // biome-ignore format: one line each
    })
    .join("\n");
}

export async function listLocalClouds(context: Context): Promise<number> {
  const clouds = await listClouds(engineAt());
  context.out.result(formatClouds(clouds), { ok: true, clouds });
  return exitCodes.done;
}

export async function removeLocalCloud(
  context: Context,
  { name, confirm }: { readonly name: string; readonly confirm?: string },
): Promise<number> {
  const engine = engineAt();
  const clouds = await listClouds(engine);
  const cloud = clouds.find((one) => one.name === name);
  if (cloud === undefined) {
    const known = clouds.map((one) => one.name).join(", ") || "none";
    throw fail("ops.unknown-cloud", `this engine has no local cloud ${name}; known: ${known}`);
  }
  await typedName(context, name, {
    what: `removing the local cloud ${name} removes its ${cloud.machines.length} machines and all their data`,
    given: confirm,
    hint: `Say --confirm ${name} when that is meant.`,
  });
  const removed = await removeCloud(engine, name);
  await forgetToken(name);
  context.out.result(`${name} is removed: ${removed} things of it`, { ok: true, name, removed });
  return exitCodes.done;
}
