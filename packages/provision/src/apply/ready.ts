import { fail } from "../errors.ts";
import { sshAddress } from "../machines.ts";
import { renewHostKey } from "../renew-host-key.ts";
import type { Ref, SeenMachine } from "../resource.ts";
import { yieldToOlder } from "./rivals.ts";
import type { Run } from "./run.ts";

/** Takes an active machine to the end: sshd answers, its host key is verified, cloud-init is done, and the host key is one of its own. */
export async function ready(ref: Ref, machine: SeenMachine, run: Run): Promise<void> {
  while (!(await run.answers(machine.address))) await run.clock.sleep(100, run.signal);
  run.tell(ref, "answers");
  await using connection = await run.connect(sshAddress(machine));
  run.tell(ref, "verified", machine.hostKeys.at(-1));
  const waited = await connection.exec(["cloud-init", "status", "--wait"], { signal: run.signal });
  // Status 2 is a success with warnings.
  if (waited.status === 1) throw fail("machine.slow", `cloud-init failed on ${machine.name}: ${waited.stdout.trim()}`);
  run.tell(ref, "initialized");
  if (machine.fresh) {
    run.links.set(ref, await renewHostKey(machine, { ...run, connection }));
    run.tell(ref, "rekeyed");
  }
  await yieldToOlder(ref, machine, run);
  run.tell(ref, "ready");
}
