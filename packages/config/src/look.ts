import { type Connection, type Fact, messageOf, readingsOf, together } from "@slipway/model";
import { repliesOf, valueIn } from "./engine/evaluate.ts";
import { frameReader } from "./engine/frames.ts";
import { batches, message, prologue, readingScript } from "./engine/script.ts";
import { fail } from "./errors.ts";

/** Facts by a name of one's own. */
export type Facts<T> = { readonly [K in keyof T]: Fact<T[K]> };

/**
 * Reads any facts of a host in one round trip: `await look(connection, { kernel: facts.kernel, memory: facts.memory })`. Changes
 * nothing and takes no lock. Throws `config.unreadable` when an answer is not understood.
 */
export async function look<T extends Readonly<Record<string, unknown>>>(
  connection: Connection,
  wanted: Facts<T>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<T> {
  const fact = together<T>(wanted);
  const all = batches(readingsOf(fact));
  const nonce = crypto.randomUUID().replaceAll("-", "");
  const output = await connection.exec(["sh"], {
    stdin: `${prologue(nonce)}\n${message(readingScript(all))}`,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const frames = frameReader(nonce)(output.stdout);
  if (frames.at(-1)?.name !== "end") {
    throw fail(
      "config.session",
      `the shell on ${connection.host} ended early with status ${output.status}: ${output.stderr.trim().slice(-2_000)}`,
    );
  }
  const replies = repliesOf(all, frames);
  const entries = Object.entries<Fact<unknown>>(wanted).map(([name, one]) => {
    try {
      return [name, valueIn(one, { replies })] as const;
    } catch (cause) {
      throw fail("config.unreadable", `cannot tell ${name} of ${connection.host}: ${messageOf(cause)}`, { cause });
    }
  });
  return Object.fromEntries(entries) as T;
}
