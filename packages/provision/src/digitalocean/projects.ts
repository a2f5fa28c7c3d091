import type { Project } from "../client/projects.ts";
import { CallError } from "../client/request.ts";
import { madeByEither } from "../made-by-either.ts";
import { ownership } from "../owners.ts";
import type { Links, Makes } from "../provider.ts";
import { type Ref, refOf, type Seen, type WantedProject } from "../resource.ts";
import { appeared, type Context, whileBusy } from "./context.ts";

const marker = (stack: string): string => `[slipway:${stack}]`;

const addressUrn = /^do:(?:reserved|floating)ip:(.+)$/i;

const environments: Readonly<Record<string, WantedProject["environment"]>> = {
  development: "Development",
  staging: "Staging",
  production: "Production",
};

/** A project, ours by the mark in its description. */
export const projectOf = (
  project: Project,
  stack: string,
  members: readonly Ref[],
  adopted?: string,
): Seen<"project"> => {
  const markers = (project.description ?? "").matchAll(/\[slipway:([a-z0-9-]+)\]/g);
  const whose = ownership(
    [...markers].flatMap(([, owner]) => owner ?? []),
    stack,
  );
  return {
    kind: "project",
    name: whose.ours ? project.name : (adopted ?? project.name),
    id: project.id,
    ...whose,
    dollarsMonthly: 0,
    purpose: (project.purpose ?? "").replace(/^Other: /, ""),
    environment: environments[(project.environment ?? "").toLowerCase()] ?? "Development",
    members,
  };
};

export function projectsOf(context: Context, stack: string): Makes<"project"> {
  const { client } = context;
  const body = ({ name, purpose, environment }: WantedProject) => ({
    name,
    purpose,
    environment,
    description: `Made by Slipway ${marker(stack)}`,
  });
  const gather = async (id: string, { members }: WantedProject, links: Links): Promise<void> => {
    const urns = members.flatMap((ref) => {
      const found = links.get(ref);
      return found === undefined ? [] : [urnOf(found)].filter((urn) => urn !== "");
    });
    if (urns.length > 0) await client.projects.assign(id, urns);
  };
  /** Names of what is in a project; undefined when there is none. */
  const inside = async (id: string): Promise<readonly string[] | undefined> => {
    try {
      return (await client.projects.resources(id)).map(({ urn }) => urn);
    } catch (error) {
      if (error instanceof CallError && error.status === 404) return undefined;
      throw error;
    }
  };
  /** Without the reserved addresses that go with their droplets, and cannot go without them. */
  const movable = async (urns: readonly string[]): Promise<readonly string[]> => {
    if (!urns.some((urn) => addressUrn.test(urn))) return urns;
    const bound = new Map((await client.reservedIps.list()).map(({ ip, droplet }) => [ip, `do:droplet:${droplet}`]));
    return urns.filter((urn) => !urns.includes(bound.get(addressUrn.exec(urn)?.[1] ?? "") ?? ""));
  };
  const found = async (name: string): Promise<Project | undefined> =>
    (await client.projects.list()).find((one) => one.name === name);
  return {
    async create(wanted, links, { begun }) {
      const lost = begun ? await appeared(context, () => found(wanted.name)) : undefined;
      const theirs = async (): Promise<Project | undefined> => {
        const one = await found(wanted.name);
        return one !== undefined && projectOf(one, stack, []).ours ? one : undefined;
      };
      const { made } = await madeByEither({
        lost,
        make: () => client.projects.create(body(wanted)),
        theirs: () => appeared(context, theirs),
      });
      await gather(made.id, wanted, links);
      return projectOf(made, stack, wanted.members);
    },
    async update(seen, wanted, fields, links) {
      if (fields.some((field) => field !== "members")) await client.projects.change(seen.id, body(wanted));
      if (fields.includes("members")) await gather(seen.id, wanted, links);
    },
    async remove(seen) {
      const leave = async (): Promise<void> => {
        const urns = await inside(seen.id);
        if (urns === undefined) return;
        // A project must be empty to go; what is not the stack's goes where it would be without one.
        const moved = await movable(urns);
        if (moved.length > 0) await client.projects.assign("default", moved);
        await client.projects.remove(seen.id);
      };
      // What is in it may go meanwhile, or have come: 404 and 412.
      await whileBusy(
        context,
        leave,
        (error) => error instanceof CallError && (error.status === 404 || error.status === 412),
      );
    },
    async adopt(seen, wanted, links) {
      await client.projects.change(seen.id, body(wanted));
      await gather(seen.id, wanted, links);
    },
  };
}

function urnOf(seen: Seen): string {
  switch (seen.kind) {
    case "machine":
      return `do:droplet:${seen.id}`;
    case "volume":
      return `do:volume:${seen.id}`;
    case "domain":
      return `do:domain:${seen.name}`;
    // An address is where its machine is.
    default:
      return "";
  }
}

/** What of the stack is in a project, by what its list says. */
export function membersOf(urns: readonly string[], seen: readonly Seen[]): readonly Ref[] {
  const has = new Set(urns.map((urn) => urn.toLowerCase()));
  return seen.flatMap((one) => {
    const urn = one.kind === "machine" && one.retired ? "" : urnOf(one);
    return urn !== "" && has.has(urn.toLowerCase()) ? [refOf(one)] : [];
  });
}
