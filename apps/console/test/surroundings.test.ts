import { file } from "@slipway/config";
import { debian, host, telling } from "@slipway/model";
import { compileMonitor, monitor, url } from "@slipway/monitor";
import type { MachineInfo } from "@slipway/provision";
import { droplet } from "@slipway/provision/digitalocean";
import { expect, test } from "vitest";
import { addressOf, surroundingsOf } from "../src/platform/surroundings.ts";
import { existing } from "../src/platform/targets.ts";
import { withToldChecks } from "../src/platform/told-checks.ts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIECHNIKrrM1/fnunx8JMIBw5mW2i9GiSxcfiOL7VC3rW";
const local1 = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
const web = host("web", { on: local1, os: debian("12"), has: [] });
const db = host("db", { on: existing({ address: "192.0.2.7", hostKey: key, port: 2222 }), os: debian("13"), has: [] });
const machine = (name: string, address: string): MachineInfo => ({
  name,
  address,
  privateAddress: "",
  id: "1",
  status: "active",
  hostKeys: ["aa"],
  hostPublicKeys: [key],
  created: "",
  region: "",
  size: "",
  image: "",
});
test("every host knows the addresses and keys of all, and what the others' properties tell", () => {
  const told = host("web", {
    on: local1,
    os: debian("12"),
    has: [telling(file.absent("/x"), { kind: "name", name: "shop.test" })],
  });
  const around = surroundingsOf(
    [told, db, host("late", { on: local1, os: debian("12"), has: [] })],
    [machine("web", "10.0.0.2")],
  );
  expect(around.get("db")).toMatchObject({ self: { name: "db", address: "192.0.2.7", hostKeys: [key] } });
  expect(around.get("db")?.hosts[0]).toMatchObject({
    address: "10.0.0.2",
    info: [{ kind: "name", name: "shop.test" }],
  });
  expect(around.get("late")?.self).not.toHaveProperty("address");
  expect(addressOf(db, [])).toMatchObject({ address: "192.0.2.7", port: 2222, user: "root" });
  expect(addressOf(db, [])?.hostKeys[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(addressOf(web, [machine("web", "")])).toBeUndefined();
});

test("web addresses that properties tell are watched too, from outside and once", () => {
  const says = (address: "http://localhost/" | "http://web/", status: number) =>
    telling(file.absent("/x"), { kind: "check", title: "c", check: { type: "url", url: address, status } });
  const watched = host("web", {
    on: local1,
    os: debian("12"),
    has: [
      says("http://localhost/", 200),
      says("http://web/", 200),
      telling(file.absent("/y"), { kind: "check", title: "u", check: { type: "unit", unit: "x.service" } }),
    ],
  });
  const watches = monitor({ streams: [], every: "10s", expect: [url("http://db/").answers(200, "1s")], tell: [] });
  const checks = compileMonitor(withToldChecks(watches, [watched, db]), []).checks;
  expect(checks.map((check) => [check.name, check.host])).toEqual([
    ["http http://db/", "db"],
    ["http http://web/", "web"],
  ]);
  const own = monitor({ ...watches.spec, expect: [url("http://web/").answers(204, "1s")] });
  expect(compileMonitor(withToldChecks(own, [watched]), []).checks).toHaveLength(1);
  expect(withToldChecks(own, [db])).toBe(own);
});

test("of ports those that are open to others are watched", () => {
  const port = (number: number, from: "platform" | "host") =>
    telling(
      file.absent(`/${number}`),
      { kind: "port", port: number, protocol: "tcp", owner: "x", from },
      { kind: "check", title: "c", check: { type: "tcp", port: number } },
    );
  const inside = telling(file.absent("/z"), {
    kind: "check",
    title: "c",
    check: { type: "url", url: "http://127.0.0.1:9000/", status: 200 },
  });
  const watched = host("web", {
    on: local1,
    os: debian("12"),
    has: [port(5432, "platform"), port(9000, "host"), inside],
  });
  const watches = monitor({ streams: [], every: "10s", expect: [], tell: [] });
  const { checks, rules } = compileMonitor(withToldChecks(watches, [watched]), []);
  expect(checks).toMatchObject([{ kind: "tcp", name: "tcp 5432", host: "web", port: 5432 }]);
  expect(rules[0]).toMatchObject({ service: "tcp 5432", host: "web" });
});
