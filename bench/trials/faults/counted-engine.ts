import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Labels = Readonly<Record<string, string>>;

/** A way to this machine's Docker engine on which each container that is made stays counted when it is gone. */
export interface CountedEngine extends AsyncDisposable {
  /** Path of its socket. */
  readonly socket: string;
  /** How many containers with these labels were ever made. */
  made(is: (labels: Labels) => boolean): number;
}

const engineSocket = "/var/run/docker.sock";

export async function countedEngine(): Promise<CountedEngine> {
  const history: Labels[] = [];
  const pass = async (asked: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const { method = "GET", url = "/", headers } = asked;
    const onward = request({ socketPath: engineSocket, method, path: url, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 500, got.headers);
      got.pipe(answer);
    });
    onward.on("error", () => asked.socket.destroy());
    answer.once("close", () => onward.destroy());
    if (method !== "POST" || !/\/containers\/create(\?|$)/.test(url)) {
      asked.pipe(onward);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    onward.once("response", (got: IncomingMessage) => {
      if (got.statusCode === 201) history.push((JSON.parse(body.toString()) as { Labels?: Labels }).Labels ?? {});
    });
    onward.end(body);
  };
  const folder = await mkdtemp(join(tmpdir(), "slipway-engine-"));
  const socket = join(folder, "engine.sock");
  const server = createServer((asked, answer) => void pass(asked, answer));
  server.listen(socket);
  await once(server, "listening");
  return {
    socket,
    made: (is) => history.filter(is).length,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true });
    },
  };
}
