import { expect, test } from "vitest";
import type { CallOptions, Engine } from "../src/local/engine.ts";
import { sharedReads } from "../src/local/shared-reads.ts";

function counted(): { engine: Engine; calls: string[] } {
  const calls: string[] = [];
  const engine: Engine = {
    call(method, path, options: CallOptions = {}) {
      calls.push(`${method} ${path} ${JSON.stringify(options.query ?? {})}`);
      if (path === "/broken") return Promise.reject(new Error("broken"));
      const text = JSON.stringify([calls.length]);
      return Promise.resolve({ status: 200, text, json: (): unknown => JSON.parse(text) });
    },
  };
  return { engine, calls };
}

test("who reads the same at once reads it together; other paths, queries and changes are their own", async () => {
  const { engine, calls } = counted();
  const shared = sharedReads(engine);
  const query = { filters: { label: ["a"] } };
  const [one, two] = await Promise.all([
    shared.call("GET", "/volumes", { query }),
    shared.call("GET", "/volumes", { query }),
    shared.call("GET", "/volumes", { query: { filters: { label: ["b"] } } }),
    shared.call("POST", "/volumes", { query }),
    shared.call("POST", "/volumes", { query }),
  ]);
  expect(one.json()).toBe(two.json());
  expect(calls.filter((call) => call.startsWith("GET"))).toHaveLength(2);
  expect(calls.filter((call) => call.startsWith("POST"))).toHaveLength(2);
});

test("nothing is kept: who reads later reads anew, after a failure too", async () => {
  const { engine, calls } = counted();
  const shared = sharedReads(engine);
  await shared.call("GET", "/volumes");
  await shared.call("GET", "/volumes");
  expect(calls).toHaveLength(2);
  await expect(shared.call("GET", "/broken")).rejects.toThrow("broken");
  await expect(shared.call("GET", "/broken")).rejects.toThrow("broken");
  expect(calls).toHaveLength(4);
});

test("who may give up reading reads alone", async () => {
  const { engine, calls } = counted();
  const shared = sharedReads(engine);
  const { signal } = new AbortController();
  await Promise.all([shared.call("GET", "/volumes", { signal }), shared.call("GET", "/volumes", { signal })]);
  expect(calls).toHaveLength(2);
});
