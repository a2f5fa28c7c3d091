import { expect, test } from "vitest";
import { virtualClock } from "../src/clock.ts";

test("sleepers wake in the order of their deadlines, and time stands at the deadline when they do", async () => {
  const clock = virtualClock(1_000);
  const woken: [string, number][] = [];
  void clock.sleep(200).then(() => woken.push(["b", clock.now()]));
  void clock.sleep(100).then(() => woken.push(["a", clock.now()]));
  void clock.sleep(300).then(() => woken.push(["c", clock.now()]));
  await clock.advance(250);
  expect(woken).toEqual([
    ["a", 1_100],
    ["b", 1_200],
  ]);
  expect(clock.now()).toBe(1_250);
  expect(clock.sleeping).toBe(1);
});

test("a sleeper that sleeps again is woken within the same advance", async () => {
  const clock = virtualClock();
  let ticks = 0;
  const run = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(10);
      ticks += 1;
    }
  };
  void run();
  await clock.advance(100);
  expect(ticks).toBe(10);
});

test("a jump moves wall time and wakes nobody", async () => {
  const clock = virtualClock();
  let woken = false;
  void clock.sleep(10).then(() => {
    woken = true;
  });
  clock.jump(3_600_000);
  await clock.advance(0);
  expect(clock.now()).toBe(3_600_000);
  expect(clock.monotonic()).toBe(0);
  expect(woken).toBe(false);
});

test("an aborted sleep rejects with the reason and is forgotten", async () => {
  const clock = virtualClock();
  const controller = new AbortController();
  const slept = clock.sleep(10, controller.signal);
  controller.abort(new Error("stop"));
  await expect(slept).rejects.toThrow("stop");
  expect(clock.sleeping).toBe(0);
});
