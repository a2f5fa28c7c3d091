import { readFileSync } from "node:fs";
import type { Connection, Output } from "@slipway/model";

const recorded = (): string => readFileSync(new URL("./fixtures/debian-12.txt", import.meta.url), "utf8");

/** A host that answers the collect script from a recording, and can be switched off. */
export interface FakeHost {
  mode: "up" | "refuses" | "hangs" | "breaks";
  connects: number;
  open: number;
  execs: number;
  /** Changes what it says. */
  reply: (recorded: string) => string;
  connect(): Promise<Connection>;
}

export function fakeHost(): FakeHost {
  const refuse = (): never => {
    throw new Error("a fake host runs only the collect script");
  };
  const host: FakeHost = {
    mode: "up",
    connects: 0,
    open: 0,
    execs: 0,
    reply: (recorded) => recorded,
    async connect() {
      host.connects += 1;
      if (host.mode === "refuses") throw new Error("connection refused");
      if (host.mode === "hangs") return new Promise<Connection>(() => {});
      host.open += 1;
      let open = true;
      return {
        host: "fake",
        get open() {
          return open;
        },
        exec: async (): Promise<Output> => {
          host.execs += 1;
          if (host.mode === "hangs") return new Promise<Output>(() => {});
          if (host.mode !== "up") throw new Error("connection lost");
          return { status: 0, stdout: host.reply(recorded()), stderr: "" };
        },
        again: host.connect,
        spawn: refuse,
        socket: refuse,
        tcp: refuse,
        async [Symbol.asyncDispose]() {
          if (open) host.open -= 1;
          open = false;
        },
      };
    },
  };
  return host;
}
