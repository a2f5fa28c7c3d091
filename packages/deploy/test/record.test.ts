import { expect, test } from "vitest";
import { type Deployment, historyOf, type ReleaseRecord } from "../src/record.ts";
import { earlier } from "../src/rollback.ts";
import { app } from "./world.ts";

const deployment = (id: string, commit: string, action: "deploy" | "rollback" = "deploy"): Deployment => ({
  id,
  action,
  commit,
  repository: "ledger",
  signer: "f",
  slot: "blue",
  app,
  images: {},
  ports: {},
  by: "test",
  fence: 1,
});

type Run = readonly [commit: string, action?: "deploy" | "rollback", end?: "done" | "undone" | "open"];

function history(...runs: readonly Run[]) {
  const records: ReleaseRecord[] = runs.flatMap(([commit, action, end = "done"], at): ReleaseRecord[] => {
    const id = `${at}`;
    const intent: ReleaseRecord = { kind: "intent", deployment: deployment(id, commit, action) };
    if (end === "undone") return [intent, { kind: "undone", id, reason: "broken" }];
    const commitRecord: ReleaseRecord = { kind: "commit", id, streams: {} };
    return end === "open" ? [intent, commitRecord] : [intent, commitRecord, { kind: "done", id }];
  });
  return historyOf(records.map((record, at) => ({ at, record })));
}

test("what the record amounts to", () => {
  const seen = history(["a"], ["b"], ["c", "deploy", "undone"], ["d", "deploy", "open"]);
  expect(seen.current?.deployment.commit).toBe("b");
  expect(seen.pending?.deployment.commit).toBe("d");
  expect(seen.all.map((one) => one.outcome)).toEqual(["superseded", "running", "undone", "unfinished"]);
  expect(seen.all[2]?.note).toBe("broken");
  expect(historyOf([])).toEqual({ all: [] });
});

test.each<{ readonly title: string; readonly runs: readonly Run[]; readonly to: string }>([
  { title: "the one before", runs: [["a"], ["b"]], to: "a" },
  { title: "two rollbacks go back twice", runs: [["a"], ["b"], ["c"], ["b", "rollback"]], to: "a" },
  { title: "what was undone never ran", runs: [["a"], ["b"], ["c", "deploy", "undone"]], to: "a" },
  { title: "the same release deployed twice", runs: [["a"], ["b"], ["b"]], to: "a" },
  { title: "a release that came back", runs: [["a"], ["b"], ["a"], ["c"]], to: "a" },
])("a rollback goes to the release below: $title", ({ runs, to }) => {
  expect(earlier(history(...runs), "ledger").deployment.commit).toBe(to);
});

test("a rollback to a commit takes its first characters, if they name one", () => {
  const seen = history(["abc1"], ["abc2"], ["b"]);
  expect(earlier(seen, "ledger", "abc1").deployment.commit).toBe("abc1");
  expect(() => earlier(seen, "ledger", "abc")).toThrow(/begins several releases/);
  expect(() => earlier(seen, "ledger", "zzz")).toThrow(
    expect.objectContaining({ code: "deploy.no-release", exitCode: 5 }),
  );
  expect(() => earlier(history(["a"]), "ledger")).toThrow(/no release before/);
});
