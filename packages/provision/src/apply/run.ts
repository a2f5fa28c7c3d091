import { type Clock, type Connection, type Journal, SlipwayError, type SshAddress } from "@slipway/model";
import { fail } from "../errors.ts";
import type { Provider } from "../provider.ts";
import type { Ref, Seen, SeenMachine } from "../resource.ts";

/** What happens to one resource. A machine goes on from `created`, `kept`, `started`, … to `ready`, in this order. */
export type ProvisionStep =
  | "creating"
  | "created"
  | "kept"
  | "starting"
  | "updating"
  | "updated"
  | "adopted"
  | "grown"
  | "active"
  | "answers"
  | "verified"
  | "initialized"
  | "rekeyed"
  | "ready"
  | "deleting"
  | "deleted"
  | "failed"
  | "skipped";

export interface ProvisionEvent {
  readonly ref: Ref;
  /** Name of the resource: of the host, for a machine. */
  readonly name: string;
  readonly step: ProvisionStep;
  /** Since the apply began. */
  readonly ms: number;
  readonly detail?: string;
}

/** Written before a resource is made and after; `ended` once it was deleted, and before another one takes its place. */
export type ProvisionRecord = { readonly stack: string; readonly ref: Ref } & (
  | { readonly kind: "creating" | "created"; readonly intent: string }
  | { readonly kind: "ended" }
);

/** One apply while it runs. */
export interface Run {
  readonly stack: string;
  readonly provider: Provider;
  /** Opens a connection, the host key checked. Throws `machine.hostkey`. */
  readonly connect: (address: SshAddress) => Promise<Connection>;
  readonly answers: (address: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly journal: Journal<ProvisionRecord> | undefined;
  readonly tell: (ref: Ref, step: ProvisionStep, detail?: string) => void;
  /** The stack's resources as they are known now. */
  readonly links: Map<string, Seen>;
  /** Resolves with the machine once it is active and has an address. */
  readonly active: (id: string) => Promise<SeenMachine>;
  /** The stack's machines as lists show them. */
  readonly machines: () => Promise<readonly SeenMachine[]>;
  /** What the plan has steps for. */
  readonly chosen: ReadonlySet<Ref>;
  /** Ids of the machines that this run made. */
  readonly made: Set<string>;
  /** Ids of those that it replaces: lists may lag behind in telling that they go or are gone. */
  readonly replaced: Set<string>;
}

export type Connect = (address: SshAddress, signal: AbortSignal) => Promise<Connection>;

export const pinned =
  (connect: Connect, signal: AbortSignal): Run["connect"] =>
  async (to) => {
    try {
      return await connect(to, signal);
    } catch (error) {
      if (error instanceof SlipwayError && error.code === "connection.host-key")
        throw fail("machine.hostkey", `${to.host} shows another host key than the one it was made with`, {
          cause: error,
        });
      throw error;
    }
  };

/** Waits for machines to be active. However many wait, the stack is listed once per tick. */
export function watcher(provider: Provider, clock: Clock, signal: AbortSignal): Pick<Run, "active" | "machines"> {
  const tickMs = 250;
  let listing: Promise<readonly SeenMachine[]> | undefined;
  const list = (): Promise<readonly SeenMachine[]> => {
    listing ??= provider.machines().finally(() => {
      listing = undefined;
    });
    return listing;
  };
  const active: Run["active"] = async (id) => {
    for (let tick = 0; ; tick += 1) {
      const machine = (await list()).find((one) => one.id === id);
      if (machine?.status === "active" && machine.address !== "") return machine;
      await clock.sleep(Math.min(5_000, tickMs * 1.3 ** tick), signal);
    }
  };
  return { active, machines: list };
}
