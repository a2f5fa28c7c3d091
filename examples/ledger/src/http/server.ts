import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface Answer {
  readonly status: number;
  /** Sent as it is; an object is sent as JSON. */
  readonly body: string | Uint8Array | object;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Server {
  readonly port: number;
  /**
   * Takes requests for `lingerMs` more (a proxy may have chosen this process just before), then no new connections; answers
   * what is under way and closes. Connections still open after `deadlineMs` are cut.
   */
  stop(options: { readonly lingerMs: number; readonly deadlineMs: number }): Promise<void>;
}

export type Handler = (request: IncomingMessage, url: URL) => Promise<Answer>;

/** Serves on all addresses. What `handle` throws is answered by `onError`. Port 0 takes a free one. */
export const serve = async (port: number, handle: Handler, onError: (cause: unknown) => Answer): Promise<Server> => {
  let stopping = false;
  const respond = (response: ServerResponse, { status, body, type, headers }: Answer): void => {
    const raw = typeof body === "string" || body instanceof Uint8Array;
    const bytes = Buffer.from(raw ? body : `${JSON.stringify(body)}\n`);
    response.writeHead(status, {
      "Content-Type": type ?? (raw ? "text/plain; charset=utf-8" : "application/json"),
      "Content-Length": bytes.length,
      "Cache-Control": "no-store",
      ...headers,
      ...(stopping ? { Connection: "close" } : {}),
    });
    response.end(bytes);
  };
  const server = createServer((request, response) => {
    handle(request, new URL(request.url ?? "/", "http://ledger"))
      .catch(onError)
      .then((answer) => respond(response, answer))
      .catch(() => response.destroy());
  });
  // Longer than a proxy keeps its idle connections: whoever closes first must not be us.
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async stop({ lingerMs, deadlineMs }) {
      stopping = true;
      await delay(lingerMs);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const cut = setTimeout(() => server.closeAllConnections(), deadlineMs);
      await closed;
      clearTimeout(cut);
    },
  };
};

const limitBytes = 64 * 1024;

/** The request's body as JSON. Throws a `SyntaxError` when it is not, a `RangeError` when it is over 64 KiB. */
export const jsonBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limitBytes) throw new RangeError("the body is over 64 KiB");
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
};
