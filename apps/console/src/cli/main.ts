#!/usr/bin/env node
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { compiledFolder, keepCompiled } from "./compile-cache.ts";

keepCompiled();
// Without a verb there is but help to show, for which the few modules of the command line are there sooner.
const hasVerb = process.argv.slice(2).some((word) => !word.startsWith("-"));
const bundle = hasVerb ? await (await import("../bundle/open.ts")).openBundle(compiledFolder()) : undefined;
const url = pathToFileURL(join(import.meta.dirname, `run${extname(import.meta.filename)}`)).href;
const { run } = (bundle?.[url]?.() as typeof import("./run.ts") | undefined) ?? (await import("./run.ts"));
await run();
