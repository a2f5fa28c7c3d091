import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Posing extends AsyncDisposable {
  /** URL of an HTTP proxy through which `https://HOST` is the local cloud; it goes nowhere else. */
  readonly proxy: string;
  /** File with the certificate to trust. */
  readonly certificate: string;
}

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
};

/** Makes the local cloud answer as `https://HOST`, for programs that let nobody choose another endpoint. */
export async function posingAs(host: string, cloud: string): Promise<Posing> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-posing-"));
  const keyFile = join(folder, "key.pem");
  const certificate = join(folder, "certificate.pem");
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  const named = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`];
  await promisify(execFile)("openssl", [...made, ...named, "-keyout", keyFile, "-out", certificate]);

  const keys = { key: await readFile(keyFile), cert: await readFile(certificate) };
  const front = createSecureServer(keys, (asked, answer) => {
    const { method, headers } = asked;
    const on = request(new URL(asked.url ?? "/", cloud), { method: method ?? "GET", headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    on.on("error", () => answer.destroy());
    asked.pipe(on);
  });
  const frontPort = await listening(front);
  const proxy = createServer((_, answer) => {
    answer.statusCode = 405;
    answer.end();
  });
  proxy.on("connect", (asked, socket, head) => {
    if (asked.url !== `${host}:443`) {
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const on = connect(frontPort, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      on.write(head);
      socket.pipe(on).pipe(socket);
    });
    on.on("error", () => socket.destroy());
    socket.on("error", () => on.destroy()).on("close", () => on.destroy());
  });
  const port = await listening(proxy);
  return {
    proxy: `http://127.0.0.1:${port}`,
    certificate,
    async [Symbol.asyncDispose]() {
      for (const server of [proxy, front]) {
        server.close();
        server.closeAllConnections();
      }
      await rm(folder, { recursive: true });
    },
  };
}
