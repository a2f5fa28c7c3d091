import { type AnyProperty, all, debian, everyOs, property } from "@slipway/model";
import { expect, test } from "vitest";
import { itemsOf } from "../src/engine/items.ts";

const nothing = { read: ["true"], parse: () => 0 } as const;
const named = (title: string, more: { about?: string; detail?: unknown; action?: boolean } = {}) =>
  property(title, { on: everyOs, observe: nothing, plan: () => [], ...more });
const declared = (...has: AnyProperty[]) => ({ name: "h", os: "debian", distro: debian("12"), has }) as const;
const titles = (...has: AnyProperty[]): string[] => itemsOf(declared(...has)).map((item) => item.claim.title);

test("everything comes after what it needs, and otherwise as it was written", () => {
  const [a, b, c, d] = [named("a"), named("b"), named("c"), named("d")];
  expect(titles(a.requires(c), b, d.before(named("e")))).toEqual(["c", "a", "b", "d", "e"]);
});

test("a property named twice is one, also when a later one needs it", () => {
  expect(titles(named("a"), named("b").requires(named("a")), all("both", [named("a"), named("b")]))).toEqual([
    "a",
    "b",
  ]);
});

test("only what a property says itself waits for what it requires later", () => {
  const git = named("git");
  const user = named("user").requires(git);
  // The repository needs git, then the user, who needs git too: no circle.
  expect(titles(named("repository").requires(git).requires(user))).toEqual(["git", "user", "repository"]);
});

test("two properties that contradict each other are refused before anything is connected", () => {
  const one = named("motd", { about: "file:/etc/motd", detail: 1 });
  const other = named("motd", { about: "file:/etc/motd", detail: 2 });
  expect(() => titles(one, other)).toThrow("two properties contradict each other about file:/etc/motd");
  expect(titles(one, one)).toEqual(["motd"]);
});

test("a circle is named", () => {
  const a = named("a");
  const b = named("b");
  expect(() => titles(a.requires(b), b.requires(a))).toThrow('in a circle: "b" → "a" → "b"');
});

test("an action cannot stand for itself", () => {
  const restart = named("restart", { action: true });
  expect(() => titles(restart)).toThrow('"restart" is an action');
  expect(titles(named("a").onChange(restart))).toEqual(["a", "restart"]);
});

test("an action follows each of its sources in its own place", () => {
  const reload = named("reload", { action: true });
  const items = itemsOf(declared(named("a").onChange(reload), named("b").onChange(reload)));
  expect(items.map((item) => item.claim.title)).toEqual(["a", "reload", "b", "reload"]);
  expect(items[3]?.follows).toEqual(new Set([items[2]?.id]));
});

test("bundles are told with each claim", () => {
  const [item] = itemsOf(declared(all("outer", [all("inner", [named("a")])])));
  expect(item?.within).toEqual(["outer", "inner"]);
});
