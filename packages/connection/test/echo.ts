import { createServer, type Socket } from "node:net";
import { join } from "node:path";

export interface Echo extends AsyncDisposable {
  readonly path: string;
  readonly port: number;
}

const answer = (client: Socket): void => {
  client.once("data", () => client.end("PONG\n"));
  client.on("error", () => {});
};

/** Listens on a unix socket in the folder and on a free loopback port. */
export async function startEcho(folder: string): Promise<Echo> {
  const path = join(folder, "echo.sock");
  const byPath = createServer(answer);
  const byPort = createServer(answer);
  await new Promise<void>((resolve) => byPath.listen(path, resolve));
  await new Promise<void>((resolve) => byPort.listen(0, "127.0.0.1", resolve));
  const bound = byPort.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return {
    path,
    port: bound.port,
    async [Symbol.asyncDispose]() {
      await Promise.all([byPath, byPort].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
