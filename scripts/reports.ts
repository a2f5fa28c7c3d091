import { readFileSync } from "node:fs";

export interface Timed {
  readonly name: string;
  readonly ms: number;
}

export interface Suite {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Names of what failed. */
  readonly failures: readonly string[];
  readonly timed: readonly Timed[];
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly duration?: number | null;
    }[];
  }[];
}

interface PlaywrightSuite {
  readonly file: string;
  readonly suites?: readonly PlaywrightSuite[];
  readonly specs?: readonly {
    readonly title: string;
    readonly tests: readonly {
      readonly projectName: string;
      readonly status: "expected" | "unexpected" | "flaky" | "skipped";
      readonly results: readonly { readonly duration: number }[];
    }[];
  }[];
}

interface PlaywrightReport {
  readonly suites: readonly PlaywrightSuite[];
  readonly errors: readonly { readonly message?: string }[];
}

interface Outcome extends Timed {
  readonly outcome: "passed" | "failed" | "skipped";
}

function summary(all: readonly Outcome[]): Suite {
  const count = (outcome: Outcome["outcome"]): number => all.filter((one) => one.outcome === outcome).length;
  return {
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("skipped"),
    failures: all.filter((one) => one.outcome === "failed").map((one) => one.name),
    timed: all.map(({ name, ms }) => ({ name, ms })),
  };
}

/** Reads Vitest's JSON. A file that could not even be loaded counts as one failure. */
export function fromVitest(report: VitestReport, root: string): Suite {
  const outcomes = report.testResults.flatMap((file): Outcome[] => {
    const path = file.name.replace(`${root}/`, "");
    const tests = file.assertionResults.map((one): Outcome => {
      const outcome = one.status === "passed" || one.status === "failed" ? one.status : "skipped";
      return { name: `${path} > ${one.fullName}`, ms: one.duration ?? 0, outcome };
    });
    const lost = file.status === "failed" && !tests.some((one) => one.outcome === "failed");
    return lost ? [...tests, { name: path, ms: 0, outcome: "failed" }] : tests;
  });
  return summary(outcomes);
}

/** Reads Playwright's JSON. A test that passed only on a retry is a failure: it is flaky. */
export function fromPlaywright(report: PlaywrightReport): Suite {
  const walk = (suite: PlaywrightSuite): Outcome[] => [
    ...(suite.specs ?? []).flatMap((spec) =>
      spec.tests.map((one): Outcome => {
        const outcome = one.status === "expected" ? "passed" : one.status === "skipped" ? "skipped" : "failed";
        const ms = one.results.reduce((sum, result) => sum + result.duration, 0);
        return { name: `${suite.file} > ${[spec.title, one.projectName].filter(Boolean).join(" on ")}`, ms, outcome };
      }),
    ),
    ...(suite.suites ?? []).flatMap(walk),
  ];
  const broken = report.errors.map((error): Outcome => {
    return { name: (error.message ?? "playwright").split("\n")[0] ?? "", ms: 0, outcome: "failed" };
  });
  return summary([...report.suites.flatMap(walk), ...broken]);
}

/** Reads a report file; a run that left none, or ended badly with none failed, counts as one failure. */
export function readSuite(path: string, status: number, read: (json: never) => Suite): Suite {
  let suite: Suite;
  try {
    suite = read(JSON.parse(readFileSync(path, "utf8")) as never);
  } catch {
    suite = { passed: 0, failed: 0, skipped: 0, failures: [], timed: [] };
    if (status === 0) return { ...suite, failed: 1, failures: [`${path} was not written`] };
  }
  if (status === 0 || suite.failed > 0) return suite;
  return { ...suite, failed: 1, failures: [`ended with status ${status}`] };
}
