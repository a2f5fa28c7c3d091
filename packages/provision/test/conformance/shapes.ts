import { z } from "zod";
import type { Api } from "../../src/client/call.ts";
import { branchesOf, type Document, isObject, type Json, type Operation } from "./document.ts";
import { shown } from "./validator.ts";

/** A shape that answers of an operation are held against. */
export interface Used {
  readonly method: string;
  readonly path: string;
  readonly shape: z.ZodType;
}

/** The same calls; `use` is told of each shape. */
export function watched(api: Api, use: (used: Used) => void): Api {
  const list = (name: string, item: z.ZodType): z.ZodType => z.object({ [name]: z.array(item).optional() });
  return {
    ...api,
    call: (method, path, shape, more) => {
      use({ method, path, shape });
      return api.call(method, path, shape, more);
    },
    one: (method, path, name, shape, more) => {
      use({ method, path, shape: z.object({ [name]: shape }) });
      return api.one(method, path, name, shape, more);
    },
    every: (path, name, shape, query) => {
      use({ method: "GET", path, shape: list(name, shape) });
      return api.every(path, name, shape, query);
    },
    short: (path, name, shape) => {
      use({ method: "GET", path, shape: list(name, shape) });
      return api.short(path, name, shape);
    },
  };
}

/** What our shape reads and the document does not have, or has as something else. */
export function differences(document: Document, operation: Operation, shape: z.ZodType): readonly string[] {
  const ours = z.toJSONSchema(shape, { io: "input", unrepresentable: "any" });
  const theirs = [...operation.responses]
    .filter(([status]) => status.startsWith("2"))
    .flatMap(([, { schema, examples }]) => (schema === undefined ? [] : [schema, shown(examples)]));
  return [...new Set(compare(document, ours, theirs, operation.name))];
}

function compare(document: Document, ours: Json, theirs: readonly unknown[], where: string): readonly string[] {
  const mine = localBranches(ours);
  const branches = theirs.flatMap((schema) => branchesOf(document, schema));
  const problems: string[] = [];
  const takes = new Set(mine.flatMap((branch) => typesOf(branch)));
  const says = new Set(branches.flatMap((branch) => typesOf(branch)));
  if (branches.some((branch) => branch["nullable"] === true)) says.add("null");
  if (takes.size > 0)
    for (const type of says)
      if (!takes.has(type) && !(type === "integer" && takes.has("number")))
        problems.push(`${where} may be ${type}, which is not read`);
  const values = (all: readonly Json[]): unknown[] =>
    all.flatMap((one) => (Array.isArray(one["enum"]) ? one["enum"] : []));
  const read = values(mine);
  if (read.length > 0)
    for (const value of values(branches)) if (!read.includes(value)) problems.push(`${where} may be ${String(value)}`);
  const items = (all: readonly Json[]): Json[] => all.flatMap((one) => (isObject(one["items"]) ? [one["items"]] : []));
  const [myItem] = items(mine);
  if (myItem !== undefined) problems.push(...compare(document, myItem, items(branches), `${where}/*`));
  const described = branches.flatMap((branch) => (isObject(branch["properties"]) ? [branch["properties"]] : []));
  for (const branch of mine) {
    const properties = isObject(branch["properties"]) ? branch["properties"] : {};
    for (const [name, inner] of Object.entries(properties)) {
      const found = described.flatMap((one) => (isObject(one[name]) ? [one[name]] : []));
      // Shown in an example only: nothing is known of what it holds.
      if (found.length > 0 && found.every((one) => Object.keys(one).length === 0)) continue;
      if (found.length === 0) problems.push(`${where}/${name} is not in the document`);
      else if (isObject(inner)) problems.push(...compare(document, inner, found, `${where}/${name}`));
    }
  }
  return problems;
}

/** The branches of a schema that zod wrote; it has no references. */
function localBranches(schema: Json): readonly Json[] {
  const inner = ["allOf", "anyOf", "oneOf"].flatMap((word) => {
    const all = schema[word];
    return Array.isArray(all) ? all.filter(isObject) : [];
  });
  return [schema, ...inner.flatMap(localBranches)];
}

const typesOf = (schema: Json): readonly string[] => {
  const type = schema["type"];
  return typeof type === "string" ? [type] : Array.isArray(type) ? type.filter((one) => typeof one === "string") : [];
};

/** The document's examples of an operation's answer; without any, one made of its properties' examples. */
export function examplesOf(document: Document, operation: Operation): readonly { status: number; body: unknown }[] {
  return [...operation.responses]
    .filter(([status]) => status.startsWith("2"))
    .flatMap(([status, { schema, examples }]) => {
      const made = [false, true].map((whole) => (schema === undefined ? undefined : sample(document, schema, whole)));
      const bodies = examples.length > 0 ? examples : malformed.has(operation.name) ? made.slice(0, 1) : made;
      return bodies.map((body) => ({ status: Number(status), body }));
    });
}

/** Their examples are not of the form that their schemas describe. */
const malformed = new Set(["GET /v2/tags/{tag_id}"]);

/** An answer as the schema's example shows it (`whole`), or as those of its properties do. */
function sample(document: Document, schema: unknown, whole: boolean, depth = 0): unknown {
  if (!isObject(schema) || depth > 8) return undefined;
  const at = document.resolve(schema);
  if ("example" in at && (whole || !["properties", "allOf"].some((word) => word in at))) return at["example"];
  const parts = ["allOf", "anyOf", "oneOf"].flatMap((word) => {
    const all = at[word];
    return Array.isArray(all) ? (word === "allOf" ? all : all.slice(0, 1)) : [];
  });
  const inner = parts.map((part) => sample(document, part, whole, depth + 1));
  const own = isObject(at["properties"])
    ? Object.fromEntries(
        Object.entries(at["properties"]).map(([name, one]) => [name, sample(document, one, whole, depth + 1)]),
      )
    : undefined;
  const merged = [...inner, own].filter(isObject);
  if (merged.length > 0) return Object.assign({}, ...merged) as unknown;
  if (at["type"] === "array") return [sample(document, at["items"], whole, depth + 1)];
  return inner.find((one) => one !== undefined) ?? plain[String(at["type"])];
}

const plain: Readonly<Record<string, unknown>> = { string: "text", integer: 1, number: 1, boolean: true, object: {} };
