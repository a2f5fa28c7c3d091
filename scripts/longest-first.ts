import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Test files that take long, the longest first. */
const long = [
  "config/test/real/debian-12.host.test.ts",
  "config/test/real/debian-13.host.test.ts",
  "config/test/odd.host.test.ts",
  "config/test/link.host.test.ts",
  "config/test/metacharacters.host.test.ts",
  "deploy/test/rollout.host.test.ts",
  "deploy/test/crash.host.test.ts",
  "console/test/provision.host.test.ts",
  "config/test/lockout.host.test.ts",
  "provision/test/killed.host.test.ts",
  "config/test/properties.host.test.ts",
  "ci/test/engine.host.test.ts",
  "deploy/test/switch.host.test.ts",
  "provision/test/droplet-crash.host.test.ts",
  "ci/test/crash.host.test.ts",
  "provision/test/resources.host.test.ts",
  "e2e/test/ci-host.host.test.ts",
  "provision/test/hetzner.host.test.ts",
];

/**
 * The order of test files on a machine that knows nothing of earlier runs, where Vitest goes by the files' sizes: what takes long would begin last, and
 * end alone.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = ({ moduleId }: TestSpecification): number => {
      const found = long.findIndex((one) => moduleId.endsWith(one));
      return found === -1 ? long.length : found;
    };
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}
