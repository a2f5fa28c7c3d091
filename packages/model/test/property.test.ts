import { expect, test } from "vitest";
import { SlipwayError } from "../src/errors.ts";
import { together } from "../src/fact.ts";
import { type Host, host, hostInfo, type Machine } from "../src/host.ts";
import { alpine, type DebianLike, debian, debianLike, everyOs, type Os } from "../src/os.ts";
import { all, derived, fallback, group, type Property, perOs, property, revert, telling } from "../src/property.ts";

const on: Machine = { provider: "test", spec: {} };
const nothing = { read: ["true"], parse: () => 0 } as const;
const anywhere = property("anywhere", { on: everyOs, observe: nothing, plan: () => [] });
const apt = property("apt", { on: debianLike, observe: nothing, plan: () => [] });
const apk = property("apk", { on: ["alpine"], observe: nothing, plan: () => [] });
const docker = property("docker", { on: everyOs, observe: nothing, plan: () => [], gives: ["docker"] });
const nginx = property("nginx", { on: debianLike, observe: nothing, plan: () => [], gives: ["nginx"] });

/** Compiled, never run: each refusal that the types promise. */
export function refusals(): void {
  // @ts-expect-error a Debian-only property on Alpine
  host("a", { on, os: alpine("3.22"), has: [anywhere, apt] });
  // @ts-expect-error a list built beforehand
  const list: Property<Os>[] = [anywhere, apt];
  const mixed = [anywhere, apt];
  // @ts-expect-error the same, with its own type
  host("a", { on, os: alpine("3.22"), has: mixed });
  // @ts-expect-error a bundle that no system fits
  all("impossible", [apt, apk]);
  const base = all("base", [anywhere, apt]);
  // @ts-expect-error a bundle is valid only where all of its members are
  host("a", { on, os: alpine("3.22"), has: [base] });
  // @ts-expect-error a chained property narrows
  host("a", { on, os: alpine("3.22"), has: [anywhere.requires(apt)] });
  // @ts-expect-error and so does a consequence
  host("a", { on, os: alpine("3.22"), has: [anywhere.onChange(apt)] });
  // @ts-expect-error a property of one's own on a system it does not name
  host("a", { on, os: alpine("3.22"), has: [property("x", { on: ["debian"], observe: nothing, plan: () => [] })] });
  // @ts-expect-error not every property can be undone
  revert(anywhere);
  const bare = host("a", { on, os: debian("12"), has: [apt] });
  // @ts-expect-error a host without docker where docker is asked
  const needs: Host<Os, "docker"> = bare;
  const conditional = host("a", {
    on,
    os: debian("12"),
    has: [docker.when({ title: "x", observe: nothing, holds: () => true })],
  });
  // @ts-expect-error what holds only sometimes gives nothing for sure
  const perhaps: Host<Os, "docker"> = conditional;
  // @ts-expect-error one system is missing
  host("a", { on, os: alpine("3.22"), has: [perOs("x", { debian: apt })] });
  host("a", { on, os: alpine("3.22"), has: [perOs("x", { debian: apt, alpine: apk })] });
  const web = telling(docker, { kind: "port", port: 80, protocol: "tcp", owner: "web", from: "anywhere" });
  const proxy = telling(nginx, { kind: "port", port: 80, protocol: "tcp", owner: "proxy", from: "anywhere" });
  const udp = telling(nginx, { kind: "port", port: 80, protocol: "udp", owner: "proxy", from: "anywhere" });
  // @ts-expect-error two owners of one port
  host("a", { on, os: debian("12"), has: [web, proxy] });
  // @ts-expect-error also within what bundles it, and what requires it
  host("a", { on, os: debian("12"), has: [all("x", [anywhere, web]), apt.requires(proxy)] });
  // One owner, and another protocol; a number that is known only later is looked at when the host is declared.
  host("a", { on, os: debian("12"), has: [web, all("x", [web]), udp, port("later", 80)] });
  // @ts-expect-error a bundle that gives docker does not give a port that nobody told
  const told: Host<Os, "port 81/tcp of web"> = host("a", { on, os: debian("12"), has: [web] });
  // @ts-expect-error what fails over is for the systems of both
  host("a", { on, os: alpine("3.22"), has: [fallback(anywhere, apt)] });
  // @ts-expect-error what is derived is for the systems that it names
  host("a", { on, os: alpine("3.22"), has: [derived("x", debianLike, () => apt)] });
  // @ts-expect-error what comes before narrows what follows
  host("a", { on, os: alpine("3.22"), has: [apt.before(anywhere)] });
  void [list, needs, perhaps, told];
}

test("a host that gives docker and nginx fits where docker alone is asked", () => {
  const both = host("web", { on, os: debian("13"), has: [all("base", [anywhere, apt]), docker, nginx.requires(apt)] });
  const needs: Host<Os, "docker"> = both;
  expect(needs.can("docker")).toBe(true);
  expect(both.can("nginx")).toBe(true);
});

test("what a required property gives, the property gives too", () => {
  const narrowed: Property<DebianLike, "docker" | "nginx"> = docker.requires(nginx);
  expect(narrowed.gives).toEqual(["docker", "nginx"]);
  expect(narrowed.systems).toEqual(["debian", "ubuntu"]);
});

test("the operating system is checked at run time too", () => {
  const untyped = [apt] as never;
  expect(() => host("a", { on, os: alpine("3.22"), has: untyped })).toThrow(SlipwayError);
  expect(() => host("a", { on, os: alpine("3.22"), has: untyped })).toThrow(
    '"apt" is for debian, ubuntu, not for alpine',
  );
});

test("an opposite is planned from the same observation", () => {
  const present = property("present", {
    on: everyOs,
    observe: { read: ["cat", "/x"], parse: (stdout) => stdout },
    plan: (seen) => (seen === "x" ? [] : [["make"]]),
    revert: { title: "absent", plan: (seen) => (seen === "x" ? [["remove"]] : []) },
  });
  const gone = revert(present);
  expect(gone.title).toBe("absent");
  if (gone.node.kind !== "claim") throw new Error("a claim was expected");
  expect(gone.node.claim.plan("x" as never, { digest: () => undefined })).toEqual([["remove"]]);
  expect(gone.node.claim.about).toBe("present");
});

test("facts together are seen as one value, nested too", () => {
  const word = (text: string) => ({ read: ["echo", text] as const, parse: (stdout: string) => stdout });
  const fact = together({ a: word("a"), inner: together({ b: word("b"), c: word("c") }) });
  expect(fact.together.map((one) => one.read[1])).toEqual(["a", "b", "c"]);
  expect(fact.combine(["1", "2", "3"])).toEqual({ a: "1", inner: { b: "2", c: "3" } });
});

const port = (title: string, number: number, owner = title) =>
  property(title, {
    on: everyOs,
    observe: nothing,
    plan: () => [],
    info: [{ kind: "port", port: number, protocol: "tcp", owner, from: "anywhere" }],
  });

test("what properties tell of their host comes through every way of combining them", () => {
  const web = port("web", 80);
  const named = telling(anywhere, { kind: "name", name: "shop.example.org" });
  const has = [
    all("both", [web.describe("the web"), named])
      .requires(port("db", 5432))
      .onChange(port("mail", 25)),
  ];
  const made = host("a", { on, os: debian("12"), has });
  expect(hostInfo(made)).toMatchObject({ name: "a", os: "debian", version: "12" });
  expect(hostInfo(made).info.map((info) => ("port" in info ? info.port : info.kind))).toEqual([80, "name", 5432, 25]);
});

test("a port that is told is among what a property gives, at run time too", () => {
  const web = telling(docker, { kind: "port", port: 80, protocol: "tcp", owner: "web", from: "anywhere" });
  const made: Host<Os, "docker" | "port 80/tcp of web"> = host("a", { on, os: debian("12"), has: [web] });
  expect(made.can("docker") && made.can("port 80/tcp of web")).toBe(true);
});

test("a port that two things want is found when the host is declared", () => {
  expect(() => host("a", { on, os: debian("12"), has: [port("web", 80), all("x", [port("proxy", 80)])] })).toThrow(
    "on a both web and proxy want port 80/tcp",
  );
  expect(() =>
    host("a", { on, os: debian("12"), has: [port("one", 80, "nginx"), port("two", 80, "nginx")] }),
  ).not.toThrow();
});

test("an opposite is kept by the node, so that what is built on a property can still be taken back", () => {
  const web = property("web", {
    on: everyOs,
    observe: nothing,
    plan: () => [],
    revert: { title: "no web", plan: () => [] },
  });
  expect(web.node.kind).toBe("revertable");
  const required = web.requires(anywhere).node;
  expect(required.kind === "requires" && required.of.node.kind).toBe("revertable");
  expect(revert(web).title).toBe("no web");
});

test("a fallback and a derived property are for the systems of both", () => {
  expect(fallback(anywhere, apt).systems).toEqual(["debian", "ubuntu"]);
  expect(derived("x", debianLike, () => apt).systems).toEqual(["debian", "ubuntu"]);
  expect(group(anywhere, apt).title).toBe("anywhere, apt");
});
