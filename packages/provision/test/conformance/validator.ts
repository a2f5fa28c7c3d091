import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import {
  asJsonSchema,
  branchesOf,
  type Document,
  documentOf,
  isObject,
  type Json,
  type Operation,
} from "./document.ts";

/** One request with its answer, as it went over the wire. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly status: number;
  readonly answerHeaders: Headers;
  readonly answer: string;
}

export interface Verdict {
  readonly operation: Operation | undefined;
  readonly status: number;
  /** What of the request, or of the answer, is not as the document says. */
  readonly request: readonly string[];
  readonly answer: readonly string[];
}

export interface Validator {
  readonly document: Document;
  operationOf(method: string, url: string): Operation | undefined;
  check(exchange: Exchange): Verdict;
  /** A `fetch` that lets `seen` judge what goes through it. */
  fetch(seen: (verdict: Verdict, exchange: Exchange) => void): (url: string, init: RequestInit) => Promise<Response>;
}

/** Holds traffic against an OpenAPI 3.0 document. */
export function validator(source: unknown): Validator {
  const document = documentOf(source);
  const compile = compiler(document);
  const table = document.operations
    .map((operation) => ({
      operation,
      pattern: new RegExp(`^${operation.path.replaceAll(/\{[^}]+\}/g, "([^/]+)")}$`),
      names: [...operation.path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name ?? ""),
    }))
    // `/v2/projects/default` before `/v2/projects/{project_id}`.
    .toSorted((a, b) => a.names.length - b.names.length);

  const find = (method: string, url: string): (typeof table)[number] | undefined => {
    const { pathname } = new URL(url);
    return table.find(({ operation, pattern }) => operation.method === method && pattern.test(pathname));
  };

  const check = (exchange: Exchange): Verdict => {
    const found = find(exchange.method, exchange.url);
    const { status } = exchange;
    if (found === undefined) {
      const problem = `${exchange.method} ${new URL(exchange.url).pathname} is not in the document`;
      return { operation: undefined, status, request: [problem], answer: [] };
    }
    const { operation, pattern, names } = found;
    const captured = pattern.exec(new URL(exchange.url).pathname)?.slice(1) ?? [];
    const parts = new Map(names.map((name, index) => [name, decodeURIComponent(captured[index] ?? "")]));
    return {
      operation,
      status,
      request: [
        ...parametersOf(operation, parts, exchange, compile),
        ...bodyOf(document, operation, exchange, compile),
      ],
      answer: answerOf(document, operation, exchange, compile),
    };
  };

  return {
    document,
    operationOf: (method, url) => find(method, url)?.operation,
    check,
    fetch: (seen) => async (url, init) => {
      const response = await fetch(url, init);
      const answer = await response.clone().text();
      const exchange: Exchange = {
        method: init.method ?? "GET",
        url,
        headers: new Headers(init.headers),
        body: typeof init.body === "string" ? init.body : "",
        status: response.status,
        answerHeaders: response.headers,
        answer,
      };
      seen(check(exchange), exchange);
      return response;
    },
  };
}

type Side = "request" | "answer" | "text";
type Compile = (schema: Json, side: Side) => ValidateFunction;

/** Parameters are text: numbers and booleans are read from it. */
function compiler(document: Document): Compile {
  const made = (forRequest: boolean, coerceTypes: boolean): Ajv => {
    // The document has patterns that are none under the flag `u`.
    const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false, coerceTypes, validateSchema: false });
    formats.default(ajv);
    ajv.addSchema(asJsonSchema(document, document.root, forRequest), "api", true);
    return ajv;
  };
  const of = { request: made(true, false), answer: made(false, false), text: made(true, true) };
  const known = {
    request: new Map<Json, ValidateFunction>(),
    answer: new Map<Json, ValidateFunction>(),
    text: new Map<Json, ValidateFunction>(),
  };
  return (schema, side) => {
    // Only what stands in an object can be made a number.
    const whole = side === "text" ? { properties: { value: schema } } : schema;
    const compiled = known[side].get(schema) ?? of[side].compile(asJsonSchema(document, whole, side !== "answer"));
    known[side].set(schema, compiled);
    return compiled;
  };
}

function problemsOf(check: ValidateFunction, value: unknown, where: string): readonly string[] {
  if (check(value)) return [];
  const all = (check.errors ?? []).filter(({ keyword }) => keyword !== "if" && keyword !== "anyOf");
  const told = all.length > 0 ? all : (check.errors ?? []);
  return [...new Set(told.map(({ instancePath, message }) => `${where}${instancePath} ${message ?? "is wrong"}`))];
}

function parametersOf(
  operation: Operation,
  parts: ReadonlyMap<string, string>,
  exchange: Exchange,
  compile: Compile,
): readonly string[] {
  const query = new URL(exchange.url).searchParams;
  const known = new Set(operation.parameters.filter((one) => one.in === "query").map((one) => one.name));
  const strange = [...query.keys()].filter((name) => !known.has(name)).map((name) => `query ${name} is not described`);
  return [
    ...strange,
    ...operation.parameters.flatMap(({ name, in: where, required, schema }) => {
      const value =
        where === "path" ? parts.get(name) : where === "query" ? query.get(name) : exchange.headers.get(name);
      if (value === null || value === undefined) return required ? [`${where} ${name} is missing`] : [];
      return problemsOf(compile(schema, "text"), { value }, `${where} ${name}`);
    }),
  ];
}

function bodyOf(document: Document, operation: Operation, exchange: Exchange, compile: Compile): readonly string[] {
  const { body } = operation;
  if (exchange.body === "") {
    if (exchange.headers.has("content-type")) return ["a content type without a body"];
    return body?.required === true ? ["the body is missing"] : [];
  }
  if (body === undefined) return ["a body where none is described"];
  const value = parse(exchange.body);
  if (value === undefined) return ["the body is no JSON"];
  return [
    ...problemsOf(compile(body.schema, "request"), value, "body"),
    ...strangers(document, [body.schema, shown(body.examples)], value, "body"),
  ];
}

function answerOf(document: Document, operation: Operation, exchange: Exchange, compile: Compile): readonly string[] {
  const { status, answer, answerHeaders } = exchange;
  const listed = operation.responses.get(String(status));
  const response = listed ?? (status >= 400 ? operation.responses.get("default") : undefined);
  if (response === undefined) return [`status ${status} is not described`];
  if (response.schema === undefined) return answer === "" ? [] : [`status ${status} has a body`];
  if (!/^application\/json\b/.test(answerHeaders.get("content-type") ?? ""))
    return ["the answer is not JSON by its type"];
  const value = parse(answer);
  if (value === undefined) return ["the answer is no JSON"];
  return [
    ...problemsOf(compile(response.schema, "answer"), value, `answer ${status} `),
    ...strangers(document, [response.schema, shown(response.examples)], value, `answer ${status} `),
  ];
}

/** What examples show besides what their schema says counts as described, whatever it holds. */
export const shown = (examples: readonly unknown[]): Json => ({
  properties: Object.fromEntries(
    examples.filter(isObject).flatMap((one) => Object.keys(one).map((name) => [name, {}])),
  ),
});

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** Properties that no branch of the schemas describes: most are misspelt. */
function strangers(document: Document, schemas: readonly unknown[], value: unknown, where: string): readonly string[] {
  const branches = schemas.flatMap((schema) => branchesOf(document, schema));
  if (Array.isArray(value)) {
    const items = branches.flatMap((branch) => (branch["items"] === undefined ? [] : [branch["items"]]));
    return [...new Set(value.flatMap((item) => strangers(document, items, item, `${where}/*`)))];
  }
  if (!isObject(value)) return [];
  const described = branches.flatMap((branch) => (isObject(branch["properties"]) ? [branch["properties"]] : []));
  if (described.length === 0) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const found = described.flatMap((properties) => (properties[name] === undefined ? [] : [properties[name]]));
    if (found.length === 0) return [`${where}/${name} is not described`];
    return strangers(document, found, inner, `${where}/${name}`);
  });
}
