import type { IncomingMessage } from "node:http";
import { type Answer, jsonBody } from "../http/server.ts";
import { type Core, Refused, Unavailable } from "./core.ts";
import { BadRequest, grantFrom, repaymentFrom } from "./requests.ts";

const notFound: Answer = { status: 404, body: { error: "not found" } };

/**
 * GET /readyz · GET /metrics · GET /api/loans?limit=100 · GET /api/loans/:id
 * POST /api/loans · POST /api/loans/:id/repayments, both with an optional Idempotency-Key.
 */
export const route = async (core: Core, request: IncomingMessage, url: URL): Promise<Answer> => {
  const { pathname } = url;
  const method = request.method ?? "GET";
  if (method === "GET" || method === "HEAD") return await read(core, pathname, url.searchParams);
  if (method !== "POST") return { status: 405, body: { error: "use GET or POST" } };
  const header = request.headers["idempotency-key"];
  const key = Array.isArray(header) ? header[0] : header;
  const [, loan] = /^\/api\/loans\/([^/]+)\/repayments$/.exec(pathname) ?? [];
  if (loan === undefined && pathname !== "/api/loans") return notFound;
  const body = await jsonBody(request);
  const command = loan === undefined ? grantFrom(body, key) : repaymentFrom(decodeURIComponent(loan), body, key);
  const done = await core.change(command);
  return { status: done.repeated ? 200 : 201, body: { ...done.loan, offset: done.offset } };
};

const read = async (core: Core, path: string, query: URLSearchParams): Promise<Answer> => {
  if (path === "/readyz") {
    const { role, offset } = core;
    return { status: role === "active" || role === "standby" ? 200 : 503, body: { role, offset } };
  }
  if (path === "/metrics") return { status: 200, body: metrics(core), type: "text/plain; version=0.0.4" };
  if (path === "/api/loans") {
    const limit = Math.min(Math.max(Number(query.get("limit") ?? 100) || 100, 1), 10_000);
    return { status: 200, body: await core.loans(limit) };
  }
  const [, id] = /^\/api\/loans\/([^/]+)$/.exec(path) ?? [];
  const loan = id === undefined ? undefined : await core.loan(decodeURIComponent(id));
  return loan === undefined ? notFound : { status: 200, body: loan };
};

const metrics = ({ offset, commits, role }: Core): string =>
  [
    "# TYPE ledger_events_total counter",
    `ledger_events_total ${offset}`,
    "# TYPE ledger_commits_total counter",
    `ledger_commits_total ${commits}`,
    "# TYPE ledger_active gauge",
    `ledger_active ${role === "active" ? 1 : 0}`,
    "",
  ].join("\n");

/** How what `route` throws is told. */
export const explain = (cause: unknown): Answer => {
  const error = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof Refused) return { status: cause.status, body: { error } };
  if (cause instanceof BadRequest || cause instanceof SyntaxError || cause instanceof URIError) {
    return { status: 400, body: { error } };
  }
  if (cause instanceof RangeError) return { status: 413, body: { error } };
  if (cause instanceof Unavailable) return { status: 503, body: { error }, headers: { "Retry-After": "1" } };
  return { status: 500, body: { error: "internal error" } };
};
