import { type AnyProperty, debian } from "@slipway/model";
import { expect, test } from "vitest";
import { itemsOf } from "../src/engine/items.ts";
import { clock, docker } from "../src/index.ts";

const both = (...has: AnyProperty[]) => itemsOf({ name: "h", os: "debian", distro: debian("13"), has });

test.for<[string, () => unknown]>([
  ["two time services", () => both(clock.servers("192.0.2.1"), clock.chrony())],
  ["two time services, the other way round", () => both(clock.chrony(), clock.synchronised)],
  ["two engines", () => both(docker.installed, docker.from("docker.com"))],
  ["two settings of one engine", () => both(docker.settings({ liveRestore: true }), docker.settings({ dns: ["::1"] }))],
  ["two versions", () => both(docker.pinned("27.3.1"), docker.from("docker.com", { version: "27.3.0" }))],
])("%s on one host", ([, made]) => {
  expect(made).toThrow("contradict each other");
});
