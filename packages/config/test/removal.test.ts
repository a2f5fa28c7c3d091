import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { local } from "@slipway/connection";
import { everyOs, fallback, property, revertable, Secret } from "@slipway/model";
import { expect, test } from "vitest";
import { itemsOf } from "../src/engine/items.ts";
import { drift, file, formatDrift, formatPlan, hostPlan, observe, plan } from "../src/index.ts";
import { exists, hostWith, inFolder, owner } from "./support/here.ts";

const { at, run, look, written } = inFolder();
const touched = (name: string) =>
  property(`${name} was touched`, {
    on: everyOs,
    observe: exists(at(name)),
    plan: (there) => (there ? [] : [["touch", at(name)]]),
  });

test("what leaves the list is taken back, and what stood there before comes back", async () => {
  writeFileSync(at("a"), "of the distribution\n", { mode: 0o640 });
  const list = [
    written("a", "ours\n"),
    written("b", "new\n"),
    file.directory(at("d"), { owner }),
    written("c", "stays\n"),
  ];
  await run(hostWith(...list));
  await run(hostWith(written("a", "ours, later\n"), ...list.slice(1)));
  expect(readFileSync(at("a"), "utf8")).toBe("ours, later\n");
  const host = hostWith(written("c", "stays\n"));
  expect(formatPlan(plan(host, await look(host)))).toContain(`- ${at("b")} has its content (no longer in the list)`);
  const report = await run(host);
  expect(report).toMatchObject({ changed: 3, ok: 1, failed: 0 });
  expect(readFileSync(at("a"), "utf8")).toBe("of the distribution\n");
  expect(statSync(at("a")).mode & 0o777).toBe(0o640);
  for (const gone of ["b", "d"]) expect(() => statSync(at(gone))).toThrow("ENOENT");
  expect(await run(host)).toMatchObject({ changed: 0, ok: 1, kept: 0, roundTrips: 1 });
});

test("what was so before, what has no opposite and what is asked to stay is kept, and told once", async () => {
  writeFileSync(at("a"), "same\n");
  await run(hostWith(written("a", "same\n"), touched("t"), written("b", "b")));
  expect(await run(hostWith(written("b", "b")), { removed: "keep" })).toMatchObject({ changed: 0, kept: 0 });
  const report = await run(hostWith(written("b", "b")));
  expect(report).toMatchObject({ changed: 0, kept: 2, ok: 1 });
  expect(report.items.map((item) => item.within[0])).toEqual([
    "no longer in the list, stays: it has no opposite",
    "no longer in the list, stays: it was so before",
    undefined,
  ]);
  expect(readFileSync(at("a"), "utf8")).toBe("same\n");
  expect(await run(hostWith(written("b", "b")))).toMatchObject({ kept: 0, roundTrips: 1 });
});

test("what came back in a run that was cut off is left alone by the next one", async () => {
  writeFileSync(at("a"), "of the distribution\n");
  await run(hostWith(written("a", "ours\n")));
  const stop = new AbortController();
  const cutOff = run(hostWith(written("b", "b")), {
    signal: stop.signal,
    onEvent: (event) => event.type === "item" && stop.abort(),
  });
  await expect(cutOff).rejects.toMatchObject({ code: "config.interrupted" });
  expect(await run(hostWith(written("b", "b")))).toMatchObject({ failed: 0 });
  expect(readFileSync(at("a"), "utf8")).toBe("of the distribution\n");
});

test("what a run made that was cut off is taken back all the same", async () => {
  const list = [written("a", "a"), written("b", "b")];
  const stop = new AbortController();
  const cutOff = run(hostWith(...list), {
    signal: stop.signal,
    onEvent: (event) => event.type === "item" && stop.abort(),
  });
  await expect(cutOff).rejects.toMatchObject({ code: "config.interrupted" });
  expect(await run(hostWith(...list))).toMatchObject({ changed: 1, ok: 1 });
  expect(await run(hostWith(...list))).toMatchObject({ ok: 2, roundTrips: 1 });
  expect(await run(hostWith())).toMatchObject({ changed: 2, kept: 0 });
  for (const gone of ["a", "b"]) expect(() => statSync(at(gone))).toThrow("ENOENT");
});

test("a record that cannot be written is a failure, as nothing could be taken back", async () => {
  mkdirSync(at("state/applied"), { recursive: true });
  const report = await run(hostWith(written("a", "a")));
  expect(report).toMatchObject({ changed: 1, failed: 1 });
  expect(report.items.at(-1)?.error).toContain(`${at("state")}/applied could not be written: mv: `);
});

test("the record of an earlier version is understood", async () => {
  mkdirSync(at("state"), { recursive: true });
  const lines = [
    { digest: "0", at: 1 },
    { id: "q", title: "old", at: 1, made: true },
    { title: "no old", of: ["q"], changes: [["touch", at("undone")]] },
  ];
  writeFileSync(at("state/applied"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const host = hostWith(written("a", "a"));
  expect(formatDrift(drift(host, await look(host)))).toContain("in the list no longer: old");
  expect(await run(host)).toMatchObject({ changed: 2, failed: 0 });
  expect(statSync(at("undone")).isFile()).toBe(true);
  expect(await run(host)).toMatchObject({ changed: 0, roundTrips: 1 });
});

test("a secret that only the host's own record names is not sent, nor an empty file in its place", async () => {
  const secrets = { reveal: async () => "hunter22" };
  await run(hostWith(revertable(written("a", "one"), file.content(at("a"), new Secret("back"), { owner }))), {
    secrets,
  });
  const report = await run(hostWith(), { secrets });
  expect(report).toMatchObject({ changed: 0, failed: 1 });
  expect(report.items[0]?.error).toContain("the secret back is of no property in the list");
  expect(readFileSync(at("a"), "utf8")).toBe("one");
});

test("a folder that holds something of others is left to them", async () => {
  await run(hostWith(file.directory(at("d"), { owner })));
  mkdirSync(at("d/theirs"));
  expect(await run(hostWith())).toMatchObject({ changed: 1, failed: 0 });
  expect(statSync(at("d/theirs")).isDirectory()).toBe(true);
});

test("an opposite of one's own takes back the whole, with what follows it", async () => {
  const told = property("it is told", {
    on: everyOs,
    observe: { read: ["true"], reads: [], parse: () => 0 },
    plan: () => [["sh", "-c", 'echo told >>"$1"', "sh", at("log")]],
    action: true,
    writes: [],
  });
  const service = revertable(
    written("s", "s").onChange(told),
    written("s", "s").opposite.onChange(told).describe("no s"),
  );
  await run(hostWith(service));
  expect(await run(hostWith())).toMatchObject({ changed: 1, failed: 0 });
  expect(readFileSync(at("log"), "utf8")).toBe("told\ntold\n");
});

test("drift tells what somebody else did on the host from what changed in the file", async () => {
  const host = hostWith(written("a", "one\n"), written("b", "two\n"), written("c", "three\n"));
  await run(host, { holder: "ada" });
  writeFileSync(at("a"), "by hand\n");
  const next = hostWith(written("a", "one\n"), written("b", "TWO\n"), written("e", "five\n"));
  const found = drift(next, await look(next));
  expect(found.items.map((item) => [item.property.replace(`${at("")}/`, ""), item.kind])).toEqual([
    ["a has its content", "host changed"],
    ["b has its content", "file changed"],
    ["e has its content", "never applied"],
    ["c has its content", "in the list no longer"],
  ]);
  expect(found.items[0]).toMatchObject({ applied: { by: "ada" }, difference: "- by hand\n+ one" });
  expect(formatDrift(found)).toContain("here: 4 differ (last applied");
  await run(next);
  expect(formatDrift(drift(next, await look(next)))).toContain("no drift");
});

test("drift tells a value that was set anew in the vault from one that somebody changed on the host", async () => {
  const token = file.content(at("token"), new Secret("app.token"), { owner });
  const of = (value: string) => ({ reveal: async () => value });
  const seenWith = async (value: string) => {
    await using connection = local();
    return await observe(hostWith(token), connection, { stateFolder: at("state"), secrets: of(value) });
  };
  await run(hostWith(token), { secrets: of("first value") });
  expect(readFileSync(at("state/applied"), "utf8")).not.toContain("first value");
  expect(drift(hostWith(token), await seenWith("second value")).items).toMatchObject([{ kind: "file changed" }]);
  writeFileSync(at("token"), "by hand");
  expect(drift(hostWith(token), await seenWith("first value")).items).toMatchObject([{ kind: "host changed" }]);
});

test("a saved plan is applied as it is, or refused when the host or the list has moved on", async () => {
  const host = hostWith(written("a", "one\n"), written("b", "two\n"));
  const save = async () => {
    const seen = await look(host);
    return hostPlan(plan(host, seen), itemsOf(host), seen);
  };
  const saved = await save();
  writeFileSync(at("a"), "by hand\n");
  await expect(run(host, { exactly: saved })).resolves.toMatchObject({ changed: 2 });
  const later = await save();
  writeFileSync(at("b"), "by hand\n");
  await expect(run(host, { exactly: later })).rejects.toMatchObject({
    code: "config.stale",
    exitCode: 5,
    message: expect.stringContaining(`"${at("b")} has its content"`),
  });
  expect(readFileSync(at("b"), "utf8")).toBe("by hand\n");
  await expect(run(hostWith(written("a", "one\n")), { exactly: await save() })).rejects.toMatchObject({
    code: "config.stale",
  });
});

test("a second choice is tried when the first one fails, and left alone when it holds", async () => {
  const broken = property("first", {
    on: everyOs,
    observe: exists(at("never")),
    plan: (there) => (there ? [] : [["false"]]),
  });
  const after = written("after", "after");
  const report = await run(hostWith(after.requires(fallback(broken, written("second", "second")))));
  expect(report).toMatchObject({ changed: 2, failed: 0, skipped: 1 });
  expect(report.items[0]?.error).toContain("exit status 1");
  const good = fallback(written("first", "first"), written("second", "second"));
  expect(await run(hostWith(good), { removed: "keep" })).toMatchObject({ changed: 1, skipped: 1 });
  const both = fallback(
    broken,
    property("too", { on: everyOs, observe: exists(at("never")), plan: () => [["false"]] }),
  );
  expect(await run(hostWith(after.requires(both)), { removed: "keep" })).toMatchObject({ failed: 1, blocked: 1 });
});

test("a host that was configured from another list refuses, unless it is adopted", async () => {
  await run(hostWith(written("a", "a")), { list: "shop/web" });
  const other = hostWith(written("b", "b"));
  await expect(run(other, { list: "demo/web" })).rejects.toMatchObject({ code: "config.other-list", exitCode: 5 });
  await using connection = local();
  const looking = observe(other, connection, { stateFolder: at("state"), list: "demo/web" });
  await expect(looking).rejects.toMatchObject({ code: "config.other-list" });
  expect(() => statSync(at("b"))).toThrow("ENOENT");
  // What is only added takes nothing back.
  expect(await run(other, { list: "demo/web", removed: "keep" })).toMatchObject({ changed: 1 });
  expect(await run(other, { list: "demo/web", adopt: true })).toMatchObject({ changed: 0, ok: 1, kept: 0 });
  expect(readFileSync(at("a"), "utf8")).toBe("a");
  expect(await run(other, { list: "demo/web" })).toMatchObject({ changed: 0, roundTrips: 1 });
  await expect(run(other, { list: "shop/web" })).rejects.toMatchObject({ code: "config.other-list" });
});
