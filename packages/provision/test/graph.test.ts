import fc from "fast-check";
import { expect, test } from "vitest";
import { type Node, runGraph } from "../src/apply/graph.ts";

test("starts each when what it waits for is done; a failure stops only what waits for it", async () => {
  const said: string[] = [];
  const node = (id: string, after: readonly string[], fails = false): Node => ({
    id,
    after,
    run: async () => {
      said.push(`${id} begins`);
      await Promise.resolve();
      if (fails) throw new Error(`${id} broke`);
      said.push(`${id} ends`);
    },
  });
  const outcomes = await runGraph(
    [node("c", ["b"]), node("b", ["a", "done long ago"]), node("a", [], true), node("x", []), node("y", ["x"])],
    8,
  );
  expect(said).toEqual(["a begins", "x begins", "x ends", "y begins", "y ends"]);
  expect(Object.fromEntries(outcomes)).toMatchObject({
    a: { done: false, error: new Error("a broke") },
    b: { done: false, because: "a" },
    c: { done: false, because: "b" },
    y: { done: true },
  });
});

test("never runs more at once than allowed, nor before its time, and ends", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      async (edges, atOnce) => {
        let running = 0;
        const done = new Set<string>();
        const nodes = edges.map((after, at): Node => {
          const needs = after.filter((one) => one < at).map(String);
          return {
            id: String(at),
            after: needs,
            run: async () => {
              running += 1;
              expect(running).toBeLessThanOrEqual(atOnce);
              expect(needs.every((one) => done.has(one))).toBe(true);
              await Promise.resolve();
              running -= 1;
              done.add(String(at));
            },
          };
        });
        const outcomes = await runGraph(nodes, atOnce);
        expect([...outcomes.values()].every((one) => one.done)).toBe(true);
        expect(done.size).toBe(nodes.length);
      },
    ),
  );
});

test("a circle is told, not waited for", async () => {
  const run = (): Promise<void> => Promise.resolve();
  await expect(
    runGraph(
      [
        { id: "a", after: ["b"], run },
        { id: "b", after: ["a"], run },
      ],
      2,
    ),
  ).rejects.toThrow(/wait for each other: a, b/);
});
