import { ownersText } from "../owners.ts";
import type { Observed } from "../plan.ts";
import type { Traits } from "../provider.ts";
import { everyMachine, type Ref, refOf, type Wanted } from "../resource.ts";
import { userDataProblem } from "../user-data.ts";
import type { Match } from "./match.ts";

const hostName = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;
const plainName = /^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/;
const domainName = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])$/;

/** Volumes are named by their stack and their name. */
const volumeNameMost = 64;

/** Names and tags that no provider takes, or that are there twice. Pure. */
export function nameProblems(stack: string, wanted: readonly Wanted[], traits: Traits): readonly string[] {
  const problems: string[] = [];
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(stack)) problems.push(`"${stack}" is no name for a stack`);
  const seen = new Set<Ref>();
  for (const one of wanted) {
    const ref = refOf(one);
    const { kind, name } = one;
    if (!traits.kinds.includes(kind)) problems.push(`${ref}: ${traits.name} has none of this kind`);
    if (seen.has(ref)) problems.push(kind === "machine" ? `two hosts are named ${name}` : `${ref} is there twice`);
    seen.add(ref);
    if (kind === "machine") problems.push(...machineNames(one));
    else if (kind === "domain") {
      if (!domainName.test(name.toLowerCase())) problems.push(`"${name}" is no domain`);
    } else if (kind !== "record" && !plainName.test(name))
      problems.push(`"${name}" is no name for a ${kind}: lower-case letters, digits and hyphens`);
    // One letter more goes before a stack that begins with a digit.
    else if (kind === "volume" && `${stack}-${name}`.length > volumeNameMost - (/^[a-z]/.test(stack) ? 0 : 1))
      problems.push(`volume ${name}: "${stack}-${name}" is longer than ${volumeNameMost} characters`);
  }
  return [...problems, ...sharedMachines(wanted, traits)];
}

function sharedMachines(
  wanted: readonly Wanted[],
  { name, addressesEach = Number.POSITIVE_INFINITY }: Traits,
): string[] {
  const addresses = new Map<string, string[]>();
  for (const one of wanted)
    if (one.kind === "reserved-ip") addresses.set(one.machine, [...(addresses.get(one.machine) ?? []), one.name]);
  return [...addresses]
    .filter(([, names]) => names.length > addressesEach)
    .map(([machine, names]) => `reserved addresses ${names.join(", ")} of ${machine}: ${name} leads one to a machine`);
}

function machineNames({ name, tags }: Wanted & { kind: "machine" }): readonly string[] {
  const problems: string[] = [];
  if (!hostName.test(name.toLowerCase())) problems.push(`"${name}" is no host name`);
  for (const tag of tags) {
    if (!/^[a-zA-Z0-9_:-]{1,255}$/.test(tag))
      problems.push(`host ${name}: "${tag}" is no tag: letters, digits, _ : - only`);
    else if (tag.toLowerCase().startsWith("slipway:"))
      problems.push(`host ${name}: the tag ${tag} is kept for Slipway itself`);
  }
  return problems;
}

/** What leads to something that nothing makes, and volumes away from their machines. Pure. */
export function referenceProblems(wanted: readonly Wanted[]): readonly string[] {
  const all = new Map(wanted.map((one) => [refOf(one), one]));
  const problems: string[] = [];
  const machine = (of: Wanted, name: string): Wanted | undefined => {
    const found = all.get(refOf({ kind: "machine", name }));
    if (found === undefined) problems.push(`${refOf(of)}: there is no machine ${name} in this stack`);
    return found;
  };
  for (const one of wanted) {
    if (one.kind === "volume" && one.machine !== undefined) {
      const on = machine(one, one.machine);
      if (on?.kind === "machine" && on.region !== one.region)
        problems.push(`volume ${one.name} is in ${one.region} but its machine ${on.name} in ${on.region}`);
    }
    if (one.kind === "reserved-ip") machine(one, one.machine);
    if (one.kind === "firewall") {
      const others = [...one.inbound, ...one.outbound].flatMap((rule) => rule.machines);
      for (const name of new Set([...one.machines, ...others])) if (name !== everyMachine) machine(one, name);
    }
    if (one.kind === "record") {
      if (typeof one.data !== "string" && !all.has(one.data.of))
        problems.push(`${refOf(one)}: there is no ${one.data.of} in this stack`);
      if (!all.has(refOf({ kind: "domain", name: one.domain })))
        problems.push(`${refOf(one)}: there is no domain ${one.domain} in this stack`);
    }
  }
  return problems;
}

const slugs = (all: readonly { readonly slug: string }[]): string =>
  all
    .map((one) => one.slug)
    .filter((slug) => slug !== "")
    .slice(0, 12)
    .join(", ");

/** What the catalog has not, and machines that cannot be trusted or changed so. Pure. */
export function machineProblems(
  { wanted, seen }: Match,
  { catalog }: Observed,
  adopted: { readonly hostKey?: string } | undefined,
): readonly string[] {
  if (wanted.kind !== "machine" || (seen !== undefined && seen.kind !== "machine")) return [];
  const problems: string[] = [];
  const say = (text: string): number => problems.push(`host ${wanted.name}: ${text}`);
  const region = catalog.regions.find((one) => one.slug === wanted.region);
  const size = catalog.sizes.find((one) => one.slug === wanted.size);
  const image = catalog.images.find((one) => one.slug === wanted.image || one.id === wanted.image);
  // What is there already stays, even when nobody can order it any more.
  if (seen?.region !== wanted.region) {
    if (region === undefined) say(`there is no region ${wanted.region}; there are ${slugs(catalog.regions)}`);
    else if (!region.available) say(`region ${wanted.region} takes no new machines at present`);
  }
  if (seen?.size !== wanted.size) {
    if (size === undefined) say(`there is no size ${wanted.size}; there are ${slugs(catalog.sizes)}`);
    else if (region?.available && !size.regions.includes(region.slug))
      say(`size ${wanted.size} is not offered in ${wanted.region}`);
    const disk = seen === undefined ? 0 : seen.diskGb;
    if (size !== undefined && size.diskGb < disk && seen?.region === wanted.region && seen.image === wanted.image)
      say(
        `size ${wanted.size} has a disk of ${size.diskGb} GB, the machine one of ${disk} GB, and a disk cannot shrink`,
      );
  }
  if (seen?.image !== wanted.image) {
    if (image === undefined) say(`there is no image ${wanted.image}; there are ${slugs(catalog.images)}`);
    else if (size !== undefined && image.minDiskGb > size.diskGb)
      say(`image ${wanted.image} needs a disk of ${image.minDiskGb} GB, size ${wanted.size} has ${size.diskGb} GB`);
  }
  const wrong = userDataProblem(wanted);
  if (wrong !== undefined) say(wrong);
  if (seen === undefined) return problems;
  if (seen.ours && seen.hostKeys.length === 0)
    problems.push(`machine ${seen.id} of host ${wanted.name} has no tag with its host key, so it cannot be trusted`);
  if (!seen.ours && adopted?.hostKey === undefined)
    say(`to adopt machine ${seen.id}, say its host key: nothing else tells which one to trust`);
  if (seen.status === "archive") say(`machine ${seen.id} is archived`);
  return problems;
}

/** What carries the marks of several stacks, this one's among them. Pure. */
export const ownerProblems = (stack: string, { seen }: Observed): readonly string[] =>
  seen.flatMap((one) =>
    one.owners?.includes(stack) === true
      ? [
          `${refOf(one)} (${one.id}) carries the marks of ${ownersText(one.owners)}, so it is nobody's: take all but one off`,
        ]
      : [],
  );

/** Volumes only grow. Pure. */
export function volumeProblems({ wanted, seen }: Match): readonly string[] {
  if (wanted.kind !== "volume") return [];
  const name = `volume ${wanted.name}`;
  const problems: string[] = [];
  if (!Number.isInteger(wanted.gigabytes) || wanted.gigabytes < 1 || wanted.gigabytes > 16_384)
    problems.push(`${name}: ${wanted.gigabytes} GB is no size: whole gigabytes from 1 to 16384`);
  if (seen?.kind === "volume" && seen.ours && wanted.region === seen.region && wanted.gigabytes < seen.gigabytes)
    problems.push(`${name} has ${seen.gigabytes} GB, asked for ${wanted.gigabytes} GB, and a volume cannot shrink`);
  return problems;
}

/** Reserved addresses stay in their region. Pure. */
export function addressProblems(matches: readonly Match[]): readonly string[] {
  const machines = new Map(matches.map(({ wanted }) => [refOf(wanted), wanted]));
  return matches.flatMap(({ wanted, seen }) => {
    if (wanted.kind !== "reserved-ip" || seen?.kind !== "reserved-ip" || seen.region === "") return [];
    const machine = machines.get(refOf({ kind: "machine", name: wanted.machine }));
    return machine?.kind !== "machine" || machine.region === seen.region
      ? []
      : [
          `reserved address ${wanted.name} is in ${seen.region} and cannot lead to ${machine.name} in ${machine.region}`,
        ];
  });
}

/** What is to be made beyond what the account may have. Pure. */
export function quotaProblems(matches: readonly Match[], { room }: Observed): readonly string[] {
  return kinds.flatMap(([kind, many]) => {
    const { most, there } = room[kind] ?? { most: Number.POSITIVE_INFINITY, there: 0 };
    const more = matches.filter((one) => one.wanted.kind === kind && one.seen === undefined).length;
    return more > 0 && there + more > most
      ? [`the account may have ${most} ${many} and has ${there}; this stack would take ${more} more`]
      : [];
  });
}

const kinds = [
  ["machine", "machines"],
  ["volume", "volumes"],
  ["reserved-ip", "reserved addresses"],
] as const;
