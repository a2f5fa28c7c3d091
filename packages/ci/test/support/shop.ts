/** A small application with every kind of step: what the engine's tests push. */
export const shop = (more: { readonly answer?: string; readonly unit?: string } = {}): Record<string, string> => ({
  "package.json": '{"type":"module"}\n',
  "pipeline.ts": `
import { endToEnd, image, pipeline, push, script, step } from "@slipway/ci";

const dependencies = step("dependencies", {
  run: script("mkdir -p node_modules/price && echo 'export default 5' >node_modules/price/index.js && cat package.json"),
  inputs: ["package.json"],
  outputs: ["node_modules"],
});
const compile = step("compile", {
  needs: [dependencies],
  run: script("mkdir -p dist && cp src/main.js dist/main.js && cat node_modules/price/index.js"),
  outputs: ["dist"],
});
const unit = step("unit test", { needs: [compile], run: script(${JSON.stringify(more.unit ?? "test -s dist/main.js")}) });
const web = image("web", { needs: [compile], copy: [{ from: "dist", to: "/app" }], entry: ["node", "/app/main.js"] });
const check = 'const text = await (await fetch(process.env.SLIPWAY_URL + "/shop")).text(); console.log(text); process.exit(text === "open /shop" ? 0 : 1)';
const whole = endToEnd("end to end", { services: { web }, run: ["node", "--input-type=module", "-e", check] });

export default pipeline("shop", { on: push("review"), steps: [dependencies, compile, unit, web, whole] });
`,
  "app.ts": `
import type { App } from "@slipway/model";
const app: App = { name: "shop", hostname: "_", services: [{ name: "web", port: 3000, ready: "/ready", routes: ["/"] }] };
export default app;
`,
  "src/main.js": `
import http from "node:http";
http.createServer((request, response) => response.end(${JSON.stringify(more.answer ?? "open")} + " " + request.url)).listen(3000);
process.on("SIGTERM", () => process.exit(0));
`,
});

/** As quick as a pipeline can be that makes a result and an image. */
export const quick = (file = "one"): Record<string, string> => ({
  "package.json": '{"type":"module"}\n',
  "pipeline.ts": `
import { image, pipeline, push, script, step } from "@slipway/ci";
const build = step("build", { run: script("cp file dist/file"), outputs: ["dist"] });
const web = image("web", { needs: [build], copy: [{ from: "dist", to: "/app" }], entry: ["node"] });
export default pipeline("quick", { on: push("review"), steps: [build, web] });
`,
  "app.ts": 'export default { name: "quick", hostname: "_", services: [{ name: "web" }] };\n',
  file: `${file}\n`,
});
