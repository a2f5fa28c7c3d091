import { type IncomingMessage, request } from "node:http";
import type { Readable } from "node:stream";
import { messageOf } from "@slipway/model";
import { fail } from "../errors.ts";

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | object>>;
  /** Sent as JSON, or as it is when it is a stream or bytes. */
  readonly body?: object | Uint8Array | Readable;
  readonly signal?: AbortSignal;
  /** Statuses besides 2xx and 304 that resolve. */
  readonly accept?: readonly number[];
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  json(): unknown;
}

/**
 * The little of the Docker Engine's HTTP API that a cloud needs, on the engine of this machine. Paths name no version: old engines know no new
 * one and new engines refuse old ones, while all that is used here is the same since 1.41.
 */
export interface Engine {
  readonly call: (method: "GET" | "POST" | "PUT" | "DELETE", path: string, options?: CallOptions) => Promise<Answer>;
}

/** Where the engine listens: `socket` given, else DOCKER_HOST, else the usual socket. */
function address(socket: string | undefined): { socketPath: string } | { host: string; port: number } {
  const named = socket ?? process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
  if (named.startsWith("tcp://")) {
    const url = new URL(named);
    return { host: url.hostname, port: Number(url.port || 2375) };
  }
  return { socketPath: named.replace(/^unix:\/\//, "") };
}

const isFull = (text: string): boolean => /no space left on device/i.test(text);

/** The engine that listens at `socket`; nothing is sent before the first call. */
export function engineAt(socket?: string): Engine {
  const where = address(socket);
  const shown = "socketPath" in where ? where.socketPath : `${where.host}:${where.port}`;
  return {
    async call(method, path, options = {}) {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(options.query ?? {}))
        query.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
      const reply = await send(where, shown, method, `${path}${query.size > 0 ? `?${query.toString()}` : ""}`, options);
      const chunks: Buffer[] = [];
      for await (const chunk of reply) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const status = reply.statusCode ?? 0;
      if (status < 300 || status === 304 || options.accept?.includes(status))
        return { status, text, json: (): unknown => JSON.parse(text) };
      throw refused(status, text, `${method} ${path}`);
    },
  };
}

function refused(status: number, text: string, what: string): Error {
  let message = text.trim();
  try {
    message = (JSON.parse(text) as { message?: string }).message ?? message;
  } catch {
    // not JSON: shown as it came
  }
  if (isFull(message)) return fail("disk.full", "the Docker engine's disk is full");
  return fail("engine.failed", `the Docker engine refused ${what}: ${status} ${message}`, { cause: { status } });
}

function send(
  where: ReturnType<typeof address>,
  shown: string,
  method: string,
  path: string,
  options: CallOptions,
): Promise<IncomingMessage> {
  const { body } = options;
  const stream = body !== undefined && "pipe" in body ? body : undefined;
  const bytes =
    body === undefined || stream !== undefined ? undefined : body instanceof Uint8Array ? body : JSON.stringify(body);
  const headers: Record<string, string | number> = {};
  if (bytes !== undefined) {
    headers["content-type"] = typeof bytes === "string" ? "application/json" : "application/x-tar";
    headers["content-length"] = Buffer.byteLength(bytes);
  } else if (stream !== undefined) headers["content-type"] = "application/x-tar";
  return new Promise((resolve, reject) => {
    const call = request(
      { ...where, method, path, headers, ...(options.signal && { signal: options.signal }) },
      resolve,
    );
    call.once("error", (error: NodeJS.ErrnoException) => {
      if (options.signal?.aborted === true) reject(options.signal.reason);
      else if (error.code === "ENOENT" || error.code === "ECONNREFUSED")
        reject(fail("engine.missing", `no Docker engine answers at ${shown}`, { cause: error }));
      else if (error.code === "EACCES")
        reject(fail("engine.denied", `this user may not use the Docker engine at ${shown}`, { cause: error }));
      else
        reject(
          fail("engine.failed", `the connection to the Docker engine at ${shown} broke: ${messageOf(error)}`, {
            cause: error,
          }),
        );
    });
    if (stream === undefined) call.end(bytes);
    else {
      stream.once("error", (error) => call.destroy(error));
      stream.pipe(call);
    }
  });
}

/** Whether an error of {@link Engine.call} carries this HTTP status. */
export const hasStatus = (thrown: unknown, status: number): boolean =>
  thrown instanceof Error && (thrown.cause as { status?: number } | undefined)?.status === status;
