import { each } from "@slipway/config";
import { type ExitCode, exitCodes, messageOf, SlipwayError } from "@slipway/model";
import type { Context } from "../cli/context.ts";

/** Like a fleet without batches: many, but not hundreds of connections at once. */
export const hostsAtOnce = 20;

export interface HostFailure {
  readonly host: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** Whatever a host goes by: the host itself, or one that is prepared. */
type Named = { readonly name: string } | { readonly host: { readonly name: string } };
const nameOf = (one: Named): string => ("host" in one ? one.host.name : one.name);

export interface Answers<H, T> {
  /** In the order of the hosts. */
  readonly answers: readonly { readonly host: H; readonly value: T }[];
  readonly failed: readonly HostFailure[];
  /** 0; 3 when some hosts gave nothing; when none gave anything what their errors say, or 1. */
  readonly exit: ExitCode;
}

/** Asks every host, in parallel. What fails on one is told and stops no other. Rejects only when the signal aborts. */
export async function eachHost<H extends Named, T>(
  hosts: readonly H[],
  context: Context,
  ask: (host: H) => Promise<T>,
  atOnce: number = hostsAtOnce,
): Promise<Answers<H, T>> {
  const all = await each(hosts, atOnce, async (host) => {
    try {
      context.signal.throwIfAborted();
      return { host, value: await ask(host) };
    } catch (error) {
      return { host, error };
    }
  });
  context.signal.throwIfAborted();
  const answers: { readonly host: H; readonly value: T }[] = [];
  const failed: HostFailure[] = [];
  const exits = new Set<ExitCode>();
  for (const one of all) {
    if ("value" in one) {
      answers.push(one as { readonly host: H; readonly value: T });
      continue;
    }
    const known = one.error instanceof SlipwayError ? one.error : undefined;
    const message = messageOf(one.error);
    exits.add(known?.exitCode ?? exitCodes.failed);
    failed.push({
      host: nameOf(one.host),
      code: known?.code ?? "ops.unexpected",
      message,
      ...(known?.hint === undefined ? {} : { hint: known.hint }),
    });
    context.out.mark("bad", `${nameOf(one.host)}: ${message}`);
    if (known?.hint !== undefined && known.hint !== "") context.out.say(`      ${known.hint}`);
  }
  const [only] = exits;
  const exit =
    failed.length === 0
      ? exitCodes.done
      : answers.length > 0
        ? exitCodes.partlyFailed
        : exits.size === 1
          ? (only ?? exitCodes.failed)
          : exitCodes.failed;
  return { answers, failed, exit };
}
