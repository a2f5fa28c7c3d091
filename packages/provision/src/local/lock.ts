import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs `work` while no other process of this user on this machine does, as far as they name the same `path`. The lock is a listening socket, so
 * the kernel frees it with its holder, however that ends; waiters are told by their connection closing. Not fair. Rejects with the signal's
 * reason when it aborts before the lock is got.
 */
export async function exclusively<T>(path: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  // An abstract address (Linux) leaves no file behind, so there is nothing stale to clear.
  const abstract = process.platform === "linux";
  const name = createHash("sha256")
    .update(`${process.getuid?.() ?? 0} ${path}`)
    .digest("hex")
    .slice(0, 32);
  const address = abstract ? `\0slipway-${name}` : join(tmpdir(), `slipway-${name}.lock`);
  for (;;) {
    signal?.throwIfAborted();
    const held = await listen(address);
    if (held !== undefined) {
      try {
        return await work();
      } finally {
        held();
      }
    }
    const met = await waitUntilGone(address, signal);
    if (!met && !abstract) rmSync(address, { force: true });
  }
}

/** Gives the function that frees the address, or nothing when another process holds it. */
function listen(path: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>();
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.on("error", () => {}).on("close", () => waiting.delete(socket));
    });
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(path, () =>
      resolve(() => {
        server.close();
        for (const socket of waiting) socket.destroy();
      }),
    );
  });
}

/** False when nobody was there. */
function waitUntilGone(path: string, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let met = false;
    const socket = connect(path, () => {
      met = true;
    });
    const onAbort = (): void => {
      socket.destroy();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    socket
      .on("error", () => {})
      .on("close", () => {
        signal?.removeEventListener("abort", onAbort);
        resolve(met);
      });
    socket.resume();
  });
}
