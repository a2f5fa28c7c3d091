import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** How a link ends: by a reset that both sides notice, or by silence, as when a cable is cut or a firewall drops. */
export type Cut = "reset" | "silence";

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** Starts to listen; before it, connections are refused. */
  listen(): Promise<void>;
  /** The next so many connections are closed before a byte passes, as sshd's MaxStartups does. */
  drop(count: number): void;
  /** Ends every connection there is; new ones pass. */
  cut(how: Cut): void;
  /** The same, once so many more bytes have passed, in both directions together; what exceeds them is lost. Resolves at that moment. */
  cutAfter(bytes: number, how: Cut): Promise<void>;
  readonly accepted: number;
  /** Bytes that passed, in both directions together. */
  readonly passed: number;
}

export interface ProxyOptions {
  /** Each way: half of what a round trip takes longer. Default 0. */
  readonly delayMs?: number;
  /** How much of each connection passes, each way. Default: all there is. */
  readonly bytesPerSecond?: number;
}

/** A link through the proxy. */
interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  silent: boolean;
}

/** Slices of a slow link's second. */
const slicesPerSecond = 10;

/** Writes a chunk as fast as a slow link carries it. */
async function trickle(chunk: Buffer, to: Socket, bytesPerSecond: number): Promise<void> {
  const size = Math.max(1, Math.floor(bytesPerSecond / slicesPerSecond));
  for (let at = 0; at < chunk.length && !to.destroyed; at += size) {
    to.write(chunk.subarray(at, at + size));
    await new Promise((resolve) => setTimeout(resolve, 1_000 / slicesPerSecond));
  }
}

/** A TCP proxy on 127.0.0.1 that is slow, or misbehaves on command. */
export async function makeProxy(
  target: { readonly address: string; readonly port: number },
  options: ProxyOptions = {},
): Promise<Proxy> {
  const { delayMs = 0, bytesPerSecond } = options;
  const links = new Set<Link>();
  let toDrop = 0;
  let accepted = 0;
  let passed = 0;
  let last: { readonly bytes: number; readonly how: Cut; readonly done: () => void } | undefined;

  const cut = (how: Cut): void => {
    for (const link of links) {
      link.silent = true;
      if (how === "reset") {
        link.client.resetAndDestroy();
        link.upstream.resetAndDestroy();
      }
    }
  };
  const carry = (link: Link, from: Socket, to: Socket): void => {
    const later = (act: () => void): void => {
      const unlessSilent = (): void => {
        if (!link.silent) act();
      };
      if (delayMs === 0) unlessSilent();
      else setTimeout(unlessSilent, delayMs);
    };
    if (bytesPerSecond === undefined) to.on("drain", () => from.resume());
    from.on("data", (chunk: Buffer) => {
      if (link.silent) return;
      const cutHere = last !== undefined && passed + chunk.length >= last.bytes ? last : undefined;
      const whole = cutHere === undefined ? chunk : chunk.subarray(0, cutHere.bytes - passed);
      passed += whole.length;
      if (cutHere !== undefined) last = undefined;
      later(() => {
        if (bytesPerSecond !== undefined) {
          from.pause();
          void trickle(whole, to, bytesPerSecond).then(() => from.resume());
        } else if (!to.write(whole)) from.pause();
        if (cutHere === undefined) return;
        cut(cutHere.how);
        cutHere.done();
      });
    });
    from.on("end", () => later(() => to.end()));
    from.on("close", (broke) => later(() => (broke ? to.resetAndDestroy() : to.end())));
    from.on("error", () => {});
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted += 1;
    if (toDrop > 0) {
      toDrop -= 1;
      client.on("error", () => {});
      client.destroy();
      return;
    }
    const upstream = connect({ host: target.address, port: target.port, allowHalfOpen: true, noDelay: true });
    const link: Link = { client, upstream, silent: false };
    links.add(link);
    carry(link, client, upstream);
    carry(link, upstream, client);
    // The far side of a silent link hears nothing, not even that this side has gone.
    client.once("close", () => link.silent || links.delete(link));
  });
  // Bound and freed, so that the port is known before anything listens on it.
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const port = bound !== null && typeof bound === "object" ? bound.port : 0;
  await new Promise((resolve) => server.close(resolve));
  return {
    port,
    get accepted() {
      return accepted;
    },
    get passed() {
      return passed;
    },
    listen: () => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve)),
    drop(count) {
      toDrop = count;
    },
    cut,
    cutAfter: (bytes, how) =>
      new Promise((done) => {
        last = { bytes: passed + bytes, how, done };
      }),
    async [Symbol.asyncDispose]() {
      for (const { client, upstream } of links) {
        client.destroy();
        upstream.destroy();
      }
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
