import { connect } from "node:net";
import { messageOf } from "@slipway/model";
import type { CheckConfig, Finding, Probe } from "./check.ts";

export interface TcpCheckConfig extends CheckConfig {
  readonly kind: "tcp";
  readonly port: number;
  /** Until the connection is open. */
  readonly withinMs: number;
}

/** Opens a connection to the port of the check's host and ends it at once. */
export const probe: Probe<TcpCheckConfig> = async (config, { clock, signal, addresses }) => {
  const { host, port, withinMs } = config;
  const started = clock.monotonic();
  const finding = await new Promise<Finding>((resolve) => {
    const socket = connect({ host: addresses[host] ?? host, port, signal });
    socket.setTimeout(withinMs, () => end({ result: "no answer", description: `no answer within ${withinMs} ms` }));
    const end = (found: Finding): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once("connect", () => end({ result: "passed", description: "" }));
    // A refusal is an answer; silence and a missing route are none.
    socket.on("error", (error: NodeJS.ErrnoException) =>
      end({
        result: error.code === "ECONNREFUSED" || error.code === "ECONNRESET" ? "failed" : "no answer",
        description: messageOf(error),
      }),
    );
  });
  signal.throwIfAborted();
  return { ...finding, metric: Math.round((clock.monotonic() - started) * 10) / 10 };
};
