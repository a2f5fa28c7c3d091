import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, messageOf, systemClock } from "@slipway/model";
import { fail } from "../errors.ts";

/** A webhook as it was received. */
export interface ReceivedWebhook {
  readonly at: number;
  /** The sender's idempotency key: the same one twice is the same announcement. */
  readonly id: string | undefined;
  /** Slack's text, when there is one. */
  readonly text: string | undefined;
  readonly body: unknown;
}

export interface WebhookReceiver extends AsyncDisposable {
  readonly port: number;
  /** Everything so far, oldest first; the newest 1,000. */
  readonly received: readonly ReceivedWebhook[];
  /** The first one, past or future, for which `test` holds. */
  next(test: (webhook: ReceivedWebhook) => boolean, signal: AbortSignal): Promise<ReceivedWebhook>;
}

export interface ReceiverOptions {
  /** 0 chooses a free one. */
  readonly port: number;
  /** Default: every address of this machine. */
  readonly address?: string;
  /** Each one is added to this file as a line of JSON. */
  readonly file?: string;
  readonly onReceived?: (webhook: ReceivedWebhook) => void;
  readonly clock?: Clock;
}

const maxBytes = 256 * 1024;

/** A small receiver of Slack-compatible webhooks, for trials and demos: keeps what it gets, and answers `ok` as Slack does. */
export async function receiveWebhooks(options: ReceiverOptions): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const waiting = new Set<(webhook: ReceivedWebhook) => void>();
  const clock = options.clock ?? systemClock;

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
    });
    request.on("end", () => {
      if (request.method !== "POST") return void response.writeHead(405).end();
      if (size > maxBytes) return void response.writeHead(413).end();
      let body: unknown;
      try {
        body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      } catch {
        return void response.writeHead(400).end("invalid_payload");
      }
      const id = request.headers["idempotency-key"];
      const webhook: ReceivedWebhook = {
        at: clock.now(),
        id: typeof id === "string" ? id : undefined,
        text: textOf(body),
        body,
      };
      // Kept before the answer: what was acknowledged is there.
      if (options.file !== undefined) appendFileSync(options.file, `${JSON.stringify(webhook)}\n`, { mode: 0o600 });
      received.push(webhook);
      if (received.length > 1_000) received.shift();
      options.onReceived?.(webhook);
      for (const each of waiting) each(webhook);
      response.writeHead(200, { "content-type": "text/plain" }).end("ok");
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(fail("monitor.port-taken", `cannot listen on port ${options.port}: ${messageOf(cause)}`, { cause })),
    );
    server.listen(options.port, options.address, resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    received,
    next: (test, signal) =>
      new Promise((resolve, reject) => {
        const past = received.find(test);
        if (past !== undefined) return resolve(past);
        if (signal.aborted) return reject(signal.reason);
        const onAbort = (): void => {
          waiting.delete(look);
          reject(signal.reason);
        };
        const look = (webhook: ReceivedWebhook): void => {
          if (!test(webhook)) return;
          waiting.delete(look);
          signal.removeEventListener("abort", onAbort);
          resolve(webhook);
        };
        waiting.add(look);
        signal.addEventListener("abort", onAbort, { once: true });
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const textOf = (body: unknown): string | undefined =>
  typeof body === "object" && body !== null && "text" in body && typeof body.text === "string" ? body.text : undefined;
