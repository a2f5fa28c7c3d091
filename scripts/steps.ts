import { join } from "node:path";
import { violations } from "./arrows.ts";
import { publishable } from "./publishable.ts";
import { fromPlaywright, fromVitest, readSuite, type Suite } from "./reports.ts";
import type { Ran } from "./run.ts";

type Command = readonly [string, ...string[]];

interface Named {
  readonly name: string;
  readonly title: string;
  readonly minutes: number;
}

/** Passes or fails as one. */
export interface CommandCheck extends Named {
  readonly kind: "command";
  readonly argv: Command;
}

/** Some checks made in this process; each counts. */
export interface FunctionCheck extends Named {
  readonly kind: "function";
  readonly check: (root: string) => Promise<readonly { name: string; problems: readonly string[] }[]>;
}

/** A test runner that leaves a JSON report; each test counts. */
export interface SuiteStep extends Named {
  readonly kind: "suite";
  readonly argv: (report: string, filters: readonly string[]) => Command;
  readonly read: (report: string, ran: Ran, root: string) => Suite;
  readonly cwd?: string;
}

export type Step = CommandCheck | FunctionCheck | SuiteStep;

const vitest = (project: string, minutes: number, title: string): SuiteStep => ({
  kind: "suite",
  name: project,
  title,
  minutes,
  argv: (report, filters) => [
    "vitest",
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...filters,
  ],
  read: (report, ran, root) => readSuite(report, ran.status, (json) => fromVitest(json, root)),
});

/** Only where DigitalOcean's OpenAPI document is at hand: it is not part of this project. */
const conformance = (document: string | undefined): readonly CommandCheck[] =>
  document === undefined
    ? []
    : [
        {
          kind: "command",
          name: "conformance",
          title: "client and local cloud against DigitalOcean's document",
          minutes: 10,
          argv: ["node", "--conditions=source", "packages/provision/test/conformance/main.ts", document],
        },
      ];

/** Everything that `ops test` runs, in this order. */
export const steps: readonly Step[] = [
  { kind: "command", name: "format", title: "format and lint (biome)", minutes: 2, argv: ["biome", "check", "."] },
  { kind: "command", name: "lint", title: "type-aware lint (oxlint)", minutes: 3, argv: ["oxlint", "."] },
  {
    kind: "function",
    name: "arrows",
    title: "arrows between packages",
    minutes: 1,
    check: async (root) => [
      { name: "arrows", problems: violations(root).map(({ file, line, reason }) => `${file}:${line} ${reason}`) },
    ],
  },
  { kind: "command", name: "knip", title: "unused files and dependencies (knip)", minutes: 3, argv: ["knip"] },
  { kind: "command", name: "types", title: "types, and type tests (tsc)", minutes: 5, argv: ["tsc", "-b"] },
  { kind: "command", name: "build", title: "build (nx)", minutes: 5, argv: ["nx", "run-many", "-t", "build"] },
  { kind: "function", name: "publint", title: "packages as published (publint)", minutes: 3, check: publishable },
  ...conformance(process.env["SLIPWAY_OPENAPI"]),
  vitest("unit", 8, "unit tests"),
  vitest("host", 30, "tests on real hosts"),
  {
    kind: "suite",
    name: "browser",
    title: "the whole platform, in the browser too",
    minutes: 20,
    cwd: "e2e",
    argv: (_, filters) => ["playwright", "test", "--pass-with-no-tests", "--reporter=list,json", ...filters],
    read: (report, ran) => readSuite(report, ran.status, fromPlaywright),
  },
];

/** Where a suite's report goes. */
export const reportOf = (root: string, step: SuiteStep): string => join(root, ".slipway/test", `${step.name}.json`);

/**
 * The steps that words on the command line ask for, and what is left over to filter tests by file
 * name. No words: everything. Only filters: only the test suites.
 */
export function choose(words: readonly string[]): { steps: readonly Step[]; filters: readonly string[] } {
  const named = steps.filter((step) => words.includes(step.name));
  const filters = words.filter((word) => !steps.some((step) => step.name === word));
  if (words.length === 0) return { steps, filters };
  return { steps: named.length > 0 ? named : steps.filter((step) => step.kind === "suite"), filters };
}
