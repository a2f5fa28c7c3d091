import { type Clock, type Connection, SlipwayError, type SshAddress } from "@slipway/model";
import type { DigitalOcean } from "./client/client.ts";
import type { Droplet } from "./client/droplets.ts";
import { fail } from "./errors.ts";
import { type MachineInfo, sshAddress } from "./machines.ts";
import { rawKey, sha256OfKey } from "./ssh-key.ts";
import { freshTag, keyTags, readTags } from "./tags.ts";

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
  readonly client: DigitalOcean;
  readonly connection: Connection;
  readonly connect: (address: SshAddress) => Promise<Connection>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Replaces the host key that came by user data with one made on the host, which nobody else has seen. Until the new key was seen in use the tags
 * accept both, so that it may stop at any line and be repeated; then the old tags go.
 */
export async function renewHostKey(droplet: Droplet, machine: MachineInfo, by: By): Promise<void> {
  const run = async (script: string): Promise<string> => {
    const { status, stdout, stderr } = await by.connection.exec(["sh", "-c", script]);
    if (status !== 0)
      throw fail("machine.rekey", `the host key of ${machine.name} cannot be renewed: ${stderr.trim()}`);
    return stdout.trim();
  };
  const made = await run(make);
  const sha256 = sha256OfKey(made);
  const wanted = keyTags({ hostKeySha256: sha256, hostKey: rawKey(made).subarray(-32) });
  for (const tag of wanted) {
    if (droplet.tags.includes(tag)) continue;
    await by.client.tags.create(tag);
    await by.client.tags.assign(tag, "droplet", [droplet.id]);
  }
  await run(swap);
  await seen(machine, sha256, by);
  const old = droplet.tags.filter((tag) => /^slipway:host(key|pub):/.test(tag) && !wanted.includes(tag));
  for (const tag of old) await by.client.tags.remove(tag);
  await by.client.tags.unassign(freshTag, "droplet", [droplet.id]);
}

/** sshd starts anew to read the key: for a moment it is not there, or still shows the old one. */
const whileRestarting = ["connection.refused", "connection.busy", "machine.hostkey"];
const restartMs = 20_000;

async function seen(machine: MachineInfo, sha256: string, by: By): Promise<void> {
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

/** Whether the host key is still the one of the user data. */
export const isFresh = (droplet: Droplet): boolean => readTags(droplet.tags).fresh;
