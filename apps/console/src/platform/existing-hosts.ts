import { ssh } from "@slipway/connection";
import { type ExitCode, exitCodes, messageOf, SlipwayError } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import type { Session } from "./session.ts";
import { existingAddress, existingSpec } from "./targets.ts";

/** A machine that is not made here, looked at. */
export interface ExistingHost {
  readonly host: string;
  readonly address: string;
  readonly ok: boolean;
  /** What is wrong. */
  readonly why?: string;
  readonly code?: string;
}

/** Long enough for a handshake over a bad link. */
const patienceMs = 10_000;

/** Whether the machines that were there answer with their pinned keys and let the operator in, all at once. Changes nothing. */
export async function lookAtExisting(
  session: Session,
  { signal, clock }: Context,
  only?: readonly string[],
): Promise<readonly ExistingHost[]> {
  const { platform } = session.project;
  const { privateKey } = session.identity.ssh;
  const hosts = platform.hosts.filter((host) => only === undefined || only.includes(host.name));
  const looks = hosts.map(async ({ name: host, on }): Promise<readonly ExistingHost[]> => {
    const spec = existingSpec(on);
    if (spec === undefined) return [];
    const { address } = spec;
    try {
      const to = existingAddress(host, spec);
      await using _connection = await ssh(to, { privateKey }, { signal, clock, timeoutMs: patienceMs });
      return [{ host, address, ok: true }];
    } catch (error) {
      signal.throwIfAborted();
      const code = error instanceof SlipwayError ? { code: error.code } : {};
      return [{ host, address, ok: false, why: messageOf(error), ...code }];
    }
  });
  return (await Promise.all(looks)).flat();
}

/** Lines as a plan has them. Pure. */
export const existingLines = (hosts: readonly ExistingHost[]): readonly string[] =>
  hosts.map(({ host, address, ok, why }) =>
    ok
      ? `  keep     host ${host}  (${address}; not made here, answers with its pinned key)`
      : `! problem  host ${host}  (${address}; not made here): ${why}`,
  );

/** 0; 5 when one shows another key; 1 when one does not answer. Pure. */
export const existingExit = (hosts: readonly ExistingHost[]): ExitCode => {
  if (hosts.every((one) => one.ok)) return exitCodes.done;
  return hosts.some((one) => one.code === "connection.host-key") ? exitCodes.refused : exitCodes.failed;
};
