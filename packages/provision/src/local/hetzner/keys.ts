import { md5OfKey } from "../../ssh-key.ts";
import type { Call, Reply, Route } from "../http.ts";
import { time } from "./action-bodies.ts";
import type { Face } from "./face.ts";
import { readLabels } from "./labels.ts";
import { dropNote, keyOf, type Notes, readNotes, writeNote } from "./notes.ts";
import { page } from "./pages.ts";
import { invalid, refuse, unknown } from "./refusal.ts";

interface V2Key {
  readonly id: number;
  readonly name: string;
  readonly fingerprint: string;
  readonly public_key: string;
}

export const keyRoutes = (face: Face): readonly Route[] => [
  ["GET", "/v1/ssh_keys", (call) => many(face, call)],
  ["POST", "/v1/ssh_keys", (call) => add(face, call)],
  [
    "GET",
    "/v1/ssh_keys/:id",
    async (call, id = "") => told(200, await find(face, call, id), await readNotes(face.cloud)),
  ],
  ["PUT", "/v1/ssh_keys/:id", (call, id = "") => update(face, call, id)],
  ["DELETE", "/v1/ssh_keys/:id", (call, id = "") => remove(face, call, id)],
];

const keys = ({ inside }: Face, call: Call): Promise<readonly V2Key[]> =>
  inside.list(call, "/v2/account/keys", "ssh_keys");
const noteKey = (fingerprint: string): string => keyOf("key", fingerprint);

function body(key: V2Key, notes: Notes): object {
  const note = notes.of(noteKey(key.fingerprint));
  const created = time(note.created ?? "2024-01-01T00:00:00Z");
  return { ...key, labels: note.labels, created };
}

const told = (status: number, key: V2Key, notes: Notes): Reply => ({ status, body: { ssh_key: body(key, notes) } });

async function many(face: Face, call: Call): Promise<Reply> {
  const [all, notes] = await Promise.all([keys(face, call), readNotes(face.cloud)]);
  return page(
    call,
    "ssh_keys",
    all.map((key) => body(key, notes)),
    ["fingerprint"],
  );
}

async function find(face: Face, call: Call, id: string): Promise<V2Key> {
  const found = (await keys(face, call)).find((key) => String(key.id) === id);
  if (found === undefined) throw unknown("ssh_key", id);
  return found;
}

async function add(face: Face, call: Call): Promise<Reply> {
  const { name, public_key } = call.body;
  if (typeof name !== "string" || name === "") throw invalid("name", "must not be empty");
  if (typeof public_key !== "string" || !/^(ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+/=]{20,}/.test(public_key))
    throw invalid("public_key", "must be an SSH public key");
  const labels = readLabels(call.body["labels"]) ?? {};
  const fingerprint = md5OfKey(public_key);
  for (const key of await keys(face, call)) {
    if (key.fingerprint === fingerprint)
      throw refuse("uniqueness_error", "SSH key with the same fingerprint already exists");
    if (key.name === name) throw refuse("uniqueness_error", "SSH key name is already used");
  }
  await writeNote(face.cloud, noteKey(fingerprint), () => ({ labels }));
  const more = { body: { name, public_key } };
  const { ssh_key } = await face.inside.ask<{ ssh_key: V2Key }>(call, "POST", "/v2/account/keys", more);
  return told(201, ssh_key, await readNotes(face.cloud));
}

async function update(face: Face, call: Call, id: string): Promise<Reply> {
  const key = await find(face, call, id);
  const { name } = call.body;
  const labels = readLabels(call.body["labels"]);
  if (labels !== undefined) await writeNote(face.cloud, noteKey(key.fingerprint), (before) => ({ ...before, labels }));
  if (typeof name === "string" && name !== "" && name !== key.name) {
    if ((await keys(face, call)).some((other) => other.name === name))
      throw refuse("uniqueness_error", "SSH key name is already used");
    await face.inside.ask(call, "PUT", `/v2/account/keys/${id}`, { body: { name } });
  }
  return told(200, await find(face, call, id), await readNotes(face.cloud));
}

async function remove(face: Face, call: Call, id: string): Promise<Reply> {
  const key = await find(face, call, id);
  await face.inside.ask(call, "DELETE", `/v2/account/keys/${id}`);
  await dropNote(face.cloud, noteKey(key.fingerprint));
  return { status: 204 };
}
