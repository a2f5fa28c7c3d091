import { typecheckConfig } from "@slipway/console/platform/typecheck";

/** As a program: type-checks a file as `ops` does, with or without what it keeps from the last time, and says how long it took in ms. */
const [file = "", cacheFolder = ""] = process.argv.slice(2);
const from = performance.now();
await typecheckConfig(file, cacheFolder);
process.stdout.write(`${performance.now() - from}\n`);
