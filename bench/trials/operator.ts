import { apply } from "@slipway/config";
import { ssh } from "@slipway/connection";
import type { SshAddress } from "@slipway/model";
import { stepped } from "./stepped.ts";
import { codeOf } from "./support.ts";

/** As a program: applies the stepped host over the address on standard input, says each event, and ends by SIGINT as `ops` does. */
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const chunks: string[] = [];
for await (const chunk of process.stdin) chunks.push(String(chunk));
const { address, privateKey } = JSON.parse(chunks.join("")) as { address: SshAddress; privateKey: string };
const say = (what: string): boolean => process.stdout.write(`${what}\n`);
try {
  await using connection = await ssh(address, { privateKey }, { signal: stop.signal });
  say("connected");
  const { failed, blocked } = await apply(stepped, connection, {
    signal: stop.signal,
    onEvent: (event) => say(event.type),
  });
  say(`ended failed=${failed + blocked}`);
} catch (error) {
  say(`ended ${stop.signal.aborted && !(error instanceof Error && "code" in error) ? "by the signal" : codeOf(error)}`);
}
