/* oxlint-disable no-empty-pattern -- Playwright reads from the pattern which fixtures are used */
import { readFileSync } from "node:fs";
import { test as base, type TestInfo } from "@playwright/test";
import { platformVariable } from "./global.ts";
import type { Platform } from "./platform.ts";
import { killAll } from "./run.ts";

function platformHere(): Platform {
  const file = process.env[platformVariable];
  if (file === undefined) throw new Error("the global setup did not run");
  return JSON.parse(readFileSync(file, "utf8")) as Platform;
}

/** Tests of the platform that the global setup brought up. What a test starts ends with it. */
export const test = base.extend<{ platform: Platform }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from this pattern which fixtures are used
  platform: async ({}, use) => {
    await use(platformHere());
    killAll();
  },
});

export { expect } from "@playwright/test";

/** Widths that people have: a desk and a phone. */
export const widths = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

/** Keeps a screenshot with the report. */
export const keep = (info: TestInfo, name: string, body: Buffer): Promise<void> =>
  info.attach(name, { body, contentType: "image/png" });
