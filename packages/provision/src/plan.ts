import { createHash } from "node:crypto";
import type { Region, Size } from "./client/catalog.ts";
import type { Droplet } from "./client/droplets.ts";
import type { Image } from "./client/images.ts";
import type { Key } from "./client/keys.ts";
import { machineInfo } from "./machines.ts";
import { md5OfKey } from "./ssh-key.ts";
import { readTags } from "./tags.ts";
import type { WantedHost } from "./wanted.ts";

/** What was seen in the cloud, read by {@link observe}. */
export interface Seen {
  /** Droplets that carry the stack's tag. */
  readonly droplets: readonly Droplet[];
  readonly keys: readonly Key[];
  readonly regions: readonly Region[];
  readonly sizes: readonly Size[];
  readonly images: readonly Image[];
}

export interface Planned {
  readonly stack: string;
  /** The operator's key: added to the account unless it is there. */
  readonly key: { readonly do: "add" | "keep"; readonly name: string; readonly publicKey: string };
  readonly create: readonly (WantedHost & { readonly dollarsMonthly: number })[];
  /** Machines that are off, to be switched on. */
  readonly start: readonly Kept[];
  readonly keep: readonly Kept[];
  /** Machines of the stack that no host asks for; destroyed only on request. */
  readonly destroy: readonly Kept[];
  /** The same, left alone because nobody asked. */
  readonly unlisted: readonly Kept[];
  /** Differences that are not changed in place, in words. */
  readonly drift: readonly string[];
  /** While there are any, nothing is applied. */
  readonly problems: readonly string[];
}
export interface Kept {
  readonly host: string;
  readonly id: number;
}

export interface PlanOptions {
  readonly stack: string;
  /** Public key line of the operator, who logs in as root. */
  readonly operatorKey: string;
  /** Also destroy machines of the stack that no host asks for. Default: they are only named. */
  readonly unlisted?: "keep" | "destroy";
}

/** What will be done, and a digest that changes when anything that it rests on does. Plain data. */
export interface ProvisionPlan extends Planned {
  readonly wanted: readonly WantedHost[];
  readonly options: PlanOptions;
  /** SHA-256, hex. */
  readonly digest: string;
}

/** How many things the plan changes. */
export const changesOf = (plan: Planned): number =>
  plan.create.length +
  plan.start.length +
  plan.destroy.length +
  (plan.create.length > 0 && plan.key.do === "add" ? 1 : 0);

/** Pure: from what is wanted and what was seen to what is to be done. */
export function planProvision(wanted: readonly WantedHost[], seen: Seen, options: PlanOptions): ProvisionPlan {
  const { stack } = options;
  const known = seen.droplets.map((droplet) => ({ droplet, host: readTags(droplet.tags).host ?? droplet.name }));
  const problems = [...new Set([...namesOf(options, wanted), ...wanted.flatMap((host) => unknown(host, seen))])];
  const kept: { wanted: WantedHost; droplet: Droplet }[] = [];
  const create: (WantedHost & { dollarsMonthly: number })[] = [];
  for (const host of wanted) {
    const found = known.filter((one) => one.host === host.host.toLowerCase());
    const [first, ...others] = found;
    if (first === undefined) {
      create.push({ ...host, dollarsMonthly: seen.sizes.find((size) => size.slug === host.size)?.price_monthly ?? 0 });
    } else if (others.length > 0) {
      const ids = found.map((one) => one.droplet.id).join(", ");
      problems.push(
        `${found.length} machines carry the tag of host ${host.host} (droplets ${ids}); destroy all but one`,
      );
    } else {
      kept.push({ wanted: host, droplet: first.droplet });
      if (readTags(first.droplet.tags).hostKeys.length === 0)
        problems.push(
          `droplet ${first.droplet.id} of host ${host.host} has no tag with its host key, so it cannot be trusted`,
        );
    }
  }
  const names = new Set(wanted.map((host) => host.host.toLowerCase()));
  const extra = known.filter((one) => !names.has(one.host)).map(({ host, droplet }) => ({ host, id: droplet.id }));
  const asKept = (one: (typeof kept)[number]): Kept => ({ host: one.wanted.host, id: one.droplet.id });
  const fingerprint = md5OfKey(options.operatorKey);
  const planned: Planned = {
    stack,
    key: {
      do: seen.keys.some((key) => key.fingerprint === fingerprint) ? "keep" : "add",
      name: keyName(stack),
      publicKey: options.operatorKey,
    },
    create,
    start: kept.filter((one) => one.droplet.status === "off").map(asKept),
    keep: kept.filter((one) => one.droplet.status !== "off").map(asKept),
    destroy: options.unlisted === "destroy" ? extra : [],
    unlisted: options.unlisted === "destroy" ? [] : extra,
    drift: kept.flatMap(driftOf),
    problems,
  };
  const digest = createHash("sha256")
    .update(JSON.stringify([planned, wanted]))
    .digest("hex");
  return { ...planned, wanted, options, digest };
}

/** The name under which the operator's key of a stack stands in the account. */
export const keyName = (stack: string): string => `slipway:${stack}:operator`;

const validHost = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;

function namesOf(options: PlanOptions, wanted: readonly WantedHost[]): readonly string[] {
  const problems: string[] = [];
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(options.stack)) problems.push(`"${options.stack}" is no name for a stack`);
  const seen = new Set<string>();
  for (const { host, tags } of wanted) {
    if (!validHost.test(host.toLowerCase())) problems.push(`"${host}" is no host name`);
    if (seen.has(host.toLowerCase())) problems.push(`two hosts are named ${host}`);
    seen.add(host.toLowerCase());
    for (const tag of tags) {
      if (!/^[a-zA-Z0-9_:-]{1,255}$/.test(tag))
        problems.push(`host ${host}: "${tag}" is no tag: letters, digits, _ : - only`);
      else if (tag.toLowerCase().startsWith("slipway:"))
        problems.push(`host ${host}: the tag ${tag} is kept for Slipway itself`);
    }
  }
  return problems;
}

function unknown(host: WantedHost, seen: Seen): readonly string[] {
  const problems: string[] = [];
  const region = seen.regions.find((one) => one.slug === host.region);
  const size = seen.sizes.find((one) => one.slug === host.size);
  const slugs = (all: readonly { readonly slug?: string | null | undefined }[]): string =>
    all
      .flatMap((one) => (one.slug ? [one.slug] : []))
      .slice(0, 12)
      .join(", ");
  if (region === undefined)
    problems.push(`host ${host.host}: there is no region ${host.region}; there are ${slugs(seen.regions)}`);
  else if (!region.available)
    problems.push(`host ${host.host}: region ${host.region} takes no new machines at present`);
  if (size === undefined)
    problems.push(`host ${host.host}: there is no size ${host.size}; there are ${slugs(seen.sizes)}`);
  else if (region !== undefined && !size.regions.includes(region.slug))
    problems.push(`host ${host.host}: size ${host.size} is not offered in ${host.region}`);
  if (!seen.images.some((image) => image.slug === host.image || String(image.id) === host.image))
    problems.push(`host ${host.host}: there is no image ${host.image}; there are ${slugs(seen.images)}`);
  return problems;
}

function driftOf({ wanted, droplet }: { readonly wanted: WantedHost; readonly droplet: Droplet }): readonly string[] {
  const is = machineInfo(droplet);
  const differs = (what: string, has: string, asks: string): readonly string[] =>
    has === "" || has === asks
      ? []
      : [`${wanted.host}: ${what} is ${has}, asked for ${asks}; destroy it to have it made anew`];
  return [
    ...differs("size", is.size, wanted.size),
    ...differs("region", is.region, wanted.region),
    ...differs("image", is.image, wanted.image),
  ];
}

/** The plan for people. */
export function printPlan(plan: ProvisionPlan): string {
  const dollars = plan.create.reduce((sum, one) => sum + one.dollarsMonthly, 0);
  const lines = [
    ...plan.create.map((one) => `+ create   ${one.host}  ${one.size} in ${one.region}, ${one.image}`),
    ...plan.start.map((one) => `~ start    ${one.host}  (droplet ${one.id} is off)`),
    ...plan.keep.map((one) => `  keep     ${one.host}  (droplet ${one.id})`),
    ...plan.destroy.map((one) => `- destroy  ${one.host}  (droplet ${one.id})`),
    ...plan.unlisted.map((one) => `  unlisted ${one.host}  (droplet ${one.id}; no host asks for it)`),
    ...plan.drift.map((text) => `  drift    ${text}`),
    ...plan.problems.map((text) => `! problem  ${text}`),
  ];
  const total = `${changesOf(plan)} change${changesOf(plan) === 1 ? "" : "s"}${dollars > 0 ? `, $${dollars} a month more` : ""}`;
  return `${[...lines, total].join("\n")}\n`;
}
