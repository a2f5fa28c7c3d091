import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import type { FleetEvent } from "@slipway/config";
import { messageOf } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { jsonLine } from "../cli/output.ts";
import { fail } from "../errors.ts";

/** Where events go as lines of JSON, each with `at` in ISO form. */
export interface EventSink {
  write(event: FleetEvent): void;
  /** Resolves when all of it is written. */
  close(): Promise<void>;
}

/** Opens a file for events, or standard output for `-`. Secrets are hidden. Throws `ops.cannot-write`. */
export async function eventSink(
  target: string,
  { clock, out: { hidden } }: Pick<Context, "clock" | "out">,
): Promise<EventSink> {
  const line = (event: FleetEvent): string => {
    const { type, ...more } = event;
    const host = "host" in more ? { host: more.host } : {};
    return jsonLine({ at: new Date(clock.now()).toISOString(), ...host, type, ...more }, hidden);
  };
  if (target === "-") {
    return { write: (event) => void process.stdout.write(line(event)), close: () => Promise.resolve() };
  }
  const stream = createWriteStream(target, { mode: 0o600 });
  await opened(stream, target);
  let broken: unknown;
  stream.on("error", (error) => {
    broken ??= error;
  });
  return {
    write: (event) => void stream.write(line(event)),
    close: async () => {
      await new Promise<void>((resolve) => stream.end(resolve));
      if (broken !== undefined) throw fail("ops.cannot-write", `the events could not be written: ${messageOf(broken)}`);
    },
  };
}

async function opened(stream: WriteStream, target: string): Promise<void> {
  try {
    await once(stream, "open");
  } catch (cause) {
    throw fail("ops.cannot-write", `${target} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
