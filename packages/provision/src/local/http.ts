import { randomUUID } from "node:crypto";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { messageOf } from "@slipway/model";
import type { Fault, Faults } from "./faults.ts";
import { hetznerErrorBody } from "./hetzner/error-body.ts";
import { type Limits, limiter, noLimits } from "./limits.ts";

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
  readonly headers: IncomingHttpHeaders;
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
const maxBodyBytes = 1 << 20;
/** Longer than clients keep a connection that they do not use: else one may be closed here just when a request comes on it. */
const idleMs = 75_000;

/** A server that answers these routes to whoever has the token. */
export function serve(
  routes: readonly Route[],
  token: string,
  faults: Faults = () => undefined,
  limits: Limits = noLimits,
): Server {
  const table = routes.map(([method, path, handler]) => ({ method, pattern: compile(path), handler }));
  const limit = limiter(limits);
  const route = async (call: Call): Promise<Reply> => {
    const others = new Set<string>();
    // To be asked for its headers alone is to be asked.
    const asked = call.method === "HEAD" ? "GET" : call.method;
    for (const { method, pattern, handler } of table) {
      const match = pattern.exec(call.path);
      if (match === null) continue;
      if (method === asked) return handler(call, ...match.slice(1).map(decoded));
      others.add(method);
    }
    throw others.size > 0 ? new Refusal(405, "method_not_allowed", "The method is not allowed here.") : notFound();
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader("x-request-id", randomUUID());
    const { method = "GET" } = request;
    try {
      const url = targetOf(request);
      const path = url.pathname.replace(/\/+$/, "");
      if (isRebound(request)) throw new Refusal(403, "forbidden", "Web pages of other hosts may not call this server.");
      if (request.headers.authorization !== `Bearer ${token}`)
        throw new Refusal(401, "Unauthorized", "Unable to authenticate you.");
      const { allowed, headers } = limit.take(method, path);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      if (!allowed) throw tooMany();
      const fault = faults({ method, path: request.url ?? "" });
      if (fault?.when === "before" && (await spoil(response, fault))) return;
      const call = {
        method,
        path,
        query: url.searchParams,
        headers: request.headers,
        body: parse(await read(request)),
      };
      const tell = await route({ ...call, base: url.origin }).then(
        (reply) => () => send(response, reply),
        (error: unknown) => () => sendError(response, error),
      );
      if (fault?.when === "after" && (await spoil(response, fault))) return;
      tell();
    } catch (error) {
      // A body that was not read would be taken for the next request.
      if (!request.complete) response.setHeader("connection", "close");
      sendError(response, error);
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = idleMs;
  return server;
}

/** Of what is sent as a path some is no URL, such as `//`. */
function targetOf(request: IncomingMessage): URL {
  const target = URL.parse(request.url ?? "/", baseOf(request));
  if (target === null) throw new Refusal(400, "bad_request", "The request's path is invalid.");
  return target;
}

const loopback = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d*)?$/i;

/**
 * Whether a browser asks for a page that came by another name, which its owner made lead here (DNS rebinding). Other programs, which send none of
 * these headers, may use whatever name they reach the server by.
 */
const isRebound = ({ headers }: IncomingMessage): boolean =>
  (headers.origin !== undefined || headers["sec-fetch-site"] !== undefined) && !loopback.test(headers.host ?? "");

/** Scheme, host and port that the caller used. */
function baseOf(request: IncomingMessage): string {
  const base = `http://${request.headers.host ?? "localhost"}`;
  return URL.canParse(base) ? base : "http://localhost";
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw notFound();
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxBodyBytes) throw new Refusal(413, "request_entity_too_large", "The request is too large.");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
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

const isHetzners = ({ req }: ServerResponse): boolean => req.url?.startsWith("/v1/") === true;

function send(response: ServerResponse, reply: Reply): void {
  response.statusCode = reply.status;
  // DigitalOcean says so of nothing too; a client of Hetzner's would read it.
  if (reply.body !== undefined || !isHetzners(response))
    response.setHeader("content-type", "application/json; charset=utf-8");
  if (reply.body === undefined) response.end();
  else response.end(JSON.stringify(reply.body));
}

function sendError(response: ServerResponse, error: unknown): void {
  const known = error instanceof Refusal;
  if (isHetzners(response)) {
    const refused = known ? error : new Refusal(500, "server_error", messageOf(error));
    send(response, { status: refused.status, body: hetznerErrorBody(refused) });
    return;
  }
  // What broke here is a fault of this machine's engine; its one sentence is what the operator needs.
  const message = error instanceof Error ? error.message : "Server Error";
  const id = known ? error.id : "server_error";
  const request_id = response.getHeader("x-request-id");
  send(response, { status: known ? error.status : 500, body: { id, message, request_id } });
}

const tooMany = (): Refusal => new Refusal(429, "too_many_requests", "API Rate limit exceeded.");

/** True when that was the answer. */
async function spoil(response: ServerResponse, fault: Fault): Promise<boolean> {
  if (fault.status === "slow") {
    await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1_000));
    return false;
  }
  if (fault.status === "reset") response.destroy();
  else if (fault.status === 422) sendError(response, unprocessable("Droplet already has a pending event."));
  else if (fault.status === 429) {
    response.setHeader("ratelimit-remaining", 0);
    response.setHeader("retry-after", fault.retryAfterSeconds ?? 1);
    sendError(response, tooMany());
  } else sendError(response, new Refusal(fault.status, "server_error", "Server Error"));
  return true;
}
