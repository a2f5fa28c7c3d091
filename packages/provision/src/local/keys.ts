import { md5OfKey } from "../ssh-key.ts";
import { keyBody } from "./bodies.ts";
import { type Call, notFound, page, type Reply, type Route, unprocessable } from "./http.ts";
import type { Cloud } from "./state.ts";
import { type Note, newId, readNotes, removeNote, writeNote } from "./store.ts";

export const keyRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/account/keys", async (call) => page(call, "ssh_keys", (await keys(cloud)).map(keyBody))],
  ["POST", "/v2/account/keys", (call) => add(cloud, call)],
  ["GET", "/v2/account/keys/:id", async (_call, id = "") => told(200, await find(cloud, id))],
  ["PUT", "/v2/account/keys/:id", (call, id = "") => rename(cloud, call, id)],
  ["DELETE", "/v2/account/keys/:id", (_call, id = "") => remove(cloud, id)],
];

const told = (status: number, note: Note): Reply => ({ status, body: { ssh_key: keyBody(note) } });

/** The newest note of each key: a rename writes the new one before it removes the old. */
async function keys(cloud: Cloud): Promise<Note[]> {
  const latest = new Map<string, Note>();
  for (const note of await readNotes(cloud.engine, cloud.name))
    if (note.kind === "key") latest.set(note.id.split("-")[0] ?? "", note);
  return [...latest.values()];
}

async function find(cloud: Cloud, id: string): Promise<Note> {
  const found = (await keys(cloud)).find(
    (note) => note.id.split("-")[0] === id || md5OfKey(note.data["public_key"] ?? "") === id,
  );
  if (found === undefined) throw notFound();
  return found;
}

async function add(cloud: Cloud, call: Call): Promise<Reply> {
  const { name, public_key } = call.body;
  if (typeof name !== "string" || name === "") throw unprocessable("Name can't be blank");
  if (typeof public_key !== "string" || !/^(ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+/=]{20,}/.test(public_key))
    throw unprocessable("Key invalid, key should be of the format `type key [comment]`");
  const same = md5OfKey(public_key);
  if ((await keys(cloud)).some((note) => md5OfKey(note.data["public_key"] ?? "") === same))
    throw unprocessable("SSH Key is already in use on your account");
  const data = { name, public_key };
  return told(
    201,
    await writeNote(cloud.engine, cloud.name, { kind: "key", id: `${newId()}-0`, droplet: undefined, data }),
  );
}

async function rename(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  const old = await find(cloud, id);
  const [number = "", revision = "0"] = old.id.split("-");
  const { name } = call.body;
  const data = { ...old.data, ...(typeof name === "string" && name !== "" ? { name } : {}) };
  const next = { kind: "key" as const, id: `${number}-${Number(revision) + 1}`, droplet: undefined, data };
  const made = await writeNote(cloud.engine, cloud.name, next);
  await removeNote(cloud.engine, old);
  return told(200, made);
}

async function remove(cloud: Cloud, id: string): Promise<Reply> {
  const found = await find(cloud, id);
  const number = found.id.split("-")[0] ?? "";
  for (const note of await readNotes(cloud.engine, cloud.name))
    if (note.kind === "key" && note.id.split("-")[0] === number) await removeNote(cloud.engine, note);
  return { status: 204 };
}
