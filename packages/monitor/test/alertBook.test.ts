import { virtualClock } from "@slipway/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openAlertBook } from "../src/alerts/book.ts";
import { deliver, retryMs } from "../src/alerts/deliver.ts";
import { type Announcement, defaultPolicy, type Grade } from "../src/alerts/machine.ts";
import { folder } from "./folder.ts";

const seen = (grade: Grade) => ({
  grade,
  title: "ledger answers",
  host: "app",
  service: "http",
  description: `saw ${grade}`,
});
const kinds = (all: readonly Announcement[]) => all.map((each) => each.kind);

test("state and letters survive a restart; nothing is announced twice", async () => {
  using place = folder();
  const options = { file: place.file("a.db"), clock: virtualClock(1_000), channels: ["slack", "other"] };
  {
    using book = await openAlertBook(options);
    expect(kinds(book.observe("k", defaultPolicy, seen("critical")))).toEqual(["firing"]);
    const [letter] = book.waiting("slack");
    if (letter !== undefined) book.delivered(letter);
  }
  using book = await openAlertBook(options);
  expect(book.firing()).toMatchObject([{ key: "k", severity: "critical", since: 1_000, description: "saw critical" }]);
  expect(book.waiting("slack")).toEqual([]);
  expect(kinds(book.waiting("other").map((letter) => letter.announcement))).toEqual(["firing"]);
  expect(book.observe("k", defaultPolicy, seen("critical"))).toEqual([]);
  expect(kinds(book.observe("k", defaultPolicy, seen("ok")))).toEqual(["resolved"]);
  expect(book.firing()).toEqual([]);
  expect(book.resolved(10)).toMatchObject([{ key: "k", resolvedAt: 1_000 }]);
});

test("what is watched no longer is resolved, also after a restart", async () => {
  using place = folder();
  const options = { file: place.file("a.db"), clock: virtualClock(), channels: ["slack"] };
  {
    using book = await openAlertBook(options);
    book.observe("gone", defaultPolicy, seen("critical"));
    book.observe("kept", defaultPolicy, seen("critical"));
  }
  using book = await openAlertBook(options);
  expect(book.withdraw((key) => key === "kept").map((each) => [each.kind, each.alert.key])).toEqual([
    ["resolved", "gone"],
  ]);
});

test("a channel that is configured no longer loses what waited for it", async () => {
  using place = folder();
  const file = place.file("a.db");
  const clock = virtualClock();
  {
    using book = await openAlertBook({ file, clock, channels: ["old"] });
    book.observe("k", defaultPolicy, seen("critical"));
  }
  using book = await openAlertBook({ file, clock, channels: ["new"] });
  expect([...book.waiting("old"), ...book.waiting("new")]).toEqual([]);
});

test("an outage of the monitor counts neither as bad nor as calm", async () => {
  using place = folder();
  const options = { file: place.file("a.db"), clock: virtualClock(), channels: [] };
  const policy = { ...defaultPolicy, forMs: 60_000 };
  {
    using book = await openAlertBook(options);
    book.observe("k", policy, seen("critical"));
  }
  await options.clock.advance(3_600_000);
  using book = await openAlertBook(options);
  expect(book.observe("k", policy, seen("critical"))).toEqual([]);
  await options.clock.advance(60_000);
  expect(kinds(book.tick())).toEqual(["firing"]);
});

test("a refused letter is tried again with growing pauses, and its resolution waits behind it; others do not", async () => {
  using place = folder();
  const clock = virtualClock();
  const stop = new AbortController();
  const book = await openAlertBook({ file: place.file("a.db"), clock, channels: ["slack"] });
  const sent: string[] = [];
  const failures: string[] = [];
  let broken = true;
  const delivery = deliver(book, ["slack"], {
    clock,
    signal: stop.signal,
    onFailure: (_, reason) => failures.push(reason),
    send: async (_channel, { kind, alert }) => {
      if (broken && alert.key === "a") throw new Error("status 500 ≠ 2xx");
      sent.push(`${alert.key} ${kind}`);
    },
  });
  book.observe("a", defaultPolicy, seen("critical"));
  book.observe("a", defaultPolicy, seen("ok"));
  book.observe("b", defaultPolicy, seen("critical"));
  delivery.wake();
  await clock.advance(0);
  expect(sent).toEqual(["b firing"]);
  await clock.advance(7_000);
  expect(failures).toHaveLength(4); // at 0, 1, 3 and 7 s
  broken = false;
  await clock.advance(8_000);
  expect(sent).toEqual(["b firing", "a firing", "a resolved"]);
  stop.abort();
  await delivery.done;
  book[Symbol.dispose]();
});

test("pauses between tries are bounded", () => {
  expect([1, 2, 3, 20].map(retryMs)).toEqual([1_000, 2_000, 4_000, 300_000]);
});

test("under crashes and refusals every channel gets every announcement in order; twice only for a crash in between", async () => {
  const move = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("observe" as const),
        grade: fc.constantFrom<Grade[]>("ok", "critical", "unknown"),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 20_000 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("jump" as const), ms: fc.integer({ min: -1e8, max: 1e8 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constantFrom("crash" as const, "break" as const, "mend" as const, "crash after send" as const),
      }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 30 }), async (moves) => {
      using place = folder();
      const clock = virtualClock(1e12);
      const options = { file: place.file("a.db"), clock, channels: ["one", "two"] };
      const got: Record<string, string[]> = { one: [], two: [] };
      const announced: string[] = [];
      let broken = false;
      let dying = false;
      let crashes = 0;

      const boot = async () => {
        const book = await openAlertBook(options);
        const stop = new AbortController();
        const delivery = deliver(book, options.channels, {
          clock,
          signal: stop.signal,
          send: async (channel, { id }) => {
            if (broken) throw new Error("refused");
            got[channel]?.push(id);
            if (dying) throw new Error("died before it was noted");
          },
        });
        return { book, delivery, stop };
      };
      let station = await boot();
      const restart = async () => {
        station.stop.abort();
        await station.delivery.done;
        station.book[Symbol.dispose]();
        station = await boot();
      };
      for (const each of moves) {
        if (each.do === "observe") {
          announced.push(...station.book.observe("k", defaultPolicy, seen(each.grade)).map(({ id }) => id));
          station.delivery.wake();
        } else if (each.do === "pass") await clock.advance(each.ms);
        else if (each.do === "jump") clock.jump(each.ms);
        else if (each.do === "break") broken = true;
        else if (each.do === "mend") broken = false;
        else {
          dying = each.do === "crash after send";
          if (dying) {
            crashes += 1;
            station.delivery.wake();
            await clock.advance(0);
          }
          await restart();
          dying = false;
        }
        await clock.advance(0);
      }
      broken = false;
      await clock.advance(3_600_000);
      for (const channel of options.channels) {
        const ids = got[channel] ?? [];
        expect(ids.filter((id, n) => ids.indexOf(id) === n)).toEqual(announced);
        expect(ids.length - announced.length).toBeLessThanOrEqual(crashes);
      }
      station.stop.abort();
      await station.delivery.done;
      station.book[Symbol.dispose]();
    }),
    { numRuns: 60 },
  );
}, 30_000);
