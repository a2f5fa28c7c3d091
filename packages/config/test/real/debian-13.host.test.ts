import { tryAll } from "./harness.ts";

await tryAll("13");
