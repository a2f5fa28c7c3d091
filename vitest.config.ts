import { defineConfig } from "vitest/config";
import LongestFirst from "./scripts/longest-first.ts";

const left = ["**/node_modules/**", "**/dist/**", "**/.slipway/**"];

/**
 * Two projects. `unit`: fast, no Docker, all files in parallel. `host`: needs Docker and real
 * hosts, so three files at a time and patient.
 */
export default defineConfig({
  // Workspace packages resolve to their sources; nothing has to be built first.
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  test: {
    passWithNoTests: true,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/test/**/*.test.ts"],
          exclude: [...left, "**/*.host.test.ts"],
          testTimeout: 10_000,
        },
      },
      {
        extends: true,
        test: {
          name: "host",
          include: ["**/test/**/*.host.test.ts"],
          exclude: left,
          // More than there are processors: they mostly wait, for machines to boot, packages to be unpacked, time to run out.
          maxWorkers: 3,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
