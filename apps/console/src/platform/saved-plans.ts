import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import type { HostPlan } from "@slipway/config";
import { messageOf } from "@slipway/model";
import { z } from "zod";
import { fail } from "../errors.ts";
import type { Platform } from "./ops.ts";

const kind = "slipway configuration plan";
const version = 1;

/** A plan as it is kept in a file. It holds neither secrets nor what could be tried against one. */
export interface SavedPlan {
  readonly kind: typeof kind;
  readonly version: typeof version;
  readonly platform: string;
  /** Stands for the platform's hosts and their systems. */
  readonly digest: string;
  readonly madeAt: string;
  readonly madeBy: string;
  /** What the plan was limited to. */
  readonly only?: readonly string[];
  readonly hosts: readonly HostPlan[];
  /** What would be done to the stations of each host. */
  readonly stations: Readonly<Record<string, readonly string[]>>;
  /** Of all that stands before. */
  readonly checksum: string;
}

const schema = z.object({
  kind: z.literal(kind),
  version: z.literal(version),
  platform: z.string(),
  digest: z.string(),
  madeAt: z.string(),
  madeBy: z.string(),
  only: z.array(z.string()).optional(),
  hosts: z.array(
    z.object({
      host: z.string(),
      salt: z.string(),
      items: z.array(z.object({ id: z.string(), property: z.string(), digest: z.string() })),
    }),
  ),
  stations: z.record(z.string(), z.array(z.string())),
  checksum: z.string(),
});

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Stands for the hosts of a platform: their names and systems. What is true of them is compared host by host. */
export const platformDigest = ({ name, hosts }: Pick<Platform, "name" | "hosts">): string =>
  sha256(JSON.stringify([name, hosts.map((host) => [host.name, host.os, host.distro.version])]));

type Unsealed = Omit<SavedPlan, "kind" | "version" | "checksum">;

/** The text of a saved plan's file. */
export function writeSavedPlan(plan: Unsealed): string {
  const body = { kind, version, ...plan };
  return `${JSON.stringify({ ...body, checksum: sha256(JSON.stringify(body)) }, undefined, 2)}\n`;
}

/** Understands the text of a saved plan's file. Throws `ops.saved-plan` for a damaged one or one of another version. */
export function parseSavedPlan(text: string, file: string): SavedPlan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail("ops.saved-plan", `${file} is no saved plan, or it is damaged`, { cause });
  }
  if (typeof value === "object" && value !== null && "version" in value && value.version !== version)
    throw fail(
      "ops.saved-plan",
      `${file} is a plan of version ${String(value.version)}; this ops reads version ${version}`,
    );
  const read = schema.safeParse(value);
  if (!read.success) throw fail("ops.saved-plan", `${file} is no saved plan, or it is damaged`);
  const { checksum, only, ...rest } = read.data;
  const plan = { ...rest, ...(only === undefined ? {} : { only }) };
  if (sha256(JSON.stringify(bodyOf(value))) !== checksum)
    throw fail("ops.saved-plan", `${file} is damaged: it is not as it was saved`);
  return { ...plan, checksum };
}

/** All but the checksum, as it stands in the file. */
const bodyOf = (value: unknown): unknown =>
  Object.fromEntries(Object.entries(value as Record<string, unknown>).filter(([name]) => name !== "checksum"));

/** Reads a saved plan for a platform. Throws `ops.saved-plan`, or `ops.saved-plan-other` for one of another platform or of other hosts. */
export async function readSavedPlan(file: string, platform: Pick<Platform, "name" | "hosts">): Promise<SavedPlan> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw fail("ops.saved-plan", `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
  const plan = parseSavedPlan(text, file);
  if (plan.platform !== platform.name)
    throw fail("ops.saved-plan-other", `${file} is a plan of the platform ${plan.platform}, not of ${platform.name}`);
  if (plan.digest !== platformDigest(platform))
    throw fail("ops.saved-plan-other", `the hosts of ${platform.name} are no longer those that ${file} was made for`);
  return plan;
}

/** Keeps a plan in a file that only its owner may read. Throws `ops.cannot-write`. */
export async function savePlan(file: string, plan: Unsealed): Promise<void> {
  const half = `${file}.${process.pid}.new`;
  try {
    await writeFile(half, writeSavedPlan(plan), { mode: 0o600, flag: "wx" });
    await rename(half, file);
  } catch (cause) {
    await rm(half, { force: true });
    throw fail("ops.cannot-write", `the plan could not be saved: ${messageOf(cause)}`, { cause });
  }
}
