import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { actionBody, instantAction, instantId } from "../src/local/hetzner/action-bodies.ts";
import { locationIn, locations, regionOf, serverTypes, sizeOf, typeOf } from "../src/local/hetzner/catalog.ts";
import { hetznerErrorBody } from "../src/local/hetzner/error-body.ts";
import { beneath, readRules, shown } from "../src/local/hetzner/firewall-rules.ts";
import { readLabels, selector } from "../src/local/hetzner/labels.ts";
import { page } from "../src/local/hetzner/pages.ts";
import { refuse, translated } from "../src/local/hetzner/refusal.ts";
import { type Call, Refusal } from "../src/local/http.ts";

const asked = (query: string): Call => ({
  method: "GET",
  path: "/v1/things",
  query: new URLSearchParams(query),
  headers: {},
  body: {},
  base: "http://localhost",
});

describe("label selectors", () => {
  const labels = { env: "test", "example.org/role": "web", lone: "" };
  test.each([
    ["", true],
    ["env", true],
    ["!env", false],
    ["other", false],
    ["!other", true],
    ["env=test", true],
    ["env==test", true],
    ["env!=test", false],
    ["other!=test", true],
    ["lone=", true],
    ["env in (staging,test)", true],
    ["env in (staging)", false],
    ["env notin (staging, test)", false],
    ["other notin (x)", true],
    ["env=test,example.org/role=web", true],
    ["env in (a,test),!other , lone", true],
    ["env=test,other", false],
  ])("%s is %s", (text, expected) => {
    expect(selector(text)(labels)).toBe(expected);
  });
  test.each(["env=a b", "(x)", "in (a", "!"])("%s is refused", (text) => {
    expect(() => selector(text)).toThrow(Refusal);
  });
  test("do not take what objects inherit for labels", () => {
    expect(selector("toString")({})).toBe(false);
  });
});

test("labels are held to their alphabet", () => {
  expect(readLabels(undefined)).toBeUndefined();
  expect(readLabels({ "a.b/c": "d", e: "" })).toEqual({ "a.b/c": "d", e: "" });
  for (const bad of [{ "-a": "" }, { a: "b " }, { a: "x".repeat(64) }, { "hetzner.cloud/a": "" }, { a: 1 }, []])
    expect(() => readLabels(bad)).toThrow(/labels/);
});

describe("pages", () => {
  const things = Array.from({ length: 60 }, (_, index) => ({ id: index + 1, name: `n${index % 3}`, labels: {} }));
  test("hold 25 and at most 50", () => {
    const { body } = page(asked("page=2"), "things", things);
    expect(body).toMatchObject({ meta: { pagination: { page: 2, previous_page: 1, next_page: 3, last_page: 3 } } });
    const large = page(asked("per_page=200"), "things", things).body as { things: object[]; meta: object };
    expect(large.things).toHaveLength(50);
    expect(large.meta).toEqual({
      pagination: { page: 1, per_page: 50, previous_page: null, next_page: 2, last_page: 2, total_entries: 60 },
    });
  });
  test("are filtered and sorted", () => {
    const { body } = page(asked("name=n1&sort=id:desc&per_page=2"), "things", things);
    expect(body).toMatchObject({ things: [{ id: 59 }, { id: 56 }] });
    expect(() => page(asked("sort=id:up"), "things", things)).toThrow(/sort/);
    expect(() => page(asked("page=0"), "things", things)).toThrow(/page/);
  });
});

test("an action that was done at once is told by its id, for a day and a half", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.nat(100_000), (resource, later) => {
      const at = 1_790_000_123_000;
      const id = instantId("shutdown_server", resource, at);
      expect(Number.isSafeInteger(id)).toBe(true);
      expect(instantAction(id, at + later * 1_000)).toMatchObject({
        id,
        command: "shutdown_server",
        status: "success",
        resources: [{ id: resource, type: "server" }],
        started: new Date(at).toISOString().replace(".000Z", "+00:00"),
      });
    }),
  );
  for (const other of [0, 2_000_000_000, Number.NaN]) expect(instantAction(other, Date.now())).toBeUndefined();
});

test("actions of droplets are shown as actions of servers", () => {
  const action = {
    id: 7,
    type: "power_off",
    started_at: "2026-01-02T03:04:05Z",
    resource_id: 3,
    resource_type: "droplet",
  };
  expect(actionBody({ ...action, status: "in-progress", completed_at: null })).toMatchObject({
    command: "stop_server",
    status: "running",
    finished: null,
    resources: [{ id: 3, type: "server" }],
  });
  expect(actionBody({ ...action, status: "errored", completed_at: action.started_at })).toMatchObject({
    status: "error",
    finished: "2026-01-02T03:04:05+00:00",
    error: { code: "action_failed" },
  });
});

test("every location and type has a region and a size of its own", () => {
  for (const location of locations) expect(locationIn(regionOf(location))).toBe(location);
  for (const type of serverTypes) expect(typeOf(sizeOf(type))).toBe(type);
});

describe("firewall rules", () => {
  const web = { direction: "in", protocol: "tcp", port: "443", source_ips: ["0.0.0.0/0"], description: "https" };
  const full = { ...web, destination_ips: [] };
  test("come back as they were given", () => {
    const rules = readRules([web, { direction: "out", protocol: "icmp", destination_ips: ["10.0.0.0/8"] }]);
    const under = beneath(rules) as Parameters<typeof shown>[0];
    expect(under.outbound_rules).toHaveLength(1);
    expect(shown(under, { "in tcp 443 0.0.0.0/0": "https" })).toEqual(rules);
    expect(rules[0]).toEqual(full);
  });
  test("let all out when none is about what goes out", () => {
    const under = beneath(readRules([web])) as Parameters<typeof shown>[0];
    expect(under.outbound_rules.map((rule) => rule.protocol)).toEqual(["tcp", "udp", "icmp"]);
    expect(shown(under, {})).toEqual([{ ...full, description: null }]);
  });
  test.each([
    [{ ...web, port: undefined }, /port/],
    [{ ...web, source_ips: [] }, /source_ips/],
    [{ ...web, protocol: "gre" }, /gre/],
    [{ ...web, direction: "up" }, /direction/],
  ])("%j is refused", (rule, why) => {
    expect(() => readRules([rule])).toThrow(why);
  });
});

test("refusals of either API have Hetzner's form", () => {
  const of = (status: number, message: string): string =>
    translated(new Refusal(status, "unprocessable_entity", message)).id;
  expect(of(422, "Droplet already has a pending event.")).toBe("locked");
  expect(of(422, "creating this/these droplet(s) will exceed your droplet limit")).toBe("resource_limit_exceeded");
  expect(of(422, "SSH Key is already in use on your account")).toBe("uniqueness_error");
  expect(of(404, "gone")).toBe("not_found");
  expect(of(422, "no")).toBe("invalid_input");
  expect(translated(refuse("protected", "no")).status).toBe(423);
  expect(hetznerErrorBody(new Refusal(401, "Unauthorized", "x"))).toEqual({
    error: { code: "unauthorized", message: "unable to authenticate", details: null },
  });
  expect(hetznerErrorBody(new Refusal(422, "invalid_input", "invalid input in field 'name': is too long"))).toEqual({
    error: {
      code: "invalid_input",
      message: "invalid input in field 'name': is too long",
      details: { fields: [{ name: "name", messages: ["is too long"] }] },
    },
  });
});
