import { expect, test } from "vitest";
import { abandoned, runName } from "../cleanup.ts";
import { fromPlaywright, fromVitest, readSuite } from "../reports.ts";
import { choose, steps } from "../steps.ts";

test("Vitest: tests are counted, and a file that could not be loaded is a failure", () => {
  const suite = fromVitest(
    {
      testResults: [
        {
          name: "/r/a.test.ts",
          status: "failed",
          message: "",
          assertionResults: [
            { fullName: "one", status: "passed", duration: 5 },
            { fullName: "two", status: "failed", duration: 7 },
            { fullName: "three", status: "pending" },
          ],
        },
        { name: "/r/b.test.ts", status: "failed", message: "SyntaxError", assertionResults: [] },
      ],
    },
    "/r",
  );
  expect(suite).toMatchObject({ passed: 1, failed: 2, skipped: 1, failures: ["a.test.ts > two", "b.test.ts"] });
  expect(suite.timed).toContainEqual({ name: "a.test.ts > two", ms: 7 });
});

test("Playwright: a flaky test is a failure", () => {
  const spec = (title: string, status: "expected" | "unexpected" | "flaky" | "skipped") => ({
    title,
    tests: [{ projectName: "", status, results: [{ duration: 4 }, { duration: 2 }] }],
  });
  const suites = [
    {
      file: "a.spec.ts",
      specs: [spec("one", "expected")],
      suites: [{ file: "a.spec.ts", specs: [spec("two", "flaky")] }],
    },
  ];
  expect(fromPlaywright({ suites, errors: [] })).toMatchObject({
    passed: 1,
    failed: 1,
    failures: ["a.spec.ts > two"],
    timed: [{ ms: 6 }, { ms: 6 }],
  });
});

test("a runner that died without a report is a failure", () => {
  expect(readSuite("/nowhere.json", 137, () => ({}) as never)).toMatchObject({ passed: 0, failed: 1 });
});

test("words choose steps by name, and otherwise filter the suites", () => {
  expect(choose([]).steps).toBe(steps);
  expect(choose(["lint"]).steps.map((step) => step.name)).toEqual(["lint"]);
  expect(choose(["packages/config"])).toMatchObject({ filters: ["packages/config"] });
  expect(choose(["packages/config"]).steps.map((step) => step.name)).toEqual(["unit", "host", "browser"]);
  expect(choose(["host", "config"])).toMatchObject({ steps: [{ name: "host" }], filters: ["config"] });
});

test("a run is abandoned when its process is gone, and never when the name is not ours", () => {
  expect(abandoned(runName())).toBe(false);
  expect(abandoned("test-2147483647-abc")).toBe(true);
  expect(abandoned("demo")).toBe(false);
});
