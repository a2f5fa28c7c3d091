import { ssh } from "@slipway/connection";
import {
  applyProvision,
  changesOf,
  destroyStack,
  digitalOcean,
  digitalOceanProvider,
  droplet,
  observe,
  type ProvisionPlan,
  type ProvisionStep,
  planProvision,
  type SshKeyPair,
  wantedOf,
} from "@slipway/provision";
import { type LocalCloud, startLocalCloud } from "@slipway/provision/local/cloud";
import { noLimits } from "@slipway/provision/local/limits";
import { front } from "../trials/front.ts";

/** The steps of a machine that are told apart, in their order. */
export const phases = ["created", "active", "answers", "verified", "initialized", "rekeyed", "ready"] as const;
export type Phase = "planned" | (typeof phases)[number];

/** When the last machine got there, in ms since the beginning, and how many HTTP calls had been made. */
export type Reached = Readonly<Record<Phase, { readonly ms: number; readonly calls: number }>>;

export interface Ours {
  readonly reached: Reached;
  /** Of a plan of the same when nothing is to do, in this process. */
  readonly idleMs: number;
  readonly idleCalls: number;
  readonly destroyMs: number;
}

const isPhase = (step: ProvisionStep): step is (typeof phases)[number] => phases.some((phase) => phase === step);

/** A cloud whose machines begin to listen so long after their start: 0 for the local cloud's own. */
export const cloudOf = (name: string, bootMs: number): Promise<LocalCloud> =>
  startLocalCloud({
    name,
    limits: noLimits,
    ...(bootMs > 0 && { faults: Object.assign(() => undefined, { ofNewDroplet: () => ({ sshMs: bootMs }) }) }),
  });

/** From nothing to machines that are ready, in this process, and back. */
export async function ours(name: string, machines: number, operator: SshKeyPair, bootMs = 0): Promise<Ours> {
  await using cloud = await cloudOf(name, bootMs);
  let calls = 0;
  await using counting = await front(cloud.url, {
    before() {
      calls += 1;
      return true;
    },
  });
  const token = (): Promise<string> => Promise.resolve(cloud.token);
  const client = await digitalOcean({ url: counting.url, token, limits: [], lagMs: 1_000, timeoutMs: 300_000 });
  const provider = digitalOceanProvider(client, { stack: name });
  const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
  const hosts = Array.from({ length: machines }, (_, index) => ({ name: `m${index + 1}`, on }));
  const wanted = wantedOf(hosts, [], operator.publicKey);
  const plan = async (): Promise<ProvisionPlan> =>
    planProvision(wanted, await observe(provider, { wanted }), { stack: name });

  const began = performance.now();
  const now = (): { ms: number; calls: number } => ({ ms: performance.now() - began, calls });
  try {
    const first = await plan();
    const reached = new Map<Phase, { ms: number; calls: number }>([["planned", now()]]);
    const { failed } = await applyProvision(first, {
      provider,
      connect: (address, signal) => ssh(address, { privateKey: operator.privateKey }, { signal }),
      onEvent({ ref, step }) {
        if (ref.startsWith("machine ") && isPhase(step)) reached.set(step, now());
      },
    });
    const [wrong] = failed;
    if (wrong !== undefined) throw wrong.error;
    calls = 0;
    const from = performance.now();
    if (changesOf(await plan()) > 0) throw new Error("a second plan changes something");
    const idleMs = performance.now() - from;
    const idleCalls = calls;
    const ending = performance.now();
    await destroyStack({ provider });
    return {
      reached: Object.fromEntries(reached) as Reached,
      idleMs,
      idleCalls,
      destroyMs: performance.now() - ending,
    };
  } catch (error) {
    await destroyStack({ provider });
    throw error;
  }
}
