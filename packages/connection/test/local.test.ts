import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { local } from "@slipway/connection";
import { contract } from "./contract.ts";
import { startEcho } from "./echo.ts";

contract("local", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-local-"));
  const echo = await startEcho(folder);
  return {
    open: async () => local(),
    echo,
    async [Symbol.asyncDispose]() {
      await echo[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
});
