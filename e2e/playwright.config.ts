import { defineConfig } from "@playwright/test";

/** Browser tests on the system's chromium. Screenshots and traces are kept when a test fails. */
export default defineConfig({
  testDir: "browser",
  testMatch: "**/*.spec.ts",
  // One platform for all: brought up before the first test, taken down after the last, whatever happened.
  globalSetup: "./browser/global.ts",
  outputDir: "../.slipway/test/browser",
  fullyParallel: false,
  forbidOnly: process.env["CI"] !== undefined,
  retries: 0,
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env["SLIPWAY_CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
