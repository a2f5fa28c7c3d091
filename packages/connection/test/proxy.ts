import { connect, createServer, type Socket } from "node:net";
import { freePort } from "./sshd.ts";

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** Starts to listen; before it, connections are refused. */
  listen(): Promise<void>;
  /** The next so many connections are closed before a byte passes, as sshd's MaxStartups does. */
  drop(count: number): void;
  /** Breaks every connection with a reset. */
  reset(): void;
  /** Lets nothing through any more, and says nothing: a cable that was cut. */
  freeze(): void;
  readonly accepted: number;
}

/** A TCP proxy on loopback that misbehaves on command. */
export async function makeProxy(target: number): Promise<Proxy> {
  const port = await freePort();
  const pairs = new Set<readonly [Socket, Socket]>();
  let toDrop = 0;
  let accepted = 0;
  const server = createServer((client) => {
    accepted += 1;
    client.on("error", () => {});
    if (toDrop > 0) {
      toDrop -= 1;
      client.destroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    upstream.on("error", () => {});
    client.pipe(upstream);
    upstream.pipe(client);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.once("close", () => {
      upstream.destroy();
      pairs.delete(pair);
    });
    upstream.once("close", () => client.destroy());
  });
  return {
    port,
    get accepted() {
      return accepted;
    },
    listen: () => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve)),
    drop(count) {
      toDrop = count;
    },
    reset() {
      for (const [client] of pairs) client.resetAndDestroy();
    },
    freeze() {
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream);
        upstream.unpipe(client);
        client.resume();
        upstream.resume();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const [client, upstream] of pairs) {
        client.destroy();
        upstream.destroy();
      }
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
