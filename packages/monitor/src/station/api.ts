import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { dirname } from "node:path";
import { messageOf } from "@slipway/model";
import { fail } from "../errors.ts";
import type { SeriesQuery, SeriesView } from "../store/metricStore.ts";
import type { Changes } from "./changes.ts";
import type { AlertsView, Change, MonitorStatus } from "./view.ts";

export interface Answers {
  readonly status: () => MonitorStatus;
  readonly alerts: () => AlertsView;
  readonly series: (query: SeriesQuery) => SeriesView;
  readonly changes: Changes;
}

const heartbeatMs = 15_000;
/** A listener that does not read is let go rather than remembered without bound. */
const maxUnreadBytes = 4 * 1024 * 1024;

/**
 * The station's face: HTTP on a unix socket that its owner alone may open. GET /status, /alerts, /series, and /events as server-sent
 * events. Removes a socket that a dead process left; throws `monitor.in-use` when a living one answers on it.
 */
export async function serve(socketPath: string, answers: Answers): Promise<AsyncDisposable> {
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o755 });
  if (await lives(socketPath)) throw fail("monitor.in-use", `another monitor answers on ${socketPath}`);
  rmSync(socketPath, { force: true });
  const server = createServer((request, response) => {
    try {
      answer(request, response, answers);
    } catch (error) {
      if (!response.headersSent) json(response, 500, { error: messageOf(error) });
      else response.destroy();
    }
  });
  await listen(server, socketPath);
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  // The socket is made within `listen`; the mask keeps others out from its first moment on.
  const former = process.umask(0o177);
  try {
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, () => {
        chmodSync(path, 0o600);
        resolve();
      });
    });
  } finally {
    process.umask(former);
  }
}

function lives(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function answer(request: IncomingMessage, response: ServerResponse, answers: Answers): void {
  const url = new URL(request.url ?? "/", "http://monitor");
  if (request.method !== "GET") json(response, 405, { error: "only GET" });
  else if (url.pathname === "/status") json(response, 200, answers.status());
  else if (url.pathname === "/alerts") json(response, 200, answers.alerts());
  else if (url.pathname === "/events") stream(request, response, { changes: answers.changes, url });
  else if (url.pathname === "/series") series(response, seriesQuery(url), answers);
  else json(response, 404, { error: `nothing at ${url.pathname}` });
}

function series(response: ServerResponse, query: SeriesQuery | string, answers: Answers): void {
  if (typeof query === "string") json(response, 400, { error: query });
  else json(response, 200, answers.series(query));
}

function seriesQuery(url: URL): SeriesQuery | string {
  const text = (name: string): string => url.searchParams.get(name) ?? "";
  const [from, to, points] = ["from", "to", "points"].map((name) =>
    text(name) === "" ? Number.NaN : Number(text(name)),
  );
  if (from === undefined || to === undefined || !(from < to)) return "from and to are times in ms, from < to";
  if (text("host") === "" || text("service") === "") return "host and service are needed";
  return {
    host: text("host"),
    service: text("service"),
    from,
    to,
    points: points === undefined || Number.isNaN(points) ? 300 : points,
  };
}

function stream(
  request: IncomingMessage,
  response: ServerResponse,
  { changes, url }: { changes: Changes; url: URL },
): void {
  const last = request.headers["last-event-id"];
  const after = url.searchParams.get("after") ?? (typeof last === "string" ? last : undefined);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  // At once, so that the listener knows that nothing is missed from here on.
  response.write(": listening\n\n");
  const listening = changes.listen(after, (change: Change) => {
    response.write(`id: ${change.id}\nevent: ${change.kind}\ndata: ${JSON.stringify(change.data)}\n\n`);
    if (response.writableLength > maxUnreadBytes) response.destroy();
  });
  const heartbeat = setInterval(() => response.write(": alive\n\n"), heartbeatMs);
  response.once("close", () => {
    clearInterval(heartbeat);
    listening[Symbol.dispose]();
  });
}
