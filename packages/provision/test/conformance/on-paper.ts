import type { z } from "zod";
import { apiOf } from "../../src/client/call.ts";
import { familiesOf } from "../../src/client/families.ts";
import { hurriedClock } from "../support/clock.ts";
import { calls } from "./calls.ts";
import { isObject, type Operation } from "./document.ts";
import { differences, examplesOf, watched } from "./shapes.ts";
import type { Exchange, Validator } from "./validator.ts";

export interface OnPaper {
  readonly problems: readonly string[];
  /** Operations that some method of the client calls. */
  readonly operations: ReadonlySet<string>;
  readonly examples: number;
  readonly shapes: number;
}

/**
 * Makes every call of the client with the document's own examples as the answers: each request must be as described, each example must be
 * understood, and each field that is read must be in the document as what it is read as.
 */
export async function checkOnPaper({ document, operationOf, check }: Validator): Promise<OnPaper> {
  const problems = new Set<string>();
  const operations = new Set<string>();
  const shapes = new Map<string, { operation: Operation; shape: z.ZodType }>();
  const parsed = new Set<string>();
  const examples = new Map(document.operations.map((one) => [one.name, examplesOf(document, one)]));
  let turn = 0;
  let method = "";
  const answer = async (url: string, init: RequestInit): Promise<Response> => {
    const operation = operationOf(init.method ?? "GET", url);
    const several = typeof init.body === "string" && "names" in (JSON.parse(init.body) as object);
    const all = ((operation && examples.get(operation.name)) ?? []).filter(
      ({ body }) => operation?.name !== "POST /v2/droplets" || (isObject(body) && "droplets" in body) === several,
    );
    const index = Math.min(turn, all.length - 1);
    const example = all[index];
    const response = { status: example?.status ?? 404, body: example?.body };
    const body = new URL(url).searchParams.get("page") === "1" ? response.body : withoutNext(response.body);
    const text = body === undefined ? "" : JSON.stringify(body);
    const exchange: Exchange = {
      method: init.method ?? "GET",
      url,
      headers: new Headers(init.headers),
      body: typeof init.body === "string" ? init.body : "",
      status: response.status,
      answerHeaders: new Headers({ "content-type": "application/json" }),
      answer: text,
    };
    for (const problem of check(exchange).request) problems.add(`${method}: ${problem}`);
    if (operation !== undefined) operations.add(operation.name);
    if (operation !== undefined) parsed.add(`${operation.name} ${index}`);
    return new Response(text === "" ? null : text, { status: response.status });
  };
  const api = apiOf({
    url: "https://api.digitalocean.com",
    token: () => Promise.resolve("t"),
    clock: hurriedClock(),
    lagMs: 0,
    limits: [],
    fetch: answer,
  });
  const client = familiesOf(
    watched(api, (used) => {
      const operation = operationOf(used.method, `https://api.digitalocean.com${used.path}`);
      if (operation !== undefined) shapes.set(`${operation.name} ${method}`, { operation, shape: used.shape });
    }),
  );
  const most = Math.max(...[...examples.values()].map((all) => all.length));
  for (turn = 0; turn < most; turn += 1)
    for (const [name, call] of calls) {
      method = name;
      try {
        await call(client);
      } catch (error) {
        problems.add(`${name}: ${tellOf(error)}`);
      }
    }
  for (const { operation, shape } of shapes.values())
    for (const difference of differences(document, operation, shape)) problems.add(difference);
  const called = new Set(calls.map(([name]) => name));
  for (const [family, methods] of Object.entries(client))
    for (const name of Object.keys(methods))
      if (!called.has(`${family}.${name}`)) problems.add(`${family}.${name} is not called by the conformance step`);
  for (const { name } of document.operations) if (!operations.has(name)) problems.add(`no method calls ${name}`);
  return { problems: [...problems], operations, examples: parsed.size, shapes: shapes.size };
}

/** Examples of lists show a next page, always. */
const withoutNext = (body: unknown): unknown => (isObject(body) && "links" in body ? { ...body, links: {} } : body);

function tellOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message.replaceAll(/\s+/g, " ").slice(0, 600)}` : "";
  return `${error.message}${cause}`;
}
