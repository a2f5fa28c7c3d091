import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inOrder, nextRun, nothingSeen, type PushRequest, parseRequest, see, toQueue } from "../src/queue.ts";
import { runsOf } from "../src/runs.ts";

const id = (digit: number): string => (digit % 16).toString(16).repeat(40);
const review = "refs/heads/review";
const request = (at: number, digit: number): PushRequest => ({
  file: `${at}-${id(digit)}.json`,
  ref: review,
  commit: id(digit),
  again: false,
});

describe("parseRequest", () => {
  it("reads what the hook writes", () => {
    const text = JSON.stringify({ ref: review, old: id(0), new: id(1), at: 5 });
    expect(parseRequest(`5-${id(1)}.json`, text)).toEqual(request(5, 1));
  });
  it("refuses other branches, deleted branches and damage", () => {
    const file = `5-${id(1)}.json`;
    for (const ref of [
      "refs/heads/main",
      "refs/heads/reviews",
      "refs/heads/review/a b",
      "refs/heads/review/;rm",
      "refs/tags/review",
    ]) {
      expect(parseRequest(file, JSON.stringify({ ref, new: id(1) }))).toBeUndefined();
    }
    expect(parseRequest(file, JSON.stringify({ ref: review, new: id(0) }))).toBeUndefined();
    expect(parseRequest("../5.json", JSON.stringify({ ref: review, new: id(1) }))).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => parseRequest(file, text) === undefined));
  });
  it("orders by number", () => {
    expect(inOrder([request(10, 1), request(9, 2), request(100, 3)]).map((one) => one.commit)).toEqual([
      id(2),
      id(1),
      id(3),
    ]);
  });
});

describe("toQueue", () => {
  it("queues each push exactly once, whatever is lost, repeated or found at the refs first", () => {
    type Push = { readonly commit: number; readonly hookLost: boolean };
    const pushes = fc.array(fc.record({ commit: fc.integer({ min: 1, max: 15 }), hookLost: fc.boolean() }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(pushes, fc.infiniteStream(fc.boolean()), (made: Push[], chance) => {
        const seen = nothingSeen();
        const files: PushRequest[] = [];
        const queued: string[] = [];
        const look = (refs: ReadonlyMap<string, string>): void => {
          for (const wanted of toQueue(seen, files, refs)) {
            queued.push(wanted.commit);
            see(seen, { type: "run queued", run: String(queued.length), ...wanted, subject: "", author: "" });
          }
          // The CI may die here: then the files are still there at its next look.
          if (chance.next().value) files.length = 0;
        };
        // Commits that differ, as pushing the same commit again moves no ref.
        const distinct = made.filter((push, at) => made.findIndex((other) => other.commit === push.commit) === at);
        distinct.forEach((push, at) => {
          if (!push.hookLost) files.push(request(at + 1, push.commit));
          if (chance.next().value || push.hookLost) look(new Map([[review, id(push.commit)]]));
        });
        look(new Map());
        expect(queued.toSorted()).toEqual(distinct.map((push) => id(push.commit)).toSorted());
      }),
    );
  });

  it("does not queue again what was found at the ref before the hook had written", () => {
    const seen = nothingSeen();
    const [found] = toQueue(seen, [], new Map([[review, id(1)]]));
    expect(found).toEqual({ request: `ref ${review} ${id(1)}`, ref: review, commit: id(1) });
    if (found !== undefined) see(seen, { type: "run queued", run: "1", ...found, subject: "", author: "" });
    expect(toQueue(seen, [request(1, 1)], new Map())).toEqual([]);
    expect(toQueue(seen, [{ ...request(2, 1), again: true }], new Map())).toHaveLength(1);
  });
});

describe("nextRun", () => {
  it("goes on with an interrupted run first, then the oldest", () => {
    const queued = (run: string) => ({
      type: "run queued" as const,
      run,
      request: run,
      ref: review,
      commit: id(1),
      subject: "",
      author: "",
    });
    const started = { type: "run started" as const, run: "2", attempt: 1, base: null, candidate: id(1), tree: id(2) };
    const entries = [queued("1"), queued("2")].map((record, at) => ({ seq: at + 1, at, record }));
    expect(nextRun(runsOf(entries))?.id).toBe("1");
    expect(nextRun(runsOf([...entries, { seq: 3, at: 3, record: started }]))?.id).toBe("2");
    expect(nextRun([])).toBeUndefined();
  });
});
