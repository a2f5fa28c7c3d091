import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A way to the engine that breaks for good. */
export interface DyingEngine extends AsyncDisposable {
  readonly socket: string;
  /** Whether it broke. */
  readonly dead: () => boolean;
}

/** The machine's engine, for so many calls that change something: whoever uses it is then as one that was killed there. */
export async function dyingEngine(after: number): Promise<DyingEngine> {
  const socket = join(tmpdir(), `slipway-dying-${process.pid}-${after}-${Date.now()}.sock`);
  let left = after;
  let dead = false;
  const server = createServer((asked, answer) => {
    if (asked.method !== "GET") {
      dead ||= left === 0;
      left -= 1;
    }
    if (dead) {
      asked.socket.destroy();
      return;
    }
    const { method, url, headers } = asked;
    const onward = request({ socketPath: "/var/run/docker.sock", method, path: url, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 500, got.headers);
      got.pipe(answer);
    });
    onward.on("error", () => asked.socket.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    dead: () => dead,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}
