import { refilter } from "./filtering.ts";
import { type Call, notFound, page, type Reply, type Route, unprocessable } from "./http.ts";
import { type Cloud, look, type View } from "./state.ts";
import { newId, removeNote, writeNote } from "./store.ts";
import { readTags } from "./tag-names.ts";

export const tagRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/tags", async (call) => every(await look(cloud), call)],
  ["POST", "/v2/tags", (call) => add(cloud, call)],
  ["GET", "/v2/tags/:tag", async (_call, tag = "") => one(await look(cloud), tag)],
  ["DELETE", "/v2/tags/:tag", (_call, tag = "") => remove(cloud, tag)],
  ["POST", "/v2/tags/:tag/resources", (call, tag = "") => attach(cloud, call, tag, "add")],
  ["DELETE", "/v2/tags/:tag/resources", (call, tag = "") => attach(cloud, call, tag, "remove")],
];

/** Tags exist by themselves or because a droplet has them. */
const names = (view: View): readonly string[] => [
  ...new Set([
    ...view.notes.filter((note) => note.kind === "tag").map((note) => note.data["name"] ?? ""),
    ...view.droplets.flatMap((droplet) => droplet.tags),
  ]),
];

function body(view: View, tag: string): object {
  const tagged = view.droplets.filter((droplet) => droplet.tags.includes(tag));
  const count = tagged.length;
  return { name: tag, resources: { count, droplets: { count }, images: { count: 0 }, volumes: { count: 0 } } };
}

const every = (view: View, call: Call): Reply =>
  page(
    call,
    "tags",
    names(view).map((tag) => body(view, tag)),
  );

function one(view: View, tag: string): Reply {
  if (!names(view).includes(tag)) throw notFound();
  return { status: 200, body: { tag: body(view, tag) } };
}

async function add(cloud: Cloud, call: Call): Promise<Reply> {
  const [name = ""] = readTags([call.body["name"]]);
  const view = await look(cloud);
  if (!names(view).includes(name))
    await writeNote(cloud.engine, cloud.name, { kind: "tag", id: String(newId()), droplet: undefined, data: { name } });
  return { status: 201, body: { tag: body(view, name) } };
}

async function remove(cloud: Cloud, tag: string): Promise<Reply> {
  const view = await look(cloud);
  if (!names(view).includes(tag)) throw notFound();
  for (const droplet of view.droplets)
    if (droplet.tags.includes(tag)) await note(cloud, droplet.id, { op: "remove", tag });
  for (const seen of view.notes)
    if (seen.kind === "tag" && seen.data["name"] === tag) await removeNote(cloud.engine, seen);
  cloud.behind(`filter ${newId()}`, () => refilter(cloud));
  return { status: 204 };
}

const note = (cloud: Cloud, droplet: number, data: Record<string, string>): Promise<unknown> =>
  writeNote(cloud.engine, cloud.name, { kind: "tagged", id: String(newId()), droplet, data });

async function attach(cloud: Cloud, call: Call, tag: string, op: "add" | "remove"): Promise<Reply> {
  const view = await look(cloud);
  if (!names(view).includes(tag)) throw notFound();
  const given = call.body["resources"];
  const resources: readonly unknown[] = Array.isArray(given) ? given : [];
  for (const resource of resources) {
    const { resource_id: id, resource_type: type } = resource as { resource_id?: unknown; resource_type?: unknown };
    const droplet = view.droplets.find((other) => String(other.id) === String(id));
    if (type !== "droplet" || droplet === undefined)
      throw unprocessable(`${String(type)} ${String(id)} cannot be tagged.`);
    if (droplet.tags.includes(tag) !== (op === "add")) await note(cloud, droplet.id, { op, tag });
  }
  cloud.behind(`filter ${newId()}`, () => refilter(cloud));
  return { status: 204 };
}
