import { expect, test } from "vitest";
import { callersFolder } from "../src/cli/context.ts";

test.each<[string, NodeJS.ProcessEnv, string]>([
  ["called directly", {}, "/app/infra"],
  [
    "by a script of the package, in its folder",
    { INIT_CWD: "/app/web", npm_package_json: "/app/infra/package.json" },
    "/app/web",
  ],
  [
    "by a script that goes elsewhere first",
    { INIT_CWD: "/app/web", npm_package_json: "/app/package.json" },
    "/app/infra",
  ],
  ["by who says only where it was called", { INIT_CWD: "/app/web" }, "/app/web"],
])("the folder of the user: %s", (_, env, expected) => {
  expect(callersFolder(env, "/app/infra")).toBe(expected);
});
