import { exitCodes } from "@slipway/model";
import { type Ref, refOf, type Seen } from "@slipway/provision";
import type { Context } from "../../cli/context.ts";
import { fail } from "../../errors.ts";
import { machineRef, wantedHere } from "../../platform/provisioning.ts";
import { openSession, type Session } from "../../platform/session.ts";

/** `web` is the machine of that host, `volume:data` a volume. Throws `ops.unknown-host`, `ops.not-made`. */
function refNamed(session: Session, what: string): Ref {
  const [kind, name] = what.split(":");
  if (kind === "volume" && name !== undefined && name !== "") return refOf({ kind, name });
  return machineRef(session, what);
}

type Protectable = Seen<"machine"> | Seen<"volume">;
const canBeProtected = (one: Seen): one is Protectable => one.kind === "machine" || one.kind === "volume";

/** Puts the mark on machines and volumes that keeps them from being destroyed or replaced, or takes it away. */
export async function protectHosts(
  context: Context,
  { names, on }: { readonly names: readonly string[]; readonly on: boolean },
): Promise<number> {
  await using session = await openSession(context);
  const refs = names.map((name) => refNamed(session, name));
  const wanted = wantedHere(session);
  if (!on)
    for (const one of wanted)
      if ("protect" in one && one.protect && refs.includes(refOf(one)))
        throw fail("ops.protected", `ops.config.ts protects ${one.name}`, {
          hint: "Take protect out there first: otherwise the next run protects it again.",
        });
  const { provider } = await session.cloud();
  const seen = (await provider.observe({ wanted, all: refs.some((ref) => ref.startsWith("volume ")) }))
    .filter(canBeProtected)
    .filter((one) => one.ours && !(one.kind === "machine" && one.retired));
  const found = refs.map((ref, index): Protectable => {
    const one = seen.find((each) => refOf(each) === ref);
    if (one === undefined) throw fail("ops.not-provisioned", `${names[index]} does not exist in the cloud`);
    return one;
  });
  const changing = found.filter((one) => one.protect !== on);
  for (const one of changing) {
    if (one.kind === "machine") {
      const { userDataDigest: _, ...asWanted } = one;
      await provider.makes.machine?.update(one, { ...asWanted, protect: on }, ["protect"], new Map());
    } else await provider.makes.volume?.update(one, { ...one, protect: on }, ["protect"], new Map());
    context.out.mark("changed", `${refOf(one)} is ${on ? "protected" : "protected no longer"}`);
  }
  context.out.result(`${changing.length} ${changing.length === 1 ? "change" : "changes"}`, {
    ok: true,
    changes: changing.length,
    protected: found.map((one) => ({ ref: refOf(one), protected: on })),
  });
  return exitCodes.done;
}
