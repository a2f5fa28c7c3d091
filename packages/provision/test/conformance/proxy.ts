import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Validator } from "./validator.ts";

/** Stands in front of a cloud on a loopback port; each exchange that is not as described makes lines. Ends with the process. */
export async function stand(judge: Validator, to: string, tell: (line: string) => void): Promise<number> {
  const server = createServer((request, response) => {
    const pass = async (): Promise<void> => {
      const body = await text(request);
      const { host: _host, connection: _connection, "content-length": _length, ...headers } = request.headers;
      const url = `${to}${request.url ?? "/"}`;
      const sent = new Headers(Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]));
      const method = request.method ?? "GET";
      const answer = await fetch(url, { method, headers: sent, ...(body !== "" && { body }) });
      const answered = await answer.text();
      const { operation, ...verdict } = judge.check({
        method,
        url,
        headers: sent,
        body,
        status: answer.status,
        answerHeaders: answer.headers,
        answer: answered,
      });
      for (const problem of [...verdict.request, ...verdict.answer])
        tell(`${operation?.name ?? `${method} ${url}`} ${answer.status}: ${problem}`);
      const kept = [...answer.headers].filter(
        ([name]) => !/^(content-(length|encoding)|transfer-encoding|connection)$/.test(name),
      );
      response.writeHead(answer.status, Object.fromEntries(kept)).end(answered);
    };
    pass().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
