import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "@slipway/model";
import { type Ref, refOf, type Seen, type SeenMachine, scopeOf, sha256OfKey, sshFingerprint } from "@slipway/provision";
import { agree } from "../../cli/confirm.ts";
import type { Context } from "../../cli/context.ts";
import { fail } from "../../errors.ts";
import { applyPlan, machineRef, planOf, wantedHere } from "../../platform/provisioning.ts";
import { openSession } from "../../platform/session.ts";
import { agreeToPlan, tellApplied } from "./apply.ts";

export interface AdoptOptions {
  readonly host: string;
  /** Of the machine in the cloud. */
  readonly id: string;
  /** Its host key: `ssh-ed25519 AAAA…`. */
  readonly hostKey?: string;
  /** A file that holds it, as /etc/ssh/ssh_host_ed25519_key.pub there. */
  readonly hostKeyFile?: string;
  /** Takes the key that the machine shows now, once somebody agreed to it. */
  readonly trustShown: boolean;
}

/** Type and key of the first ed25519 key in a text: a public key file, a line of known_hosts, what ssh-keyscan says. Pure. */
export function ed25519In(text: string): string | undefined {
  const found = /(?:^|\s)(ssh-ed25519)\s+(AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43})(?:=*)(?:\s|$)/m.exec(text);
  return found === null ? undefined : `${found[1]} ${found[2]}`;
}

/** Why a machine cannot become that of a host, if it cannot. Pure. */
export function whyNotAdopted(
  seen: readonly Seen[],
  { ref, id }: { readonly ref: Ref; readonly id: string },
): string | undefined {
  const ours = seen.filter((one) => one.kind === "machine").filter((one) => one.ours);
  const same = ours.find((one) => one.id === id);
  if (same !== undefined) return `machine ${id} is the machine of ${same.name} already`;
  const other = ours.find((one) => refOf(one) === ref);
  return other === undefined ? undefined : `${other.name} has a machine already: ${other.id}`;
}

/** Makes a machine of the account, which somebody else made, the machine of a host. */
export async function adoptHost(context: Context, options: AdoptOptions): Promise<number> {
  await using session = await openSession(context);
  const { id } = options;
  const ref = machineRef(session, options.host);
  const ways = [options.hostKey, options.hostKeyFile, options.trustShown ? true : undefined];
  if (ways.filter((way) => way !== undefined).length !== 1)
    throw fail("ops.host-key", `which host key has machine ${id}? Say it one way`);
  const { provider } = await session.cloud();
  const { name: stack } = session.project.platform;
  const wanted = wantedHere(session);
  const seen = await provider.observe(scopeOf({ wanted, options: { stack, adopt: [{ ref, id }] } }));
  const machine = seen.find((one): one is SeenMachine => one.kind === "machine" && one.id === id);
  if (machine === undefined) throw fail("ops.unknown-machine", `the account has no machine ${id}`);
  const why = whyNotAdopted(seen, { ref, id });
  if (why !== undefined) throw fail("ops.adopt", why);
  const hostKey = await keyOf(context, options, machine);
  const plan = await planOf(session, { only: [ref], adopt: [{ ref, id, hostKey }] }, wanted);
  // The cloud may be another since.
  if (plan.problems.length === 0 && !plan.steps.some((step) => step.do === "adopt" && step.cloudId === id))
    throw fail("ops.adopt", `machine ${id} would not become the machine of ${options.host}`);
  await agreeToPlan(session, context, plan);
  return tellApplied(session, context, await applyPlan(session, context, plan));
}

async function keyOf(context: Context, options: AdoptOptions, { address, id }: SeenMachine): Promise<string> {
  const text = options.hostKey ?? (await fileOf(context, options.hostKeyFile)) ?? (await shownAt(address));
  const key = ed25519In(text);
  if (key === undefined)
    throw fail("ops.host-key", options.trustShown ? `${address} shows no ed25519 host key` : "that is no ed25519 key");
  if (!options.trustShown) return key;
  const fingerprint = sshFingerprint(sha256OfKey(key));
  context.out.mark("note", `${address} shows ${key}`);
  context.out.mark("note", "whoever sits in between could show a key as well: compare it on the machine's own console");
  await agree(context, `Trust ${fingerprint} as the host key of machine ${id}, because it is shown now?`);
  return key;
}

async function fileOf({ cwd }: Context, name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return undefined;
  const file = resolve(cwd, name);
  return await readFile(file, "utf8").catch((cause: unknown) => {
    throw fail("ops.host-key", `${file} cannot be read: ${messageOf(cause)}`, { cause });
  });
}

async function shownAt(address: string): Promise<string> {
  try {
    return (await promisify(execFile)("ssh-keyscan", ["-T", "10", "-t", "ed25519", address])).stdout;
  } catch (cause) {
    const none = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (none) throw fail("ops.no-ssh", "this machine has no ssh-keyscan", { cause });
    throw fail("ops.host-key", `${address} shows no host key: ${messageOf(cause)}`, { cause });
  }
}
