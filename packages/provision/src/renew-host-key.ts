import { type Clock, type Connection, SlipwayError, type SshAddress } from "@slipway/model";
import { fail } from "./errors.ts";
import { sshAddress } from "./machines.ts";
import type { Provider } from "./provider.ts";
import type { SeenMachine } from "./resource.ts";
import { sha256OfKey } from "./ssh-key.ts";

const key = "/etc/ssh/ssh_host_ed25519_key";

/** Makes the next key unless a former run did, and prints its public half. */
const make = `set -e
umask 077
[ -s ${key}.next.pub ] || { rm -f ${key}.next; ssh-keygen -q -t ed25519 -N '' -C "$(hostname)" -f ${key}.next; }
cat ${key}.next.pub`;

/** The private half last: sshd needs no more than it. */
const swap = `set -e
mv ${key}.next.pub ${key}.pub
mv ${key}.next ${key}
systemctl reload ssh`;

interface By {
  readonly provider: Provider;
  readonly connection: Connection;
  readonly connect: (address: SshAddress) => Promise<Connection>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Replaces the host key that came by user data with one made on the host, which nobody else has seen. Until the new key was seen in use the marks
 * accept both, so that it may stop at any line and be repeated; then the old ones go. Resolves with the machine as it is then: lists may tell of its old
 * key for a while.
 */
export async function renewHostKey(machine: SeenMachine, by: By): Promise<SeenMachine> {
  const run = async (script: string): Promise<string> => {
    const { status, stdout, stderr } = await by.connection.exec(["sh", "-c", script]);
    if (status !== 0)
      throw fail("machine.rekey", `the host key of ${machine.name} cannot be renewed: ${stderr.trim()}`);
    return stdout.trim();
  };
  const made = (await run(make)).split(" ").slice(0, 2).join(" ");
  const sha256 = sha256OfKey(made);
  const both: SeenMachine = machine.hostPublicKeys.includes(made)
    ? machine
    : {
        ...machine,
        hostKeys: [...machine.hostKeys, sha256],
        hostPublicKeys: [...machine.hostPublicKeys, made],
      };
  if (both !== machine) await by.provider.pin(machine, both.hostPublicKeys, true);
  await run(swap);
  await seen(machine, sha256, by);
  await by.provider.pin(both, [made], false);
  return { ...machine, hostKeys: [sha256], hostPublicKeys: [made], fresh: false };
}

/** sshd starts anew to read the key: for a moment it is not there, or still shows the old one. */
const whileRestarting = ["connection.refused", "connection.busy", "machine.hostkey"];
const restartMs = 20_000;

async function seen(machine: SeenMachine, sha256: string, by: By): Promise<void> {
  const until = by.clock.monotonic() + restartMs;
  for (;;) {
    try {
      const connection = await by.connect({ ...sshAddress(machine), hostKeys: [sha256] });
      return await connection[Symbol.asyncDispose]();
    } catch (error) {
      const passes = error instanceof SlipwayError && whileRestarting.includes(error.code);
      if (!passes || by.clock.monotonic() > until) throw error;
      await by.clock.sleep(100, by.signal);
    }
  }
}
