import { readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { local } from "@slipway/connection";
import { everyOs, property, revert, Secret, type Secrets } from "@slipway/model";
import { expect, test } from "vitest";
import { type ApplyEvent, apply, configure, file, formatPlan, formatReport, observe, plan } from "../src/index.ts";
import { exists, hostWith, inFolder, owner } from "./support/here.ts";

const { at, run, written } = inFolder();
const vault = (values: Record<string, string>): Secrets => ({ reveal: async (secret) => values[secret.name] ?? "" });
const nothing = { read: ["true"], reads: [], parse: () => 0 } as const;

test("not there, made, seen, and the second run changes nothing in one round trip", async () => {
  const host = hostWith(file.directory(at("d"), { owner, mode: "0750" }), written("d/a", "é\n'\"$x`\\\n"));
  const first = await run(host);
  expect(formatReport(first)).toContain("changed: 2, ok: 0");
  expect(readFileSync(at("d/a"), "utf8")).toBe("é\n'\"$x`\\\n");
  const second = await run(host);
  expect(second).toMatchObject({ changed: 0, ok: 2, failed: 0, roundTrips: 1 });
  expect(await run(hostWith(revert(written("d/a", ""))), { removed: "keep" })).toMatchObject({ changed: 1, failed: 0 });
});

test("a plan from what was seen, with the difference", async () => {
  writeFileSync(at("a"), "one\ntwo\n");
  const host = hostWith(written("a", "one\n2\n"));
  await using connection = local();
  const made = plan(host, await observe(host, connection, { stateFolder: at("state") }));
  expect(formatPlan(made)).toBe(
    `here: 0 ok, 1 to change\n  ~ ${at("a")} has its content\n      write ${at("a")} (0644 ${owner}:${owner}, 6 bytes)\n        one\n      - two\n      + 2`,
  );
});

test("a file behind a link is replaced, the link stays", async () => {
  writeFileSync(at("real"), "old");
  symlinkSync(at("real"), at("link"));
  expect(await run(hostWith(written("link", "new")))).toMatchObject({ changed: 1, failed: 0 });
  expect(readFileSync(at("real"), "utf8")).toBe("new");
});

test("a file that does not pass its validation is not installed and leaves nothing behind", async () => {
  const host = hostWith(file.content(at("a"), "bad\n", { owner, validate: ["grep", "-q", "good", "{}"] }));
  const report = await run(host);
  expect(report).toMatchObject({ changed: 0, failed: 1 });
  expect(report.items[0]?.error).toContain("exit status 1 of: write");
  expect(statSync(at("")).isDirectory()).toBe(true);
  expect(() => readFileSync(at("a"))).toThrow("ENOENT");
});

test("commands that read their input do not eat the script", async () => {
  const greedy = property("greedy", {
    on: everyOs,
    observe: { read: ["cat"], parse: (stdout) => stdout },
    plan: (seen) => (seen === "" ? [] : [["false"]]),
  });
  const eater = property("eater", {
    on: everyOs,
    observe: exists(at("x")),
    plan: (there) => (there ? [] : [["sh", "-c", `cat; touch ${at("x")}`]]),
  });
  expect(await run(hostWith(greedy, eater, written("a", "a")))).toMatchObject({ changed: 2, ok: 1, failed: 0 });
});

test("a failure stops what depends on it alone, and tells status and output without secrets", async () => {
  const token = new Secret("token");
  const events: ApplyEvent[] = [];
  const broken = property("broken", {
    on: everyOs,
    observe: exists(at("never")),
    plan: (there) => (there ? [] : [["true"], ["sh", "-c", `cat ${at("token")} >&2; exit 7`]]),
    writes: [],
  });
  const host = hostWith(written("token", token, "0600"), written("b", "b").requires(broken), written("c", "c"));
  const report = await run(host, { secrets: vault({ token: "hunter22" }), onEvent: (event) => events.push(event) });
  expect(report).toMatchObject({ changed: 2, failed: 1, blocked: 1 });
  const error = report.items.find((item) => item.property === "broken")?.error;
  expect(error).toContain("exit status 7 of: sh -c");
  expect(error).toContain("[secret]");
  expect(JSON.stringify([report, events])).not.toContain("hunter22");
  expect(statSync(at("token")).mode & 0o777).toBe(0o600);
  expect(formatReport(report)).toContain('it needs "broken"');
  await using connection = local();
  await expect(
    configure(host, connection, { stateFolder: at("state"), secrets: vault({ token: "hunter22" }) }),
  ).rejects.toMatchObject({ code: "config.failed" });
});

test("what was done is not believed but looked at", async () => {
  const pretender = property("pretender", {
    on: everyOs,
    observe: exists(at("x")),
    plan: (there) => (there ? [] : [["true"]]),
  });
  const report = await run(hostWith(pretender));
  expect(report.items[0]).toMatchObject({ outcome: "failed" });
  expect(report.items[0]?.error).toContain("was done, but is not seen");
});

test("a property that undoes another one is found", async () => {
  const thief = property("thief", {
    on: everyOs,
    observe: exists(at("a")),
    plan: (there) => (there ? [["rm", at("a")]] : []),
    writes: [`file:${at("a")}`],
  });
  const report = await run(hostWith(written("a", "a"), thief));
  expect(report.items[0]?.error).toContain("another property undid it");
});

test("what has to follow a change is not lost when it fails the first time", async () => {
  const follow = property("follow", {
    on: everyOs,
    observe: nothing,
    plan: () => [["test", "-f", at("open")]],
    action: true,
    writes: [],
  });
  const host = hostWith(written("a", "a").onChange(follow));
  expect(await run(host)).toMatchObject({ changed: 1, failed: 1 });
  // Only the follower is left; it fails again, then its obstacle is gone.
  expect(await run(host)).toMatchObject({ changed: 0, ok: 1, failed: 1 });
  writeFileSync(at("open"), "");
  expect(await run(host)).toMatchObject({ changed: 1, ok: 1, failed: 0 });
  expect(await run(host)).toMatchObject({ changed: 0, ok: 2, failed: 0, roundTrips: 1 });
});

test("a condition that does not hold leaves the host alone", async () => {
  const condition = { title: "x is there", observe: exists(at("x")), holds: (there: boolean) => there };
  const host = hostWith(written("a", "a").when(condition));
  expect(await run(host)).toMatchObject({ changed: 0, skipped: 1 });
  writeFileSync(at("x"), "");
  expect(await run(host)).toMatchObject({ changed: 1, skipped: 0 });
});

test("only what was asked for, with what it needs", async () => {
  const host = hostWith(written("a", "a"), written("c", "c").requires(written("b", "b")).describe("the third"));
  const report = await run(host, { only: ["the third"] });
  expect(report.items.map((item) => item.property)).toEqual([
    `${at("b")} has its content`,
    `${at("c")} has its content`,
  ]);
  await expect(run(host, { only: ["nothing"] })).rejects.toMatchObject({ code: "config.bad-argument" });
});

test("one run at a time: the other is told who holds the lock", async () => {
  const waiting = property("waiting", {
    on: everyOs,
    observe: exists(at("done")),
    plan: (there) =>
      there ? [] : [["sh", "-c", 'mkfifo "$1" && cat "$1" && touch "$2"', "sh", at("fifo"), at("done")]],
  });
  const host = hostWith(waiting);
  const begun = Promise.withResolvers<void>();
  const first = run(host, { holder: "ada@laptop", onEvent: (event) => event.type === "changing" && begun.resolve() });
  await begun.promise;
  const second = run(host, { lockWaitSeconds: 0 });
  await expect(second).rejects.toMatchObject({
    code: "config.locked",
    exitCode: 5,
    message: "here is being configured by ada@laptop",
  });
  await using connection = local();
  await connection.exec(["sh", "-c", 'while [ ! -p "$1" ]; do :; done; echo >"$1"', "sh", at("fifo")]);
  expect(await first).toMatchObject({ changed: 1, failed: 0 });
});

test("secrets without a vault are refused before anything is connected", async () => {
  await expect(run(hostWith(written("a", new Secret("x.y"))))).rejects.toMatchObject({ code: "config.no-secrets" });
});

test("an interrupted run stops between two properties and says so", async () => {
  const controller = new AbortController();
  const host = hostWith(written("a", "a"), written("b", "b"));
  const stopped = run(host, {
    signal: controller.signal,
    onEvent: (event) => event.type === "item" && controller.abort(),
  });
  await expect(stopped).rejects.toMatchObject({ code: "config.interrupted", exitCode: 130 });
  expect(await run(host)).toMatchObject({ changed: 1, ok: 1 });
});

test("claims of a kind are made in one go, and alone when that fails", async () => {
  const named = (name: string) =>
    property(name, {
      on: everyOs,
      observe: exists(at(name)),
      plan: (there) =>
        there ? [] : [["sh", "-c", `echo alone >>${at("log")}; [ "$1" != bad ] && touch ${at(name)}`, "sh", name]],
      bulk: {
        kind: "test",
        subjects: (there) => (there ? [] : [name]),
        plan: (names) => [
          [
            "sh",
            "-c",
            `echo "$@" >>${at("log")}; for n do [ "$n" != bad ] || exit 3; touch "${at("")}/$n"; done`,
            "sh",
            ...names,
          ],
        ],
      },
    });
  const report = await run(hostWith(named("b"), named("d").requires(written("c", "c")), named("a")));
  expect(report).toMatchObject({ changed: 4, failed: 0 });
  expect(readFileSync(at("log"), "utf8")).toBe("a b\nalone\n");
  const failed = await run(hostWith(named("e"), named("bad"), named("f")), { removed: "keep" });
  expect(failed.items.map((item) => item.outcome)).toEqual(["changed", "failed", "changed"]);
  expect(failed.items[1]?.error).toContain("exit status 1");
});

test("an interruption does not wait for the change that runs; the next run finds it done", async () => {
  const controller = new AbortController();
  const gate = property("gate", {
    on: everyOs,
    observe: exists(at("done")),
    plan: (there) =>
      there ? [] : [["sh", "-c", 'mkfifo "$1" && cat "$1" && touch "$2"', "sh", at("fifo"), at("done")]],
  });
  const host = hostWith(gate);
  const onEvent = (event: ApplyEvent): void => {
    if (event.type === "changing") queueMicrotask(() => controller.abort());
  };
  await using connection = local();
  const options = { stateFolder: at("state"), signal: controller.signal, onEvent };
  await expect(apply(host, connection, options)).rejects.toMatchObject({ code: "config.interrupted" });
  await connection.exec(["sh", "-c", 'while [ ! -p "$1" ]; do :; done; echo >"$1"', "sh", at("fifo")]);
  expect(await apply(host, connection, { stateFolder: at("state") })).toMatchObject({ ok: 1, changed: 0 });
});
