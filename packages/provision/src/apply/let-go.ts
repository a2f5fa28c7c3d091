import { messageOf } from "@slipway/model";
import { fail } from "../errors.ts";
import { sshAddress } from "../machines.ts";
import type { Seen } from "../resource.ts";
import type { Run } from "./run.ts";

/** `$1` is the disk. What is mounted in what is mounted goes first. */
const script = `set -eu
[ -b "$1" ] || exit 0
findmnt -ln -o TARGET --source "$(readlink -f "$1")" | tac | while IFS= read -r at; do umount -- "$at"; done
sync`;

/**
 * Unmounts a volume on the machine that it is to leave, so that everything that was written is on it. Nothing when that machine is off, or not one of
 * the stack. Throws `volume.busy` while something on the machine uses it, or where that cannot be known.
 */
export async function letGo(volume: Seen<"volume">, run: Run): Promise<void> {
  const { name, device, attachedTo } = volume;
  if (device === undefined || attachedTo === "") return;
  const from = (await run.machines()).find(({ id }) => id === attachedTo);
  if (from?.status !== "active" || from.address === "") return;
  const busy = (why: string, cause?: unknown): Error =>
    fail("volume.busy", `volume ${name} does not leave ${from.name}: ${why}`, { cause });
  const unmounted = async (): Promise<string> => {
    await using connection = await run.connect(sshAddress(from));
    const { status, stderr } = await connection.exec(["sh", "-c", script, "sh", device], { signal: run.signal });
    return status === 0 ? "" : (stderr.trim().split("\n").at(-1) ?? `status ${status}`);
  };
  const why = await unmounted().catch((error: unknown) => {
    run.signal.throwIfAborted();
    throw busy(messageOf(error), error);
  });
  if (why !== "") throw busy(why);
}
