import { randomBytes } from "node:crypto";
import { type Clock, type Connection, type Journal, SlipwayError, type SshAddress, systemClock } from "@slipway/model";
import { answersSsh } from "./answers-ssh.ts";
import type { DigitalOcean } from "./client/client.ts";
import type { Droplet } from "./client/droplets.ts";
import { fail } from "./errors.ts";
import { listMachines, type MachineInfo, machineInfo, sshAddress } from "./machines.ts";
import { observe } from "./observe.ts";
import { type ProvisionPlan, planProvision } from "./plan.ts";
import { isFresh, renewHostKey } from "./renew-host-key.ts";
import { generateSshKey, rawKey } from "./ssh-key.ts";
import { intentTag, stackTag, tagsOf } from "./tags.ts";
import type { WantedHost } from "./wanted.ts";

/** What happens to one machine, in this order; `kept` stands for the first two when it was there. */
export type ProvisionStep =
  | "creating"
  | "created"
  | "kept"
  | "starting"
  | "active"
  | "answers"
  | "verified"
  | "rekeyed"
  | "ready"
  | "destroyed"
  | "failed";

export interface ProvisionEvent {
  readonly host: string;
  readonly step: ProvisionStep;
  /** Since the apply began. */
  readonly ms: number;
  readonly detail?: string;
}

/** Written before a machine is made and after. */
export interface ProvisionRecord {
  readonly kind: "creating" | "created";
  readonly stack: string;
  readonly host: string;
  readonly intent: string;
}

export interface ApplyOptions {
  readonly client: DigitalOcean;
  /** Opens a connection; must refuse another host key before it authenticates (`@slipway/connection` does). */
  readonly connect: (address: SshAddress, signal: AbortSignal) => Promise<Connection>;
  readonly onEvent?: (event: ProvisionEvent) => void;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** Closes the one gap that tags leave: a creation of a run that died while lists lagged behind. */
  readonly journal?: Journal<ProvisionRecord>;
  /** For all machines to become ready. Default 5 minutes. */
  readonly deadlineMs?: number;
}

export interface ApplyResult {
  /** All machines of the stack, as they are now. */
  readonly machines: readonly MachineInfo[];
  readonly changes: number;
  readonly failed: readonly { readonly host: string; readonly error: unknown }[];
}

/**
 * Makes the plan true, machine by machine in parallel: created, active, sshd answers, host key verified,
 * cloud-init done, host key renewed. Machines that were
 * there are taken through the same steps, so what an interrupted run left is finished. Rejects before any change with `plan.problems`, or with
 * `plan.stale` when the cloud is no longer as planned; what fails for one machine is in `failed` and does not stop the others.
 */
export async function applyProvision(plan: ProvisionPlan, options: ApplyOptions): Promise<ApplyResult> {
  const { client } = options;
  const clock = options.clock ?? systemClock;
  if (plan.problems.length > 0) throw fail("plan.problems", plan.problems.join("; "));
  const again = planProvision(plan.wanted, await observe(client, plan.stack), plan.options);
  if (again.digest !== plan.digest) throw fail("plan.stale", "the cloud changed since the plan was made");
  const began = clock.monotonic();
  const run: Run = {
    plan,
    options,
    clock,
    signal: AbortSignal.any([
      AbortSignal.timeout(options.deadlineMs ?? 300_000),
      ...(options.signal === undefined ? [] : [options.signal]),
    ]),
    tell: (host, step, detail) =>
      options.onEvent?.({ host, step, ms: clock.monotonic() - began, ...(detail !== undefined && { detail }) }),
  };
  const failed: { host: string; error: unknown }[] = [];
  const each = async (host: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      options.signal?.throwIfAborted();
      const told = run.signal.aborted ? fail("machine.slow", `${host} was not ready in time`, { cause: error }) : error;
      failed.push({ host, error: told });
      run.tell(host, "failed", told instanceof Error ? told.message : String(told));
    }
  };
  let changes = plan.start.length + plan.destroy.length;
  let key: number | undefined;
  if (plan.create.length > 0) {
    const before = plan.key.do;
    key = (await client.keys.create({ name: plan.key.name, public_key: plan.key.publicKey })).id;
    changes += plan.create.length + (before === "add" ? 1 : 0);
  }
  const watch = watcher(run);
  await Promise.all([
    ...plan.create.map((wanted) => each(wanted.host, () => create(run, wanted, key ?? 0, watch))),
    ...plan.start.map((one) => each(one.host, () => start(run, one, watch))),
    ...plan.keep.map((one) =>
      each(one.host, async () => {
        run.tell(one.host, "kept");
        await ready(run, one.host, one.id, watch);
      }),
    ),
    ...plan.destroy.map((one) =>
      each(one.host, async () => {
        await client.droplets.remove(one.id);
        run.tell(one.host, "destroyed");
      }),
    ),
  ]);
  options.signal?.throwIfAborted();
  return { machines: await listMachines(client, plan.stack), changes, failed };
}

interface Run {
  readonly plan: ProvisionPlan;
  readonly options: ApplyOptions;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tell: (host: string, step: ProvisionStep, detail?: string) => void;
}
type Watch = (id: number) => Promise<Droplet>;

/** The user data of a new host: its own host key, known to this side before the machine exists. */
export const hostUserData = (hostKey: { readonly privateKey: string; readonly publicKey: string }): string =>
  `#cloud-config\n${JSON.stringify({
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
  })}\n`;

async function create(run: Run, wanted: WantedHost, key: number, watch: Watch): Promise<void> {
  const { client, journal } = run.options;
  const { stack } = run.plan;
  const { host } = wanted;
  run.tell(host, "creating");
  const open = await openIntent(run, host);
  const lost = open === undefined ? undefined : await client.droplets.appeared(intentTag(open));
  const intent = open ?? randomBytes(8).toString("hex");
  let droplet = lost;
  if (droplet === undefined) {
    const hostKey = generateSshKey(host);
    const marks = { stack, host, hostKeySha256: hostKey.sha256, hostKey: rawKey(hostKey.publicKey).subarray(-32) };
    await journal?.append({ kind: "creating", stack, host, intent });
    const { region, size, image } = wanted;
    const asked = { name: host, region, size, image, ssh_keys: [key], user_data: hostUserData(hostKey) };
    droplet = await client.droplets.create({ ...asked, tags: [...tagsOf(marks), ...wanted.tags] }, intentTag(intent));
  }
  await journal?.append({ kind: "created", stack, host, intent });
  run.tell(host, "created", `droplet ${droplet.id}`);
  await ready(run, host, droplet.id, watch);
}

/** The intent of a creation that a former run began and did not see done. */
async function openIntent(run: Run, host: string): Promise<string | undefined> {
  const { journal } = run.options;
  let open: string | undefined;
  if (journal === undefined) return undefined;
  for await (const { record, at } of journal.read()) {
    if (record.stack !== run.plan.stack || record.host !== host) continue;
    open = record.kind === "creating" && run.clock.now() - at < 300_000 ? record.intent : undefined;
  }
  return open;
}

async function start(run: Run, one: { readonly host: string; readonly id: number }, watch: Watch): Promise<void> {
  run.tell(one.host, "starting");
  await run.options.client.dropletActions.start(one.id, { type: "power_on" });
  await ready(run, one.host, one.id, watch);
}

async function ready(run: Run, host: string, id: number, watch: Watch): Promise<void> {
  const droplet = await watch(id);
  const machine = machineInfo(droplet);
  run.tell(host, "active", machine.address);
  while (!(await answersSsh(machine.address, 22, run.signal))) await run.clock.sleep(100, run.signal);
  run.tell(host, "answers");
  const connection = await connect(run, sshAddress(machine));
  try {
    run.tell(host, "verified", machine.hostKeySha256);
    const waited = await connection.exec(["cloud-init", "status", "--wait"], { signal: run.signal });
    // Status 2 is a success with warnings.
    if (waited.status === 1) throw fail("machine.slow", `cloud-init failed on ${host}: ${waited.stdout.trim()}`);
    if (isFresh(droplet)) {
      const again = (to: SshAddress): Promise<Connection> => connect(run, to);
      await renewHostKey(droplet, machine, { ...run, client: run.options.client, connection, connect: again });
      run.tell(host, "rekeyed");
    }
    run.tell(host, "ready");
  } finally {
    await connection[Symbol.asyncDispose]();
  }
}

async function connect(run: Run, to: SshAddress): Promise<Connection> {
  try {
    return await run.options.connect(to, run.signal);
  } catch (error) {
    if (error instanceof SlipwayError && error.code === "connection.host-key")
      throw fail("machine.hostkey", `${to.host} shows another host key than the one it was made with`, {
        cause: error,
      });
    throw error;
  }
}

/** Waits for machines to be active. However many wait, the stack is listed once per tick. */
function watcher(run: Run): Watch {
  const tickMs = 250;
  let listing: Promise<Droplet[]> | undefined;
  const list = (): Promise<Droplet[]> => {
    listing ??= run.options.client.droplets.list({ tag: stackTag(run.plan.stack) }).finally(() => {
      listing = undefined;
    });
    return listing;
  };
  return async (id) => {
    for (let tick = 0; ; tick += 1) {
      const droplet = (await list()).find((one) => one.id === id);
      if (droplet?.status === "active" && machineInfo(droplet).address !== "") return droplet;
      await run.clock.sleep(Math.min(5_000, tickMs * 1.3 ** tick), run.signal);
    }
  };
}
