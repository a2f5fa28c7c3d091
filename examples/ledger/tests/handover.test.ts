import assert from "node:assert/strict";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { folder, grant, ready, type Service, start } from "./processes.ts";

const limit = { timeout: 120_000 };

/** The front: sends each request where the switch points, over connections that it keeps. */
const front = async (first: string) => {
  let target = first;
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const onward = request(`${target}${url}`, { agent, ...(method ? { method } : {}), headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.writeHead(502).end());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    switchTo: (url: string) => {
      target = url;
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

test("handed over under load, nothing is lost, doubled or refused", limit, async () => {
  await using data = await folder();
  await using stack = new AsyncDisposableStack();
  const open = async (release: string): Promise<Service> =>
    stack.use(await start("core", { DATA: data.path, SLIPWAY_RELEASE: release }));

  await data.name("0/blue");
  let active = await open("0/blue");
  await using proxy = await front(active.url);

  const acknowledged: string[] = [];
  const refused: number[] = [];
  const stopped = new AbortController();
  const client = async (number: number) => {
    for (let index = 0; !stopped.signal.aborted; index += 1) {
      const name = `c${number}n${index}`;
      const answer = await grant(proxy.url, name, name);
      await answer.arrayBuffer();
      if (answer.status === 201) acknowledged.push(name);
      else refused.push(answer.status);
    }
  };
  const clients = Array.from({ length: 8 }, (_, number) => client(number));

  const pauses: number[] = [];
  for (let turn = 1; turn <= 3; turn += 1) {
    const release = `${turn}/${turn % 2 === 0 ? "blue" : "green"}`;
    const next = await open(release);
    assert.equal((await ready(next.url)).role, "standby");
    const before = performance.now();
    proxy.switchTo(next.url);
    active.process.kill("SIGTERM");
    assert.equal(await active.exited(), 0);
    await data.name(release);
    next.process.kill("SIGUSR2");
    await next.said((line) => line["what"] === "role" && line["role"] === "active");
    pauses.push(performance.now() - before);
    active = next;
  }
  stopped.abort();
  await Promise.all(clients);

  const events = await data.events();
  assert.deepEqual(refused, []);
  assert.deepEqual(
    events.map(({ offset }) => offset),
    events.map((_, index) => index + 1),
  );
  const stored = events.map((event) => (event.type === "LoanGranted" ? event.data.borrower : ""));
  assert.deepEqual(stored.toSorted(), acknowledged.toSorted());
  console.log(`${events.length} loans; requests held for ${pauses.map((pause) => pause.toFixed(0)).join(", ")} ms`);
});

test("a writer that is no longer named refuses, and reads on; named again it writes again", limit, async () => {
  await using data = await folder();
  await data.name("1/blue");
  await using old = await start("core", { DATA: data.path, SLIPWAY_RELEASE: "1/blue" });
  assert.equal((await grant(old.url, "ada")).status, 201);
  await data.name("2/green");
  const answer = await grant(old.url, "eve");
  assert.deepEqual([answer.status, answer.headers.get("retry-after")], [503, "1"]);
  assert.deepEqual(await ready(old.url), { role: "fenced", offset: 1 });

  await using next = await start("core", { DATA: data.path, SLIPWAY_RELEASE: "2/green" });
  assert.equal((await grant(next.url, "bob")).status, 201);
  const { total } = (await (await fetch(`${old.url}/api/loans`)).json()) as { total: number };
  assert.equal(total, 2);

  next.process.kill("SIGTERM");
  await next.exited();
  await data.name("1/blue");
  old.process.kill("SIGUSR2");
  await old.said((line) => line["what"] === "role" && line["role"] === "active");
  assert.equal((await grant(old.url, "eve")).status, 201);
  assert.deepEqual(
    (await data.events()).map(({ offset }) => offset),
    [1, 2, 3],
  );
});

test("a standby reads what the writer has written, and lets go of what it holds when it stops", limit, async () => {
  await using data = await folder();
  await data.name("1/blue");
  await using writer = await start("core", { DATA: data.path, SLIPWAY_RELEASE: "1/blue" });
  await using standby = await start("core", { DATA: data.path, SLIPWAY_RELEASE: "2/green" });
  await grant(writer.url, "ada");
  const { total } = (await (await fetch(`${standby.url}/api/loans`)).json()) as { total: number };
  assert.equal(total, 1);
  const held = grant(standby.url, "eve");
  // Its answer to a later question means that the held request was received.
  await ready(standby.url);
  standby.process.kill("SIGTERM");
  assert.equal((await held).status, 503);
  assert.equal(await standby.exited(), 0);
  assert.equal((await data.events()).length, 1);
});
