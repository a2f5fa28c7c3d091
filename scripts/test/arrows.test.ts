import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { importsOf, refuse, violations } from "../arrows.ts";

test.each([
  ["packages/deploy/src/plan.ts", "@slipway/ci"],
  ["packages/connection/src/ssh.ts", "@slipway/config"],
  ["packages/model/src/host.ts", "@slipway/journal"],
  ["packages/trust/src/vault.ts", "@slipway/journal"],
  ["packages/config/src/engine.ts", "@slipway/console"],
  ["packages/config/src/engine.ts", "@slipway/machines"],
  ["packages/config/src/engine.ts", "../../deploy/src/plan.ts"],
  ["packages/provision/src/local.ts", "dockerode"],
  ["packages/provision/src/server.ts", "fastify"],
  ["packages/provision/src/server.ts", "@fastify/static"],
  ["packages/ci/src/sign.ts", "openpgp"],
  ["packages/ci/src/run.ts", "ssh2/lib/client.js"],
  ["packages/model/src/host.ts", "zod"],
  ["apps/console/src/cli/main.ts", "@slipway/e2e"],
  ["bench/main.ts", "ssh2"],
])("%s may not import %s", (file, specifier) => {
  expect(refuse(file, specifier)).toBeTypeOf("string");
});

test.each([
  ["packages/deploy/src/plan.ts", "@slipway/model"],
  ["packages/deploy/src/plan.ts", "@slipway/connection/ssh"],
  ["packages/deploy/src/plan.ts", "./rollout.ts"],
  ["packages/deploy/test/plan.host.test.ts", "@slipway/machines"],
  ["packages/connection/src/ssh.ts", "ssh2"],
  ["packages/connection/src/ssh.ts", "node:net"],
  ["packages/model/test/clock.test.ts", "vitest"],
  ["apps/console/src/cli/main.ts", "@slipway/monitor"],
  ["e2e/test/voyage.host.test.ts", "@slipway/console"],
])("%s may import %s", (file, specifier) => {
  expect(refuse(file, specifier)).toBeUndefined();
});

test("finds static, type, side-effect, re-exported and lazy imports, and none in comments", () => {
  const text = [
    '// import { a } from "comment";',
    "/**",
    ' * import { b } from "example";',
    " */",
    "import type {",
    "  C,",
    '} from "several-lines";',
    'import "side-effect";',
    'export * from "again";',
    'const lazy = await import("lazy");',
    "const address = 'https://example.org'; // a tail",
  ].join("\n");
  expect(importsOf(text)).toEqual([
    { specifier: "several-lines", line: 7 },
    { specifier: "side-effect", line: 8 },
    { specifier: "again", line: 9 },
    { specifier: "lazy", line: 10 },
  ]);
});

test("a violation in a repository is caught, in sources and in package.json", () => {
  const root = mkdtempSync(join(tmpdir(), "slipway-arrows-"));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  try {
    write(
      "packages/ci/src/queue.ts",
      'import type { Host } from "@slipway/model";\nimport { plan } from "@slipway/deploy";\n',
    );
    write("packages/ci/package.json", JSON.stringify({ dependencies: { "@slipway/monitor": "workspace:*" } }));
    write("packages/ci/node_modules/other/index.js", 'import "dockerode";');
    expect(violations(root)).toEqual([
      {
        file: "packages/ci/src/queue.ts",
        line: 2,
        reason: expect.stringContaining("ci may not import deploy") as string,
      },
      {
        file: "packages/ci/package.json",
        line: 1,
        reason: expect.stringContaining("ci may not import monitor") as string,
      },
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
