import { exitCodes } from "@slipway/model";
import { refOf, type SeenMachine } from "@slipway/provision";
import type { Context } from "../../cli/context.ts";
import { fail } from "../../errors.ts";
import { machineRef, wantedHere } from "../../platform/provisioning.ts";
import { openSession } from "../../platform/session.ts";

/** Puts the mark on machines that keeps them from being destroyed or replaced, or takes it away. */
export async function protectHosts(
  context: Context,
  { hosts, on }: { readonly hosts: readonly string[]; readonly on: boolean },
): Promise<number> {
  await using session = await openSession(context);
  const refs = hosts.map((name) => machineRef(session, name));
  const wanted = wantedHere(session);
  if (!on)
    for (const one of wanted)
      if (one.kind === "machine" && one.protect && refs.includes(refOf(one)))
        throw fail("ops.protected", `ops.config.ts protects ${one.name}`, {
          hint: "Take protect out of its droplet(…) first: otherwise the next run protects it again.",
        });
  const { provider } = await session.cloud();
  const seen = (await provider.machines()).filter((one) => one.ours && !one.retired);
  const machines = refs.map((ref, index): SeenMachine => {
    const machine = seen.find((one) => refOf(one) === ref);
    if (machine === undefined) throw fail("ops.not-provisioned", `the machine of ${hosts[index]} does not exist`);
    return machine;
  });
  const changing = machines.filter((one) => one.protect !== on);
  for (const machine of changing) {
    const { userDataDigest: _, ...asWanted } = machine;
    await provider.makes.machine?.update(machine, { ...asWanted, protect: on }, ["protect"], new Map());
    context.out.mark("changed", `${machine.name} is ${on ? "protected" : "protected no longer"}`);
  }
  context.out.result(`${changing.length} ${changing.length === 1 ? "change" : "changes"}`, {
    ok: true,
    changes: changing.length,
    hosts: hosts.map((host) => ({ host, protected: on })),
  });
  return exitCodes.done;
}
