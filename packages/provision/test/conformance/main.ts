// Holds the client and the local cloud against DigitalOcean's OpenAPI document, which is not part of this project:
//   node --conditions=source packages/provision/test/conformance/main.ts DOCUMENT
//     --paper       only what needs no cloud: shapes, examples, requests
//     --serve URL   instead: stands in front of a cloud, lets everything through and tells what is not as described
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkLocalCloud } from "./on-local-cloud.ts";
import { checkOnPaper } from "./on-paper.ts";
import { stand } from "./proxy.ts";
import { validator } from "./validator.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { paper: { type: "boolean" }, serve: { type: "string" } },
});
const [file] = positionals;
if (file === undefined) {
  console.error("usage: main.ts DOCUMENT [--paper | --serve URL]");
  process.exit(2);
}
const judge = validator(JSON.parse(readFileSync(file, "utf8")));
if (values.serve !== undefined) {
  console.log(`http://127.0.0.1:${await stand(judge, values.serve, (line) => console.log(line))}`);
} else {
  const all = judge.document.operations.length;
  const paper = await checkOnPaper(judge);
  for (const problem of paper.problems) console.log(`✗ ${problem}`);
  console.log(
    `client: ${paper.operations.size} of ${all} operations, ${paper.shapes} shapes, ${paper.examples} examples, ${paper.problems.length} problems`,
  );
  const local = values.paper === true ? undefined : await checkLocalCloud(judge);
  if (local !== undefined) {
    for (const problem of local.problems) console.log(`✗ ${problem}`);
    console.log(
      `local cloud: ${local.served.size} of ${all} operations served, ${local.exchanges} exchanges, ${local.problems.length} problems`,
    );
  }
  process.exitCode = Number(paper.problems.length + (local?.problems.length ?? 0) > 0);
}
