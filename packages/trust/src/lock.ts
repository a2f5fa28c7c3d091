import { systemClock } from "@slipway/model";
import { fail } from "./errors.ts";

/** As long as a card's PIN may take somebody. */
const waitMs = 60_000;

/** Holds a file for this process until it is disposed or the process dies: the lock that SQLite takes, as the kernel gives it back. */
export async function lock(path: string): Promise<Disposable> {
  const { DatabaseSync } = await import("node:sqlite");
  const giveUp = systemClock.monotonic() + waitMs;
  for (;;) {
    const database = new DatabaseSync(path);
    try {
      database.exec("PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
      return { [Symbol.dispose]: () => database.close() };
    } catch (cause) {
      database.close();
      const busy = cause instanceof Error && "errcode" in cause && cause.errcode === 5;
      if (!busy) throw fail("vault.write", `${path} cannot be locked`, { cause });
      if (systemClock.monotonic() >= giveUp)
        throw fail("vault.busy", "the vault is held by another process", { cause });
    }
    await systemClock.sleep(50);
  }
}
