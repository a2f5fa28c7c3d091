import { createServer, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import type { Connection } from "@slipway/model";
import { fail } from "./errors.ts";

export interface ForwardOptions {
  /** Port on the host. */
  readonly port: number;
  /** As seen from the host. Default 127.0.0.1. */
  readonly address?: string;
  /** Port here, on 127.0.0.1. Default: any free one. */
  readonly localPort?: number;
}

/** A port of this machine that leads to one of a host. Disposing closes it and everything that runs through it. */
export interface LocalForward extends AsyncDisposable {
  readonly port: number;
}

/** Listens on 127.0.0.1 and hands every connection to {@link Connection.tcp}. Rejects with `connection.port-used`. */
export async function forward(connection: Connection, options: ForwardOptions): Promise<LocalForward> {
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    clients.add(client);
    client.once("close", () => clients.delete(client));
    client.on("error", () => client.destroy());
    connection.tcp(options.port, options.address).then(
      async (remote) => {
        remote.on("error", () => client.destroy());
        client.once("close", () => remote.destroy());
        await Promise.allSettled([pipeline(client, remote), pipeline(remote, client)]);
        client.destroy();
      },
      // The client sees what it would see at a port where nobody listens.
      () => client.resetAndDestroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(fail("connection.port-used", `port ${options.localPort} cannot be used: ${cause.message}`, { cause })),
    );
    server.listen(options.localPort ?? 0, "127.0.0.1", resolve);
  });
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === "object" ? bound.port : (options.localPort ?? 0),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const client of clients) client.destroy();
      await closed;
    },
  };
}
