import { tryAll } from "./harness.ts";

await tryAll("12");
