// The OpenAPI document as data that a JSON Schema validator takes.

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const objects = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: Json;
}

export interface Operation {
  /** `POST /v2/droplets`. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body:
    | { readonly required: boolean; readonly schema: Json; readonly examples: readonly unknown[] }
    | undefined;
  /** By status, or `default`. */
  readonly responses: ReadonlyMap<string, Response>;
}

export interface Response {
  /** Undefined when the answer has no body. */
  readonly schema: Json | undefined;
  readonly examples: readonly unknown[];
}

export interface Document {
  readonly root: Json;
  readonly operations: readonly Operation[];
  resolve(value: unknown): Json;
}

/** What this document says that the API itself does not hold to; see what is known of it beside the document. */
function relaxed(key: string, value: Json): Json {
  if (key === "region_slug") return { type: "string" };
  if (/^(domain_record_(ns|srv|txt)|network_v4)$/.test(key)) {
    const text = JSON.stringify(value, (name, part: unknown) => {
      if (name === "required") return texts(part).filter((field) => field !== "flags" && field !== "tag");
      return name === "gateway" && isObject(part) ? { ...part, nullable: true } : part;
    });
    return JSON.parse(text) as Json;
  }
  // The API has these, and `images` is misspelt.
  if (key === "account" && isObject(value["properties"])) {
    const limit = { type: "integer" };
    return { ...value, properties: { ...value["properties"], reserved_ip_limit: limit, volume_limit: limit } };
  }
  if (key === "tags") return JSON.parse(JSON.stringify(value).replaceAll('"imgages"', '"images"')) as Json;
  // The actions that can be asked for are listed without it, and it is described.
  if (key === "droplet_action")
    return JSON.parse(JSON.stringify(value).replace('"enum":[', '"enum":["change_backup_policy",')) as Json;
  return value;
}

/** An action of an image is described as itself and shown as an object that has it. */
function eased(name: string, response: unknown): unknown {
  if (!/^(get|post)_image_action_response$/.test(name)) return response;
  const action = '{"$ref":"#/components/schemas/action"}';
  const either = `{"allOf":[${action},{"properties":{"action":${action}}}]}`;
  return JSON.parse(JSON.stringify(response).replace(action, either)) as unknown;
}

export function documentOf(source: unknown): Document {
  if (!isObject(source)) throw new Error("the document is no object");
  const components = isObject(source["components"]) ? source["components"] : {};
  const schemas = isObject(components["schemas"]) ? components["schemas"] : {};
  const responses = isObject(components["responses"]) ? components["responses"] : {};
  const easier = {
    responses: Object.fromEntries(Object.entries(responses).map(([name, one]) => [name, eased(name, one)])),
    schemas: Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [name, isObject(schema) ? relaxed(name, schema) : schema]),
    ),
  };
  const root: Json = { ...source, components: { ...components, ...easier } };
  const resolve = (value: unknown): Json => {
    let at = value;
    while (isObject(at) && typeof at["$ref"] === "string") {
      let to: unknown = root;
      for (const part of at["$ref"].slice(2).split("/"))
        to = isObject(to) ? to[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
      at = to;
    }
    if (!isObject(at)) throw new Error("a reference of the document leads nowhere");
    return at;
  };
  const operations: Operation[] = [];
  for (const [path, item] of Object.entries(isObject(source["paths"]) ? source["paths"] : {})) {
    if (!isObject(item)) continue;
    for (const method of ["get", "post", "put", "patch", "delete"]) {
      const found = item[method];
      if (!isObject(found)) continue;
      const parameters = [...objects(item["parameters"]), ...objects(found["parameters"])].map(resolve);
      const body = found["requestBody"] === undefined ? undefined : resolve(found["requestBody"]);
      const responses = isObject(found["responses"]) ? Object.entries(found["responses"]) : [];
      operations.push({
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        parameters: parameters.map((one) => ({
          name: String(one["name"]),
          in: String(one["in"]),
          required: one["required"] === true,
          schema: isObject(one["schema"]) ? one["schema"] : {},
        })),
        body: body && {
          required: body["required"] === true,
          schema: contentOf(body).schema ?? {},
          examples: contentOf(body).given.map((one) => resolve(one)["value"]),
        },
        responses: new Map(
          responses.map(([status, response]) => {
            const { schema, given } = contentOf(resolve(response));
            const examples = given.map((one) => resolve(one)["value"]);
            return [status, { schema, examples }];
          }),
        ),
      });
    }
  }
  return { root, operations, resolve };
}

/** Schema and examples of a body, which is always JSON here. */
function contentOf(holder: Json): { schema: Json | undefined; given: readonly Json[] } {
  const content = isObject(holder["content"]) ? holder["content"]["application/json"] : undefined;
  if (!isObject(content)) return { schema: undefined, given: [] };
  const given = isObject(content["examples"]) ? Object.values(content["examples"]).filter(isObject) : [];
  const single = "example" in content ? [{ value: content["example"] }] : [];
  return { schema: isObject(content["schema"]) ? content["schema"] : {}, given: [...given, ...single] };
}

/** The branches that a schema is made of, itself included, with references followed. */
export function branchesOf(document: Document, schema: unknown, depth = 0): readonly Json[] {
  if (!isObject(schema) || depth > 12) return [];
  const at = document.resolve(schema);
  const inner = ["allOf", "anyOf", "oneOf"].flatMap((word) => objects(at[word]));
  return [at, ...inner.flatMap((one) => branchesOf(document, one, depth + 1))];
}

/**
 * Rewrites OpenAPI 3.0's own words as JSON Schema's; references lead into the whole document by the name `api`. `forRequest`: what is read only
 * need not be there.
 */
export function asJsonSchema(document: Document, schema: Json, forRequest: boolean): Json {
  const rewrite = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewrite);
    if (!isObject(value)) return value;
    if (typeof value["$ref"] === "string") return { $ref: `api${value["$ref"]}` };
    const { nullable, discriminator, example: _example, ...rest } = value;
    // Where there is no union, it only tells the descendants apart.
    const union = "oneOf" in value || "anyOf" in value ? discriminator : undefined;
    const kept = Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, rewrite(inner)])) as Json;
    const properties = value["properties"];
    const needed =
      forRequest && isObject(properties) && Array.isArray(kept["required"])
        ? {
            required: texts(kept["required"]).filter((name) => {
              const property = properties[name];
              return !(isObject(property) && document.resolve(property)["readOnly"] === true);
            }),
          }
        : {};
    const told = { ...kept, ...needed, ...chosenBy(union) };
    const chosen = isObject(union) && isObject(union["mapping"]) ? without(told, "oneOf", "anyOf") : told;
    return nullable === true ? { anyOf: [chosen, { type: "null" }] } : chosen;
  };
  return rewrite(schema) as Json;
}

const without = (value: Json, ...names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));

/** A union whose member is told by one property: exactly that member must fit. */
function chosenBy(discriminator: unknown): Json {
  if (!isObject(discriminator) || !isObject(discriminator["mapping"])) return {};
  const name = String(discriminator["propertyName"]);
  const mapping = Object.entries(discriminator["mapping"]);
  return {
    required: [name],
    properties: { [name]: { enum: mapping.map(([value]) => value) } },
    allOf: mapping.map(([value, $ref]) => ({
      anyOf: [{ properties: { [name]: { not: { const: value } } } }, { $ref: `api${String($ref)}` }],
    })),
  };
}
