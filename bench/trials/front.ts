import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Passed {
  /** Counts from 1. */
  readonly number: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface FrontOptions {
  /** Before a request goes on; `false` throws it away, connection and all. */
  readonly before?: (asked: Passed) => boolean;
  /** Once the cloud has answered, before the answer goes back; `false` throws that away. */
  readonly after?: (asked: Passed, answer: { readonly status: number; readonly retryAfterSeconds: number }) => boolean;
}

/** Stands before an HTTP server, sees every request, and loses those that it is told to. Disposing waits for what it passed on. */
export interface Front extends AsyncDisposable {
  readonly url: string;
}

export async function front(to: string, { before, after }: FrontOptions): Promise<Front> {
  let number = 0;
  const passing = new Set<Promise<void>>();
  const pass = (asked: IncomingMessage, answer: ServerResponse): void => {
    number += 1;
    const { method = "GET", headers, url = "/" } = asked;
    const passed: Passed = { number, method, path: url, headers };
    if (before?.(passed) === false) {
      asked.socket.destroy();
      return;
    }
    const on = request(new URL(url, to), { method, headers, agent: false }, (got) => {
      const told = { status: got.statusCode ?? 0, retryAfterSeconds: Number(got.headers["retry-after"] ?? 0) };
      if (after?.(passed, told) === false) {
        asked.socket.destroy();
        got.resume();
        return;
      }
      answer.writeHead(told.status, got.headers);
      answer.once("close", () => got.resume());
      got.pipe(answer);
    });
    on.on("error", () => asked.socket.destroy());
    const over = new Promise<void>((resolve) => on.once("close", resolve)).finally(() => passing.delete(over));
    passing.add(over);
    asked.once("close", () => {
      if (!asked.complete) on.destroy();
    });
    asked.pipe(on);
  };
  const server = createServer(pass);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      await Promise.all(passing);
    },
  };
}
