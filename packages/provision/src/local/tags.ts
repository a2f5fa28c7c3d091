import { refilter } from "./filtering.ts";
import { type Call, notFound, page, type Reply, type Route, unprocessable } from "./http.ts";
import { exclusively } from "./lock.ts";
import { settleRemoved } from "./remove-droplets.ts";
import type { Cloud } from "./state.ts";
import { newId, writeNote } from "./store.ts";
import { type Taggable, type TaggableType, type Tags, taggable, tagsOf } from "./tagged.ts";

export const tagRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/tags", async (call) => every(await tagsOf(cloud), call)],
  ["POST", "/v2/tags", (call) => add(cloud, call)],
  ["GET", "/v2/tags/:tag", async (call, tag = "") => one(await tagsOf(cloud), call, tag)],
  ["DELETE", "/v2/tags/:tag", (_call, tag = "") => remove(cloud, tag)],
  ["POST", "/v2/tags/:tag/resources", (call, tag = "") => attach(cloud, call, tag, true)],
  ["DELETE", "/v2/tags/:tag/resources", (call, tag = "") => attach(cloud, call, tag, false)],
];

/** How many have the tag, and the last of them. */
function counted(call: Call, things: readonly Taggable[]): { count: number; last_tagged_uri?: string } {
  const last = things.at(-1);
  return {
    count: things.length,
    ...(last && { last_tagged_uri: `${call.base}${taggable[last.type].path}/${last.id}` }),
  };
}

function body(tags: Tags, call: Call, tag: string): object {
  const things = tags.things.filter((thing) => has(thing, tag));
  const kinds = (Object.keys(taggable) as TaggableType[]).map(
    (type) =>
      [
        taggable[type].counted,
        counted(
          call,
          things.filter((thing) => thing.type === type),
        ),
      ] as const,
  );
  return {
    name: tag,
    resources: { ...counted(call, things), ...Object.fromEntries(kinds), databases: { count: 0 } },
  };
}

const has = (thing: Taggable, tag: string): boolean =>
  thing.tags.some((one) => one.toLowerCase() === tag.toLowerCase());

/** In whatever writing it is there. */
async function takeOff(thing: Taggable, tag: string): Promise<void> {
  for (const written of thing.tags) if (written.toLowerCase() === tag.toLowerCase()) await thing.set(written, false);
}

const every = (tags: Tags, call: Call): Reply =>
  page(
    call,
    "tags",
    tags.names.map((tag) => body(tags, call, tag)),
  );

function known(tags: Tags, tag: string): void {
  // In its first writing only, as in DigitalOcean's URLs.
  if (!tags.names.includes(tag)) throw notFound();
}

function one(tags: Tags, call: Call, tag: string): Reply {
  known(tags, tag);
  return { status: 200, body: { tag: body(tags, call, tag) } };
}

/** Changes of tags, one after the other. */
const alone = <T>(cloud: Cloud, work: () => Promise<T>): Promise<T> => exclusively(`tags ${cloud.name}`, work);

async function add(cloud: Cloud, call: Call): Promise<Reply> {
  const { name } = call.body;
  if (typeof name !== "string" || name === "") throw unprocessable("Name can't be blank");
  if (!/^[a-zA-Z0-9_:-]{1,255}$/.test(name)) {
    const what = name.length > 255 ? "is longer than 255 characters" : "contains invalid characters";
    const error = `Error validating resource tag: "tag-name \\"${name}\\" ${what}"`;
    const root_causes = [`rpc error: code = InvalidArgument desc = ${error}`];
    return { status: 400, body: { error, messages: null, root_causes } };
  }
  return alone(cloud, async () => {
    const tags = await tagsOf(cloud);
    const same = tags.names.find((other) => other.toLowerCase() === name.toLowerCase());
    if (same === undefined)
      await writeNote(cloud.engine, cloud.name, {
        kind: "tag",
        id: String(newId()),
        droplet: undefined,
        data: { name },
      });
    return { status: 201, body: { tag: body(tags, call, same ?? name) } };
  });
}

/** Takes it off everything before it goes itself, so that an interrupted removal can be repeated. */
const remove = (cloud: Cloud, tag: string): Promise<Reply> =>
  alone(cloud, async () => {
    const tags = await tagsOf(cloud);
    // Whoever destroyed all that had it asks last for the tag: what an interrupted removal of droplets left is put away, too.
    if (!tags.names.includes(tag)) await settleRemoved(cloud);
    known(tags, tag);
    for (const thing of tags.things) await takeOff(thing, tag);
    const note = tags.made.get(tag);
    if (note !== undefined) await cloud.engine.call("DELETE", `/volumes/${note}`, { accept: [404] });
    cloud.behind(`filter ${newId()}`, () => refilter(cloud));
    return { status: 204 };
  });

const attach = (cloud: Cloud, call: Call, tag: string, on: boolean): Promise<Reply> =>
  alone(cloud, async () => {
    const tags = await tagsOf(cloud);
    known(tags, tag);
    const given = call.body["resources"];
    if (!Array.isArray(given)) throw unprocessable("resources must be a list");
    const wanted = given.map((resource: unknown) => {
      const { resource_id: id, resource_type: type } = resource as { resource_id?: unknown; resource_type?: unknown };
      if (typeof type !== "string" || !(type in taggable))
        throw unprocessable(`${String(type)} is not a resource type that can be tagged.`);
      const thing = tags.things.find((other) => other.type === type && other.id === String(id));
      // What is gone has no tag, either.
      if (thing === undefined && on) throw notFound();
      return thing;
    });
    for (const thing of wanted) {
      if (thing === undefined) continue;
      if (!on) await takeOff(thing, tag);
      else if (!has(thing, tag)) await thing.set(tag, true);
    }
    cloud.behind(`filter ${newId()}`, () => refilter(cloud));
    return { status: 204 };
  });
