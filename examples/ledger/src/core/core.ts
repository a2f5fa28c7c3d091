import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Lock, takeLock } from "../stream/lock.ts";
import { type AppendFile, type EventLog, openForAppend, openLog } from "../stream/log.ts";
import { followFile } from "../stream/tail.ts";
import { apply, type Command, decide, emptyLedger, type Ledger, type Loan, type Totals, totalsOf } from "./ledger.ts";

/**
 *                   writer file names us,            another writer is named
 *                   SIGUSR2                          before a write
 *     standby ────────────────────────▶ active ───────────────────────▶ fenced
 *     reads, holds changes              serves all                      reads, refuses changes
 *         ◀──────────────────────────────── (started again) ───────────────┘
 */
export type Role = "standby" | "active" | "fenced" | "stopping";

/** Nobody can carry out the change now; ask again soon. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

/** A command that the ledger refuses. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: 404 | 409 | 422;
  constructor(status: 404 | 409 | 422, reason: string) {
    super(reason);
    this.status = status;
  }
}

export interface CoreOptions {
  /** Folder with events.jsonl and writer. */
  readonly folder: string;
  /** Who this process is, as the writer file would name it. Without it: always the writer. */
  readonly release?: string;
  /** How long a change waits for a standby to become active. */
  readonly holdMs: number;
  /** How long a new writer waits for the old one's lock. */
  readonly lockMs: number;
  readonly now: () => string;
  /** Called when the process cannot go on: its memory may be ahead of the disk, or the stream cannot be read. */
  readonly onBroken: (cause: unknown) => void;
}

export interface Core {
  readonly role: Role;
  readonly offset: number;
  readonly commits: number;
  /** Loans, newest first, none that is not on the disk. */
  loans(limit: number): Promise<Totals & { readonly loans: readonly Loan[] }>;
  loan(id: string): Promise<Loan | undefined>;
  /** Carries out a command; resolves when its event is on the disk. Throws `Refused` and `Unavailable`. */
  change(command: Command): Promise<{ readonly loan: Loan; readonly offset: number; readonly repeated: boolean }>;
  /** Looks at the writer file again and becomes active or fenced as it says. */
  reread(): Promise<void>;
  /** Finishes what was accepted, lets go of file and lock. */
  stop(): Promise<void>;
}

/** Opens the stream and becomes what the writer file says. Throws `UnreadableStream` when this release must not run on it. */
export const openCore = async (options: CoreOptions): Promise<Core> => {
  const { folder, release, now } = options;
  const path = join(folder, "events.jsonl");
  let ledger: Ledger = emptyLedger();
  let tail = followFile(path);
  let role: Role = "standby";
  let commits = 0;
  let writing: { readonly log: EventLog; readonly lock: Lock } | undefined;
  let promoted = Promise.withResolvers<void>();
  let refolding: Promise<void> = Promise.resolve();

  const mayWrite = async (): Promise<boolean> =>
    release === undefined || (await textOf(join(folder, "writer"))) === release;

  const catchUp = async (): Promise<void> => {
    for (const event of await tail.read()) apply(ledger, event);
  };

  const activate = async (): Promise<void> => {
    const lock = await takeLock(join(folder, "writer.lock"), AbortSignal.timeout(options.lockMs));
    if (lock === undefined) throw new Error("another process still holds the lock of the stream");
    await catchUp();
    const file = await openForAppend(path, tail.position);
    const fence = async () => {
      if (!(await mayWrite())) throw new Unavailable("another release is the writer now");
    };
    const counted: AppendFile = {
      ...file,
      sync: async () => {
        await file.sync();
        commits += 1;
      },
    };
    writing = { lock, log: openLog({ file: counted, offset: ledger.offset, fence, now }) };
    role = "active";
    promoted.resolve();
  };

  /** Memory holds events that were never written, so it is folded again from the file before anything is read. */
  const fenceOff = async (): Promise<void> => {
    const old = writing;
    if (role !== "active" || old === undefined) return await refolding;
    role = "fenced";
    writing = undefined;
    promoted = Promise.withResolvers<void>();
    refolding = (async () => {
      await old.log.close();
      old.lock.release();
      await tail.close();
      ledger = emptyLedger();
      tail = followFile(path);
      await catchUp();
    })();
    await refolding;
  };

  const broken = async (cause: unknown): Promise<never> => {
    if (cause instanceof Unavailable) await fenceOff();
    else options.onBroken(cause);
    throw cause;
  };

  const writable = async (): Promise<EventLog> => {
    if (role === "standby") {
      const timer = AbortSignal.timeout(options.holdMs);
      const late = Promise.withResolvers<void>();
      timer.addEventListener("abort", () => late.resolve(), { once: true });
      await Promise.race([promoted.promise, late.promise]);
    }
    if (role !== "active" || writing === undefined) throw new Unavailable(`this process is ${role}`);
    return writing.log;
  };

  /** Runs `view` on a state that is entirely on the disk. */
  const seen = async <T>(view: () => T): Promise<T> => {
    await refolding;
    if (writing === undefined) await catchUp().catch(broken);
    const value = view();
    await writing?.log.settled();
    return value;
  };

  await catchUp();
  if (await mayWrite()) await activate();

  let turn: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turn = turn.then(work);
    return turn;
  };

  return {
    get role() {
      return role;
    },
    get offset() {
      return ledger.offset;
    },
    get commits() {
      return commits;
    },
    loans: (limit) => seen(() => ({ ...totalsOf(ledger), loans: [...ledger.loans.values()].slice(-limit).reverse() })),
    loan: (id) => seen(() => ledger.loans.get(id)),
    async change(command) {
      const log = await writable();
      const decision = decide(ledger, command, randomUUID());
      if (decision.kind === "refused") {
        // The reason may be an event that is not on the disk yet.
        await log.settled().catch(broken);
        throw new Refused(decision.status, decision.reason);
      }
      let durable: Promise<void>;
      let offset: number;
      if (decision.kind === "event") {
        const appended = log.append(decision.event);
        apply(ledger, appended.stored);
        ({ durable } = appended);
        ({ offset } = appended.stored);
      } else {
        durable = log.settled();
        ({ offset } = decision);
      }
      const loan = ledger.loans.get(decision.loan);
      await durable.catch(broken);
      if (loan === undefined) throw new Error(`event ${offset} made no loan`);
      return { loan, offset, repeated: decision.kind === "done before" };
    },
    reread: () =>
      inTurn(async () => {
        if (role === "stopping") return;
        const ours = await mayWrite();
        await refolding;
        if (ours && role !== "active") await activate().catch(options.onBroken);
        if (!ours) await fenceOff();
      }),
    stop: () =>
      inTurn(async () => {
        if (role === "stopping") return;
        const old = writing;
        role = "stopping";
        promoted.resolve();
        await old?.log.close();
        old?.lock.release();
        await tail.close();
      }),
  };
};

const textOf = async (path: string): Promise<string> => {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw cause;
  }
};
