import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { requester } from "../src/client/request.ts";
import { plainFetch } from "../src/local/plain-fetch.ts";

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function serving(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const client = (url: string, signal?: AbortSignal): ReturnType<typeof requester> =>
  requester({ url, token: async () => "secret", limits: [], fetch: plainFetch, ...(signal && { signal }) });

test("a call arrives with its method, headers and body, and is answered", async () => {
  const url = await serving((request, response) => {
    const { method, url: path, headers } = request;
    const { authorization, "content-type": type } = headers;
    void text(request).then((body) => response.end(JSON.stringify({ method, path, authorization, type, body })));
  });
  expect(await client(url)({ method: "POST", path: "/v2/x?page=2", body: { name: "ä" }, repeatable: false })).toEqual({
    method: "POST",
    path: "/v2/x?page=2",
    authorization: "Bearer secret",
    type: "application/json",
    body: '{"name":"ä"}',
  });
});

test("a refusal keeps its status, its words and what its headers say", async () => {
  const url = await serving((_, response) => {
    response.writeHead(404, { "X-Request-Id": "r-1" }).end('{"id":"not_found","message":"gone"}');
  });
  await expect(client(url)({ method: "GET", path: "/", repeatable: true })).rejects.toMatchObject({
    status: 404,
    message: expect.stringMatching(/gone.*r-1/s),
  });
});

test("a connection that breaks before or within the answer is no network, by its code", async () => {
  let broken = 0;
  const url = await serving((request, response) => {
    broken += 1;
    if (request.url === "/before") return void response.destroy();
    response.writeHead(200, { "content-length": 10 });
    response.write("{");
    setImmediate(() => response.destroy());
  });
  for (const path of ["/before", "/within"])
    await expect(client(url)({ method: "POST", path, repeatable: false })).rejects.toMatchObject({
      code: "network.none",
      message: expect.stringMatching(/cannot be reached: (?:ECONNRESET|aborted)/),
    });
  expect(broken).toBe(2);
});

test("a call ends with the reason of the signal", async () => {
  const stop = new AbortController();
  const url = await serving(() => stop.abort(new Error("enough")));
  await expect(client(url, stop.signal)({ method: "GET", path: "/", repeatable: true })).rejects.toThrow("enough");
});
