import { createHash } from "node:crypto";
import { connect as connectTcp, type Socket } from "node:net";
import { type Clock, type Connection, messageOf, SlipwayError, type SshAddress, systemClock } from "@slipway/model";
import type { Client, ConnectConfig } from "ssh2";
import { fail } from "./errors.ts";
import { SshConnection } from "./ssh-connection.ts";

/** A private key in OpenSSH or PEM form, unencrypted; or the socket of an ssh-agent. */
export type SshAuth = { readonly privateKey: string | Uint8Array } | { readonly agent: string };

export interface SshOptions {
  readonly signal?: AbortSignal;
  /** For one attempt, from the TCP connection to the authenticated session. Default 20 s. */
  readonly timeoutMs?: number;
  /** Keeps trying for so long while nothing answers at the address, as when the machine boots. Default 0. */
  readonly waitMs?: number;
  /** Runs every command as root through `sudo -n`. */
  readonly sudo?: boolean;
  readonly clock?: Clock;
}

/** How often sshd is asked for life, and how many silences mean that the link is gone: seen within 20 s. */
const keepaliveMs = 5_000;
const keepaliveMisses = 3;
/** Attempts against an sshd that drops bursts of new connections. */
const busyAttempts = 12;

/** What a machine that boots answers; also `lost`, as its sshd restarts with other keys. Nothing was run yet, so it is safe. */
const whileBooting = new Set([
  "connection.refused",
  "connection.unreachable",
  "connection.timeout",
  "connection.busy",
  "connection.lost",
]);

/**
 * One multiplexed SSH connection. The host key is checked before anything is authenticated; `connection.host-key` otherwise.
 * Connecting alone is retried: a bounded number of times when sshd drops the new connection, and up to `waitMs` while the machine boots.
 * Rejects with `connection.refused`, `.unreachable`, `.timeout`, `.auth`, `.key`, `.busy` or the signal's reason.
 */
export async function ssh(address: SshAddress, auth: SshAuth, options: SshOptions = {}): Promise<Connection> {
  const clock = options.clock ?? systemClock;
  const giveUp = clock.monotonic() + (options.waitMs ?? 0);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connectOnce(address, auth, options);
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
      const booting = whileBooting.has(error.code) && clock.monotonic() < giveUp;
      const busy = error.code === "connection.busy" && attempt < busyAttempts;
      if (!booting && !busy) throw error;
      // Spread out, so that those who were dropped together do not come back together.
      const pauseMs = Math.min(1_500, 100 * 1.5 ** attempt) * (0.5 + Math.random());
      await clock.sleep(pauseMs, options.signal);
    }
  }
}

const codes: Readonly<Record<string, "connection.refused" | "connection.timeout" | "connection.busy">> = {
  ECONNREFUSED: "connection.refused",
  ETIMEDOUT: "connection.timeout",
  ECONNRESET: "connection.busy",
  EPIPE: "connection.busy",
};

const named = (address: SshAddress): string => `${address.host} (${address.address}:${address.port})`;

function openSocket(address: SshAddress, stop: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: address.address, port: address.port, noDelay: true });
    const onStop = (): void => {
      socket.destroy();
      reject(stop.reason);
    };
    if (stop.aborted) return onStop();
    stop.addEventListener("abort", onStop, { once: true });
    socket.once("connect", () => {
      stop.removeEventListener("abort", onStop);
      socket.removeListener("error", onError);
      // Until somebody reads from it, an error is told by `destroyed` alone.
      socket.on("error", () => {});
      resolve(socket);
    });
    const onError = (error: NodeJS.ErrnoException): void => {
      stop.removeEventListener("abort", onStop);
      const code = codes[error.code ?? ""] ?? "connection.unreachable";
      const what = code === "connection.refused" ? "refused the connection" : `cannot be reached: ${error.message}`;
      reject(fail(code, `${named(address)} ${what}`, { cause: error }));
    };
    socket.once("error", onError);
  });
}

/** Another connection to the same place; `more` stands instead of what the first one was given. */
const again =
  (address: SshAddress, auth: SshAuth, options: SshOptions): Connection["again"] =>
  (more = {}) => {
    const { signal: _, waitMs: __, ...kept } = options;
    return ssh(address, auth, { ...kept, ...more });
  };

async function connectOnce(address: SshAddress, auth: SshAuth, options: SshOptions): Promise<Connection> {
  options.signal?.throwIfAborted();
  const timeoutMs = options.timeoutMs ?? 20_000;
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(
    () => stop.abort(fail("connection.timeout", `${named(address)} did not let us in within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    // Both at once: sshd starts a process for us while ssh2 is loaded.
    const [socket, { Client }] = await Promise.all([openSocket(address, stop.signal), import("ssh2")]);
    if (socket.destroyed) {
      throw fail("connection.busy", `${named(address)} closed the connection before its greeting`, {
        cause: socket.errored,
      });
    }
    const client = new Client();
    // Before ssh2 gets the socket, so that this listener runs before ssh2 ends the channels' streams.
    const connection = new SshConnection(address.host, client, socket, {
      sudo: options.sudo === true,
      again: again(address, auth, options),
    });
    try {
      await handshake(client, socket, address, auth, stop.signal);
    } catch (error) {
      client.destroy();
      socket.destroy();
      throw error;
    }
    connection.ready();
    return connection;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
  }
}

function handshake(
  client: Client,
  socket: Socket,
  address: SshAddress,
  auth: SshAuth,
  stop: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen: string | undefined;
    let accepted = false;
    const onStop = (): void => reject(stop.reason);
    // It may have come between the TCP connection and here.
    if (stop.aborted) return onStop();
    stop.addEventListener("abort", onStop, { once: true });
    const settle = (error?: unknown): void => {
      stop.removeEventListener("abort", onStop);
      if (error === undefined) resolve();
      else reject(error);
    };
    client.once("ready", () => settle());
    client.on("error", (error) => settle(explain(error, address, seen, accepted)));
    client.once("close", () => settle(fail("connection.busy", `${named(address)} closed the connection at once`)));
    const config: ConnectConfig = {
      sock: socket,
      username: address.user,
      readyTimeout: 0,
      keepaliveInterval: keepaliveMs,
      keepaliveCountMax: keepaliveMisses,
      hostVerifier: (key: Buffer): boolean => {
        seen = createHash("sha256").update(key).digest("hex");
        accepted = address.hostKeys.includes(seen);
        return accepted;
      },
      ...("agent" in auth
        ? { agent: auth.agent, authHandler: ["agent" as const] }
        : { privateKey: Buffer.from(auth.privateKey), authHandler: ["publickey" as const] }),
    };
    try {
      client.connect(config);
    } catch (error) {
      // ssh2 quotes nothing of the key in what it throws.
      settle(fail("connection.key", `the private key for ${address.host} cannot be used: ${messageOf(error)}`));
    }
  });
}

function explain(
  error: Error & { level?: string; code?: string },
  address: SshAddress,
  seen: string | undefined,
  accepted: boolean,
): SlipwayError {
  const who = named(address);
  if (seen !== undefined && !accepted) {
    const expected = address.hostKeys.length === 0 ? "but none is pinned" : `expected ${address.hostKeys.join(" or ")}`;
    return fail("connection.host-key", `${who} showed the host key ${seen}, ${expected} (SHA-256, hex)`);
  }
  if (error.level === "client-authentication") {
    return fail("connection.auth", `${who} did not accept the key for user ${address.user}`, { cause: error });
  }
  if (error.level === "agent") {
    return fail("connection.key", `the ssh-agent did not answer: ${error.message}`, { cause: error });
  }
  if (error.level === "client-timeout") return fail("connection.timeout", `${who} fell silent`, { cause: error });
  if (seen === undefined) {
    return fail("connection.busy", `${who} closed the connection before its greeting`, { cause: error });
  }
  return fail("connection.lost", `the connection to ${who} broke: ${error.message}`, { cause: error });
}
