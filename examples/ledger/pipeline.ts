import { endToEnd, image, pipeline, push, script, step } from "@slipway/ci";

const manifests = ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"];

const dependencies = step("dependencies", {
  run: ["pnpm", "install", "--frozen-lockfile"],
  inputs: manifests,
  outputs: ["node_modules"],
  network: "internet",
});

const compile = step("compile", {
  run: script("node_modules/.bin/tsc; node_modules/.bin/tsc -p tests"),
  needs: [dependencies],
  inputs: [...manifests, "tsconfig.json", "src", "tests", "e2e"],
  outputs: ["dist"],
});

const unit = step("unit", {
  run: ["node", "--test", "tests/*.test.ts"],
  needs: [dependencies],
  inputs: ["package.json", "src", "tests"],
});

/** The parts that a service runs on, so that a change elsewhere leaves its image as it is. */
const service = (name: "core" | "mail" | "web", parts: readonly string[]) =>
  image(name, {
    needs: [compile],
    copy: ["package.json", `dist/${name}`, ...parts].map((from) => ({
      from,
      to: `/app/${from.replace(/^src/, "dist")}`,
    })),
    entry: ["node", "--disable-warning=ExperimentalWarning", `/app/dist/${name}/main.js`],
  });

const core = service("core", ["dist/http", "dist/stream"]);
const mail = service("mail", ["dist/http", "dist/stream"]);
const web = service("web", ["dist/http", "src/web/style.css"]);

const whole = endToEnd("end to end", {
  run: ["node", "--test", "e2e/*.test.ts"],
  needs: [unit],
  inputs: ["package.json", "e2e"],
  services: { core, mail, web },
  timeout: "2m",
});

export default pipeline("ledger", {
  on: push("review"),
  steps: [dependencies, compile, unit, core, mail, web, whole],
});
