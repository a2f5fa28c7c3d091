import type { IncomingMessage, RequestOptions } from "node:http";
import type { Duplex } from "node:stream";
import { type Connection, messageOf, type SlipwayError } from "@slipway/model";
import { fail } from "../errors.ts";
import type { SeriesQuery, SeriesView } from "../store/metricStore.ts";
import { readEvents } from "./sse.ts";
import type { AlertsView, Change, MonitorStatus } from "./view.ts";

/** A monitor station, seen from afar. Every call throws `monitor.not-answering` when it is not there. */
export interface MonitorClient {
  status(): Promise<MonitorStatus>;
  series(query: SeriesQuery): Promise<SeriesView>;
  alerts(): Promise<AlertsView>;
  /**
   * Changes as they happen, from the call on, or behind the id `after`. Ends quietly when the signal aborts; throws when the station
   * goes away: call again with the last id.
   */
  events(signal: AbortSignal, after?: string): AsyncIterable<Change>;
}

export const defaultSocketPath = "/run/slipway/monitor.sock";
const deadlineMs = 10_000;

/** Talks to the station through its socket on the connection's host. */
export function monitorClient(connection: Connection, socketPath: string = defaultSocketPath): MonitorClient {
  const absent = (cause: unknown): SlipwayError =>
    fail(
      "monitor.not-answering",
      `the monitor on ${connection.host} does not answer on ${socketPath}: ${messageOf(cause)}`,
      { cause },
    );

  const get = async (path: string, signal: AbortSignal): Promise<IncomingMessage> => {
    const { request } = await import("node:http");
    const socket = await connection.socket(socketPath);
    return new Promise((resolve, reject) => {
      const options: RequestOptions = {
        path,
        signal,
        host: "monitor",
        createConnection: () => asSocket(socket),
      };
      const sent = request(options, resolve);
      sent.once("error", (error) => {
        socket.destroy();
        reject(error);
      });
      sent.end();
    });
  };

  const ask = async <T>(path: string, has: keyof T & string): Promise<T> => {
    const signal = AbortSignal.timeout(deadlineMs);
    let status: number | undefined;
    let body: unknown;
    try {
      const response = await get(path, signal);
      status = response.statusCode;
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    } catch (error) {
      throw absent(error);
    }
    if (typeof body === "object" && body !== null && status === 200 && has in body) return body as T;
    const reason =
      typeof body === "object" && body !== null && "error" in body ? String(body.error) : `status ${status} ≠ 200`;
    throw absent(new Error(reason));
  };

  return {
    status: () => ask<MonitorStatus>("/status", "hosts"),
    alerts: () => ask<AlertsView>("/alerts", "firing"),
    series: ({ host, service, from, to, points }) =>
      ask<SeriesView>(
        `/series?${new URLSearchParams({ host, service, from: `${from}`, to: `${to}`, points: `${points}` }).toString()}`,
        "times",
      ),
    async *events(signal, after) {
      try {
        const response = await get(
          `/events${after === undefined ? "" : `?${new URLSearchParams({ after }).toString()}`}`,
          signal,
        );
        try {
          for await (const { id, event, data } of readEvents(response)) {
            yield { id, kind: event, data: JSON.parse(data) as unknown } as Change;
          }
        } finally {
          response.destroy();
        }
      } catch (error) {
        if (signal.aborted) return;
        throw absent(error);
      }
      if (!signal.aborted) throw absent(new Error("the stream ended"));
    },
  };
}

/** Node's HTTP client calls these methods of a TCP socket, which a forwarded channel lacks. */
function asSocket(stream: Duplex): Duplex {
  const missing = ["setNoDelay", "setKeepAlive", "setTimeout", "ref", "unref"].filter((method) => !(method in stream));
  return Object.assign(stream, Object.fromEntries(missing.map((method) => [method, () => stream])));
}
