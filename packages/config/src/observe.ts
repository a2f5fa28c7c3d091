import { type Connection, type Host, quote, type Secrets, type Surroundings } from "@slipway/model";
import { appliedScript, ofThisList, readApplied } from "./engine/applied.ts";
import { digestsOf, readingsOfItem, repliesOf, reveal, type Seen } from "./engine/evaluate.ts";
import { endOfFrame, frameReader } from "./engine/frames.ts";
import { itemsOf } from "./engine/items.ts";
import { listOf } from "./engine/options.ts";
import { batches, defaultStateFolder, message, prologue, readingScript } from "./engine/script.ts";
import { fail } from "./errors.ts";

export interface ObserveOptions {
  readonly secrets?: Secrets;
  readonly signal?: AbortSignal;
  /** The platform's other hosts, for properties that are derived from them. Default: this host alone. */
  readonly around?: Surroundings;
  /** As in ApplyOptions. */
  readonly stateFolder?: string;
  readonly list?: string;
  readonly adopt?: boolean;
}

/**
 * Reads all that a host's properties ask, in one round trip. Changes nothing and takes no lock. Throws `config.other-list` for a host that
 * was configured from another list.
 */
export async function observe(host: Host, connection: Connection, options: ObserveOptions = {}): Promise<Seen> {
  const items = itemsOf(host, options.around);
  const revealed = await reveal(host, items, options.secrets);
  const all = batches(items.flatMap(readingsOfItem));
  const nonce = crypto.randomUUID().replaceAll("-", "");
  const body = [
    `S=${quote(options.stateFolder ?? defaultStateFolder)}`,
    readingScript(all),
    'ls "$S/pending" 2>/dev/null',
    endOfFrame("pending", "0"),
    appliedScript(""),
    endOfFrame("applied", "0"),
  ].join("\n");
  const output = await connection.exec(["sh"], {
    stdin: `${prologue(nonce)}\n${message(body)}`,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const frames = frameReader(nonce)(output.stdout);
  if (frames.at(-1)?.name !== "end") {
    throw fail(
      "config.session",
      `the shell on ${connection.host} ended early with status ${output.status}: ${output.stderr.trim().slice(-2_000)}`,
    );
  }
  const text = (name: string): string => frames.find((frame) => frame.name === name)?.text ?? "";
  const pending = text("pending")
    .split("\n")
    .filter((line) => line !== "");
  return {
    replies: repliesOf(all, frames),
    pending,
    digests: digestsOf(items, revealed),
    applied: ofThisList(readApplied(text("applied")), host.name, listOf(host, options), options.adopt === true),
  };
}
