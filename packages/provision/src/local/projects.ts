import { createHash, randomUUID } from "node:crypto";
import { type Call, notFound, page, Refusal, type Reply, type Route, unprocessable } from "./http.ts";
import { type Holding, holdingsOf, urnOf } from "./inventory.ts";
import { exclusively } from "./lock.ts";
import { dropResource, putResource, readResources } from "./resources.ts";
import type { Cloud } from "./state.ts";
import { stamp } from "./store.ts";

interface ProjectData {
  readonly name: string;
  readonly description: string;
  readonly purpose: string;
  readonly environment: string;
  readonly updatedAt: string;
  /** When it became the default one; the latest is. */
  readonly defaultAt: string;
  /** When a thing was assigned, by its urn. Of several projects that name one the latest has it, so that a move is one write. */
  readonly assigned: Readonly<Record<string, string>>;
}
interface Project extends ProjectData {
  readonly id: string;
  readonly createdAt: string;
}

export const projectRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/projects", (call) => list(cloud, call)],
  ["POST", "/v2/projects", (call) => add(cloud, call)],
  ["GET", "/v2/projects/:id", async (_call, id = "") => told(200, cloud, await projectsOf(cloud), id)],
  ["PUT", "/v2/projects/:id", (call, id = "") => change(cloud, call, id, fields)],
  ["PATCH", "/v2/projects/:id", (call, id = "") => change(cloud, call, id, [])],
  ["DELETE", "/v2/projects/:id", (_call, id = "") => remove(cloud, id)],
  ["GET", "/v2/projects/:id/resources", (call, id = "") => resources(cloud, call, id)],
  ["POST", "/v2/projects/:id/resources", (call, id = "") => assign(cloud, call, id)],
];

const kind = "project";
const fields = ["name", "description", "purpose", "environment", "is_default"] as const;
const environments = ["Development", "Staging", "Production"];
const purposes = [
  "Just trying out DigitalOcean",
  "Class project / Educational purposes",
  "Website or blog",
  "Web Application",
  "Service or API",
  "Mobile Application",
  "Machine learning / AI / Data processing",
  "IoT",
  "Operational / Developer tooling",
];

const hashOf = (cloud: Cloud): string => createHash("sha256").update(`owner ${cloud.name}`).digest("hex");

/** The project that every account has from the beginning; it is written down once it is changed. */
function first(cloud: Cloud): Project {
  const hex = createHash("sha256").update(`project ${cloud.name}`).digest("hex");
  return {
    id: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`,
    createdAt: "2020-01-01T00:00:00Z",
    updatedAt: "2020-01-01T00:00:00Z",
    name: "first-project",
    description: "Update your project information under Settings",
    purpose: purposes[0] ?? "",
    environment: "Development",
    defaultAt: "",
    assigned: {},
  };
}

async function projectsOf(cloud: Cloud): Promise<[Project, ...Project[]]> {
  const written = (await readResources<ProjectData>(cloud, kind)).map(({ id, createdAt, data }) => ({
    ...data,
    id,
    createdAt: createdAt.replace(/\.\d+Z$/, "Z"),
  }));
  const initial = first(cloud);
  const changed = written.find((one) => one.id === initial.id);
  return [{ ...initial, ...changed, createdAt: initial.createdAt }, ...written.filter((one) => one.id !== initial.id)];
}

const defaultOf = (projects: readonly [Project, ...Project[]]): Project =>
  projects.reduce((best, one) => (one.defaultAt > best.defaultAt ? one : best));

function find(projects: readonly [Project, ...Project[]], id: string): Project {
  const found = id === "default" ? defaultOf(projects) : projects.find((one) => one.id === id.toLowerCase());
  if (found === undefined) throw notFound();
  return found;
}

const body = (cloud: Cloud, project: Project, isDefault: boolean): object => ({
  id: project.id,
  owner_uuid: hashOf(cloud).slice(0, 40),
  owner_id: Number.parseInt(hashOf(cloud).slice(0, 6), 16),
  name: project.name,
  description: project.description,
  purpose: project.purpose,
  environment: project.environment,
  is_default: isDefault,
  created_at: project.createdAt,
  updated_at: project.updatedAt,
});

function told(status: number, cloud: Cloud, projects: readonly [Project, ...Project[]], id: string): Reply {
  const project = find(projects, id);
  return { status, body: { project: body(cloud, project, project.id === defaultOf(projects).id) } };
}

async function list(cloud: Cloud, call: Call): Promise<Reply> {
  const projects = await projectsOf(cloud);
  const id = defaultOf(projects).id;
  return page(
    call,
    "projects",
    projects.map((one) => body(cloud, one, one.id === id)),
  );
}

/** Changes of projects, one after the other: what belongs to which is said by all together. */
const alone = <T>(cloud: Cloud, work: () => Promise<T>): Promise<T> => exclusively(`projects ${cloud.name}`, work);

async function put(cloud: Cloud, { id, createdAt: _createdAt, ...data }: Project): Promise<void> {
  await putResource<ProjectData>(cloud, kind, id, data);
}

/** What a body asks of a project; without `before` name and purpose are needed. */
function read(
  call: Call,
  before: Project | undefined,
): Pick<Project, "name" | "description" | "purpose" | "environment"> {
  const text = (name: "name" | "description" | "purpose" | "environment", max: number): string | undefined => {
    const value = call.body[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") throw unprocessable(`${name} must be a string`);
    if (value.length > max) throw unprocessable(`${name} must be at most ${max} characters`);
    return value;
  };
  const name = text("name", 175) ?? before?.name ?? "";
  if (name.trim() === "") throw unprocessable("name can't be blank");
  const purpose = text("purpose", 255) ?? before?.purpose ?? "";
  if (purpose === "") throw unprocessable("purpose can't be blank");
  const environment = text("environment", 255) ?? before?.environment ?? "Development";
  if (!environments.includes(environment))
    throw unprocessable(`environment must be one of: ${environments.join(", ")}`);
  const known = purposes.includes(purpose) || purpose.startsWith("Other: ");
  return {
    name,
    description: text("description", 255) ?? before?.description ?? "",
    purpose: known ? purpose : `Other: ${purpose}`,
    environment,
  };
}

function refuseTaken(projects: readonly Project[], name: string, id: string): void {
  if (projects.some((one) => one.id !== id && one.name === name))
    throw new Refusal(409, "conflict", "a project with this name already exists");
}

const add = (cloud: Cloud, call: Call): Promise<Reply> =>
  alone(cloud, async () => {
    const asked = read(call, undefined);
    const id = randomUUID();
    refuseTaken(await projectsOf(cloud), asked.name, id);
    await put(cloud, { ...asked, id, createdAt: "", updatedAt: stamp(), defaultAt: "", assigned: {} });
    return told(201, cloud, await projectsOf(cloud), id);
  });

const change = (cloud: Cloud, call: Call, id: string, needed: readonly string[]): Promise<Reply> =>
  alone(cloud, async () => {
    const projects = await projectsOf(cloud);
    const before = find(projects, id);
    for (const field of needed)
      if (call.body[field] === undefined || call.body[field] === null) throw unprocessable(`${field} is required`);
    const asked = read(call, before);
    refuseTaken(projects, asked.name, before.id);
    const wanted = call.body["is_default"];
    const isDefault = defaultOf(projects).id === before.id;
    if (wanted === false && isDefault) throw unprocessable("an account needs a default project");
    const becomes = wanted === true && !isDefault;
    const defaultAt = becomes ? new Date().toISOString() : before.defaultAt;
    // What is in the default project because it was never assigned stays there.
    if (becomes) await keep(cloud, projects);
    await put(cloud, { ...before, ...asked, defaultAt, updatedAt: stamp() });
    return told(200, cloud, await projectsOf(cloud), before.id);
  });

/** Writes down what the default project has. */
async function keep(cloud: Cloud, projects: readonly [Project, ...Project[]]): Promise<void> {
  const project = defaultOf(projects);
  const held = (await holdingsOf(cloud)).filter((one) => one.with === undefined && placeOf(projects, one) === project);
  const assigned = held.map(({ urn, createdAt }) => [urn, project.assigned[urn] ?? createdAt] as const);
  if (assigned.length > 0) await put(cloud, { ...project, assigned: Object.fromEntries(assigned) });
}

/** Which project each thing is in: the one it was last assigned to, else the default; what goes with another is where that is. */
function placeOf(
  projects: readonly [Project, ...Project[]],
  { urn, with: other }: Pick<Holding, "urn" | "with">,
): Project {
  const key = other ?? urn;
  let best: Project | undefined;
  for (const one of projects) if ((one.assigned[key] ?? "") > (best?.assigned[key] ?? "")) best = one;
  return best ?? defaultOf(projects);
}

const shown = (call: Call, project: Project, held: Holding, status = "ok"): object => ({
  urn: held.urn,
  assigned_at: (project.assigned[held.with ?? held.urn] ?? held.createdAt).replace(/\.\d+Z$/, "Z"),
  links: { self: `${call.base}${held.path}` },
  status,
});

const remove = (cloud: Cloud, id: string): Promise<Reply> =>
  alone(cloud, async () => {
    const projects = await projectsOf(cloud);
    const project = find(projects, id);
    if ((await holdingsOf(cloud)).some((held) => placeOf(projects, held).id === project.id))
      throw precondition("cannot delete a project with resources. move or remove the resources first");
    if (project.id === defaultOf(projects).id || project.id === first(cloud).id)
      throw precondition("cannot delete the default project");
    await dropResource(cloud, kind, project.id);
    return { status: 204 };
  });

const precondition = (message: string): Refusal => new Refusal(412, "precondition_failed", message);

async function resources(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  const projects = await projectsOf(cloud);
  const project = find(projects, id);
  const held = (await holdingsOf(cloud)).filter((one) => placeOf(projects, one).id === project.id);
  return page(
    call,
    "resources",
    held.map((one) => shown(call, project, one)),
  );
}

const assign = (cloud: Cloud, call: Call, id: string): Promise<Reply> =>
  alone(cloud, async () => {
    const given = call.body["resources"];
    if (!Array.isArray(given) || !given.every((one): one is string => typeof one === "string"))
      throw unprocessable("resources must be a list of URNs");
    const asked = [...new Set(given.map(urnOf))];
    const wrong = asked.find((urn) => !/^do:[a-z]+:.+$/.test(urn));
    if (wrong !== undefined) throw unprocessable(`${wrong} is not a valid URN`);
    const projects = await projectsOf(cloud);
    const project = find(projects, id);
    const holdings = await holdingsOf(cloud);
    const status = new Map<string, string>();
    for (const urn of asked) {
      const held = holdings.find((one) => one.urn === urn);
      const there = held !== undefined && placeOf(projects, held).id === project.id;
      if (held?.with !== undefined && !there)
        throw precondition("Cannot move a Reserved IP with an associated Droplet. Move the Droplet instead");
      status.set(urn, held === undefined ? "not_found" : there ? "already_assigned" : "assigned");
    }
    const known = new Set(holdings.map(({ urn }) => urn));
    const moved = new Set([...status].filter(([, what]) => what === "assigned").map(([urn]) => urn));
    await move(cloud, projects, project, moved, known);
    const next = await projectsOf(cloud);
    const now = holdings.filter((one) => status.has(one.urn) || placeOf(next, one).id === project.id);
    const missing = asked.filter((urn) => !known.has(urn)).map((urn) => ({ urn, status: "not_found" }));
    const told = [...now.map((one) => shown(call, find(next, project.id), one, status.get(one.urn))), ...missing];
    return { status: 200, body: { resources: told } };
  });

/** Puts things into a project; those that are `known` no more are forgotten. */
async function move(
  cloud: Cloud,
  projects: readonly [Project, ...Project[]],
  to: Project,
  urns: ReadonlySet<string>,
  known: ReadonlySet<string>,
): Promise<void> {
  if (urns.size === 0) return;
  const without = (project: Project): [string, string][] =>
    Object.entries(project.assigned).filter(([urn]) => known.has(urn) && !urns.has(urn));
  const at = new Date().toISOString();
  // In the default project is what no other one has.
  if (to !== defaultOf(projects))
    await put(cloud, { ...to, assigned: Object.fromEntries([...without(to), ...[...urns].map((urn) => [urn, at])]) });
  for (const other of projects)
    if (other !== to && Object.keys(other.assigned).some((urn) => urns.has(urn)))
      await put(cloud, { ...other, assigned: Object.fromEntries(without(other)) });
}
