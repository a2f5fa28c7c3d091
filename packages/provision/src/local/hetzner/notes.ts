import { createHash } from "node:crypto";
import { exclusively } from "../lock.ts";
import { dropResource, putResource, readResources } from "../resources.ts";
import type { Cloud } from "../state.ts";
import { type Labels, readLabels } from "./labels.ts";
import { invalid } from "./refusal.ts";

/** What Hetzner's API knows of a thing and the other one does not. */
export interface Note {
  readonly labels: Labels;
  /** Protection from being deleted, and of servers from being rebuilt. */
  readonly delete?: boolean;
  readonly rebuild?: boolean;
  /** Where the other API has none, or one that cannot be changed. */
  readonly name?: string;
  readonly description?: string;
  /** Of a firewall's rules, by the rule as text. */
  readonly descriptions?: Readonly<Record<string, string>>;
  /** Of a firewall: label selectors that it is applied by, and servers that it is applied to beside them. */
  readonly selectors?: readonly string[];
  readonly direct?: readonly number[];
  /** The name that its address leads back to. */
  readonly pointer?: string;
  /** Of an address that is being made: those that were there before. */
  readonly before?: readonly string[];
  /** ISO time. */
  readonly created?: string;
}

const kind = "hetzner";
const none: Note = { labels: {} };

/** Notes by key. A note is there before the thing that it tells of, so that nothing is ever seen without its labels. */
export interface Notes {
  readonly all: ReadonlyMap<string, Note>;
  of(key: string): Note;
}

/** Key of what is known by its name, or by another text of its own. */
export const keyOf = (sort: string, text: string): string =>
  `${sort}-${createHash("sha256").update(text).digest("hex").slice(0, 20)}`;

export async function readNotes(cloud: Cloud): Promise<Notes> {
  const all = new Map<string, Note>();
  for (const { id, createdAt, data } of await readResources<Note>(cloud, kind))
    all.set(id, { created: createdAt, ...data });
  return { all, of: (key) => all.get(key) ?? none };
}

/** Changes a note, or makes it. */
export const writeNote = (cloud: Cloud, key: string, change: (before: Note) => Note): Promise<Note> =>
  exclusively(`hetzner note ${cloud.name} ${key}`, async () => {
    const { created, ...before } = (await readNotes(cloud)).of(key);
    const { data, createdAt } = await putResource(cloud, kind, key, change(before));
    return { created: created ?? createdAt, ...data };
  });

/** Changes the labels, and of `fields` those, that a request asks for. Throws what `readLabels` refuses. */
export async function changeNote(
  cloud: Cloud,
  key: string,
  body: Readonly<Record<string, unknown>>,
  fields: readonly ("name" | "description")[],
): Promise<void> {
  const labels = readLabels(body["labels"]);
  const { name, description } = body;
  await writeNote(cloud, key, (before) => ({
    ...before,
    ...(labels !== undefined && { labels }),
    ...(fields.includes("name") && typeof name === "string" && name !== "" && { name }),
    ...(fields.includes("description") && typeof description === "string" && { description }),
  }));
}

/** Changes the name that this address leads back to. */
export async function changePointer(
  cloud: Cloud,
  key: string,
  { ip, dns_ptr }: Readonly<Record<string, unknown>>,
  address: string,
): Promise<void> {
  if (ip !== address) throw invalid("ip", "is no address of this resource");
  if (dns_ptr !== null && typeof dns_ptr !== "string") throw invalid("dns_ptr", "must be a name or null");
  await writeNote(cloud, key, (before) => {
    const { pointer: _, ...rest } = before;
    return dns_ptr === null ? rest : { ...rest, pointer: dns_ptr };
  });
}

export const dropNote = (cloud: Cloud, key: string): Promise<void> => dropResource(cloud, kind, key);
