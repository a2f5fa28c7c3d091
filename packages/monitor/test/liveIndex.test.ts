import { type Event, virtualClock } from "@slipway/model";
import { expect, test } from "vitest";
import { liveIndex } from "../src/liveIndex.ts";
import { event } from "./streams/start.ts";

const at = 1_000_000;
const setup = (max = 10) => {
  const clock = virtualClock(at);
  const expired: Event[] = [];
  return { clock, expired, index: liveIndex({ clock, max, onExpired: (e) => expired.push(e) }) };
};

test("an older event does not overwrite a newer one", () => {
  const { index } = setup();
  expect(index.put(event({ metric: 2 }))).toBe("taken");
  expect(index.put(event({ metric: 1, time: at - 1 }))).toBe("older");
  expect(index.get("web", "cpu")?.metric).toBe(2);
});

test("an event from the future does not keep out what comes after it", async () => {
  const { clock, index } = setup();
  index.put(event({ metric: 1, time: at + 86_400_000 }));
  await clock.advance(10);
  expect(index.put(event({ metric: 2, time: at + 10 }))).toBe("taken");
  clock.jump(-3_600_000);
  expect(index.put(event({ metric: 3, time: clock.now() }))).toBe("taken");
});

test("the time to live runs from receipt; an expired event is re-streamed once, without a metric", async () => {
  const { clock, expired, index } = setup();
  index.put(event({ metric: 1, ttl: 5, time: at - 3_600_000 }));
  await clock.advance(4_999);
  expect(expired).toEqual([]);
  await clock.advance(1);
  expect(expired).toEqual([{ host: "web", service: "cpu", state: "expired", ttl: 5, time: at + 5_000 }]);
  expect(index.all()).toEqual([]);
  expect(clock.sleeping).toBe(0);
});

test("an event that is renewed lives on, and a jump of the wall clock expires nothing", async () => {
  const { clock, expired, index } = setup();
  for (let n = 0; n < 5; n += 1) {
    index.put(event({ metric: n, ttl: 5, time: clock.now() }));
    clock.jump(3_600_000);
    await clock.advance(4_000);
  }
  expect(expired).toEqual([]);
  await clock.advance(1_000);
  expect(expired).toHaveLength(1);
});

test("is bounded", () => {
  const { index } = setup(1);
  index.put(event());
  expect(index.put(event({ host: "b" }))).toBe("full");
  expect(index.put(event({ time: at + 1 }))).toBe("taken");
});
