import { file } from "@slipway/config";
import { all, debian, host, property, Secret, secretText } from "@slipway/model";
import { monitor, slack } from "@slipway/monitor";
import { droplet } from "@slipway/provision/digitalocean";
import { vault } from "@slipway/trust";
import { expect, test } from "vitest";
import { neededSecrets } from "../src/platform/needed.ts";
import { ops } from "../src/platform/ops.ts";
import { table } from "../src/verbs/secrets/list.ts";

const secret = vault(["cloud.token", "app.key", "chat", "unused"]);

test("the secrets of a platform are those of its hosts, its cloud, its monitor and its CI", () => {
  const on = droplet({ token: secret("cloud.token"), region: "lon1", size: "s-1vcpu-1gb" });
  const key = file.content("/etc/app.key", secret("app.key"), { mode: "0600" });
  const env = property("has its environment", {
    on: ["debian"],
    observe: { read: ["true"], parse: () => 0 },
    plan: () => [],
    secrets: [
      secretText`TOKEN=${secret("chat")}
`,
    ],
  });
  const [one, two] = ["one", "two"].map((name) => host(name, { on, os: debian("12"), has: [all("base", [key, env])] }));
  if (one === undefined || two === undefined) throw new Error("no hosts");
  expect([...neededSecrets({ platform: ops({ name: "p", hosts: [one, two] }) })]).toEqual([
    ["app.key", ["one", "two"]],
    ["chat", ["one", "two"]],
    ["cloud.token", ["cloud"]],
  ]);
  const watches = monitor({ streams: [], every: "10s", expect: [], tell: [slack(new Secret("chat"))] });
  const watched = ops({ name: "p", hosts: [one], monitor: { on: one as never, watches } });
  expect([...neededSecrets({ platform: watched }).keys()]).toEqual([
    "app.key",
    "chat",
    "cloud.token",
    "monitor.ssh-key",
  ]);
});

test("a table is as wide as its cells", () => {
  expect(table([["A", "B", "C"], ["long", "", "x"], ["s", "yy", ""]])).toBe("A     B   C\nlong      x\ns     yy"); // biome-ignore format: rows
});
