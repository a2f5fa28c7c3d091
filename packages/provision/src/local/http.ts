import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { messageOf } from "@slipway/model";
import { hetznerErrorBody } from "./hetzner/error-body.ts";

/** An answer that is an error, in DigitalOcean's form. */
export class Refusal extends Error {
  readonly status: number;
  readonly id: string;
  constructor(status: number, id: string, message: string) {
    super(message);
    this.status = status;
    this.id = id;
  }
}
export const notFound = (): Refusal =>
  new Refusal(404, "not_found", "The resource you were accessing could not be found.");
export const unprocessable = (message: string): Refusal => new Refusal(422, "unprocessable_entity", message);

export interface Call {
  readonly method: string;
  /** Without a slash at the end, e.g. `/v2/droplets/12`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The object of the JSON body; empty when there is none. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Scheme, host and port that the caller used, for links. */
  readonly base: string;
}
export interface Reply {
  readonly status: number;
  readonly body?: object;
}

export type Handler = (call: Call, ...captured: string[]) => Promise<Reply> | Reply;
/** A method and a path whose `:name` parts match one segment each. */
export type Route = readonly [method: string, path: string, handler: Handler];

/** What goes wrong on purpose: `after` lets the work be done before the answer is lost. */
export interface Fault {
  readonly status: 429 | 500 | 503 | "reset";
  readonly when: "before" | "after";
  readonly retryAfterSeconds?: number;
}
export type Faults = (call: { readonly method: string; readonly path: string }) => Fault | undefined;

/** One page of a list with DigitalOcean's `links` and `meta`. */
export function page(call: Call, name: string, all: readonly unknown[]): Reply {
  const number = (key: string, fallback: number, max: number): number => {
    const value = Number(call.query.get(key) ?? fallback);
    return Number.isInteger(value) && value >= 1 ? Math.min(value, max) : fallback;
  };
  const size = number("per_page", 20, 200);
  const at = number("page", 1, Number.MAX_SAFE_INTEGER);
  const last = Math.max(1, Math.ceil(all.length / size));
  const link = (to: number): string => {
    const query = new URLSearchParams(call.query);
    query.set("page", String(to));
    query.set("per_page", String(size));
    return `${call.base}${call.path}?${query.toString()}`;
  };
  const pages = {
    ...(at > 1 ? { first: link(1), prev: link(at - 1) } : {}),
    ...(at < last ? { next: link(at + 1), last: link(last) } : {}),
  };
  const body = { [name]: all.slice((at - 1) * size, at * size), links: Object.keys(pages).length > 0 ? { pages } : {} };
  return { status: 200, body: { ...body, meta: { total: all.length } } };
}

const compile = (path: string): RegExp => new RegExp(`^${path.replace(/:[a-z]+/g, "([^/]+)")}$`);
const hourlyLimit = 5_000;
const maxBodyBytes = 1 << 20;

/** A server that answers these routes to whoever has the token. */
export function serve(routes: readonly Route[], token: string, faults: Faults = () => undefined): Server {
  const table = routes.map(([method, path, handler]) => ({ method, pattern: compile(path), handler }));
  let used = 0;
  const answer = async (request: IncomingMessage): Promise<Reply> => {
    const call = await read(request);
    if (request.headers.authorization !== `Bearer ${token}`)
      throw new Refusal(401, "Unauthorized", "Unable to authenticate you.");
    for (const route of table) {
      const match = route.method === call.method ? route.pattern.exec(call.path) : null;
      if (match !== null) return route.handler(call, ...match.slice(1).map(decodeURIComponent));
    }
    throw notFound();
  };
  return createServer((request, response) => {
    used += 1;
    response.setHeader("ratelimit-limit", hourlyLimit);
    response.setHeader("ratelimit-remaining", Math.max(0, hourlyLimit - used));
    response.setHeader("ratelimit-reset", Math.ceil(Date.now() / 1_000) + 3_600);
    const fault = faults({ method: request.method ?? "", path: request.url ?? "" });
    if (fault?.when === "before") return spoil(response, fault);
    answer(request).then(
      (reply) => (fault === undefined ? send(response, reply) : spoil(response, fault)),
      (error: unknown) => sendError(response, error),
    );
  });
}

async function read(request: IncomingMessage): Promise<Call> {
  const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxBodyBytes) throw new Refusal(413, "payload_too_large", "The request is too large.");
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString();
  const path = url.pathname.replace(/\/+$/, "");
  return { method: request.method ?? "GET", path, query: url.searchParams, body: parse(text), base: url.origin };
}

/** Clients send a JSON content type with an empty body; that is no error. */
function parse(text: string): Call["body"] {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // told below
  }
  throw new Refusal(400, "bad_request", "The request body is not a JSON object.");
}

function send(response: ServerResponse, reply: Reply): void {
  response.statusCode = reply.status;
  if (reply.body === undefined) {
    response.end();
    return;
  }
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.end(JSON.stringify(reply.body));
}

function sendError(response: ServerResponse, error: unknown): void {
  const known = error instanceof Refusal;
  if (response.req.url?.startsWith("/v1/")) {
    const refused = known ? error : new Refusal(500, "server_error", messageOf(error));
    send(response, { status: refused.status, body: hetznerErrorBody(refused) });
    return;
  }
  const request_id = randomUUID();
  response.setHeader("x-request-id", request_id);
  // What broke here is a fault of this machine's engine; its one sentence is what the operator needs.
  const message = error instanceof Error ? error.message : "Server Error";
  const id = known ? error.id : "server_error";
  send(response, { status: known ? error.status : 500, body: { id, message, request_id } });
}

function spoil(response: ServerResponse, fault: Fault): void {
  if (fault.status === "reset") {
    response.destroy();
    return;
  }
  if (fault.retryAfterSeconds !== undefined) response.setHeader("retry-after", fault.retryAfterSeconds);
  if (fault.status === 429) sendError(response, new Refusal(429, "too_many_requests", "API Rate limit exceeded."));
  else sendError(response, new Refusal(fault.status, "server_error", "Server Error"));
}
