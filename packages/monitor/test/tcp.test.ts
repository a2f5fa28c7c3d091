import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { systemClock } from "@slipway/model";
import { expect, test } from "vitest";
import { checkKinds } from "../src/checks/kinds.ts";
import { probe, type TcpCheckConfig } from "../src/checks/tcp.ts";

const context = (signal = new AbortController().signal) => ({
  clock: systemClock,
  signal,
  addresses: { app: "127.0.0.1" },
});
const config = (port: number): TcpCheckConfig => ({
  kind: "tcp",
  name: `tcp ${port}`,
  host: "app",
  severity: "critical",
  port,
  withinMs: 2_000,
});

test("a port that opens passes, a refusal fails, and a place that is not there is no answer", async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  expect(await probe(config(port), context())).toMatchObject({
    result: "passed",
    description: "",
    metric: expect.any(Number),
  });
  await new Promise((resolve) => server.close(resolve));
  expect(await probe(config(port), context())).toMatchObject({
    result: "failed",
    description: expect.stringContaining("ECONNREFUSED"),
  });
  expect(await probe({ ...config(port), host: "nowhere.invalid" }, context())).toMatchObject({ result: "no answer" });
  await expect(probe(config(port), context(AbortSignal.abort(new Error("stop"))))).rejects.toThrow("stop");
  expect(checkKinds).toHaveProperty("tcp");
});
