#!/usr/bin/env node
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { openBundle } from "../bundle/open.ts";
import { compiledFolder, keepCompiled } from "./compile-cache.ts";

keepCompiled();
const bundle = await openBundle(compiledFolder());
const url = pathToFileURL(join(import.meta.dirname, `run${extname(import.meta.filename)}`)).href;
const { run } = (bundle?.[url]?.() as typeof import("./run.ts") | undefined) ?? (await import("./run.ts"));
await run();
