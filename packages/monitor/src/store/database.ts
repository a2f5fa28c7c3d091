import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "@slipway/model";
import { fail } from "../errors.ts";

export interface DatabaseOptions {
  readonly file: string;
  /** "every commit": on the disk when a transaction returns. "crash safe": never corrupt, but a power cut may lose the last seconds. */
  readonly durability: "every commit" | "crash safe";
  /** Creates the tables; must be repeatable. */
  readonly schema: string;
}

/**
 * Opens an SQLite file in WAL mode with an exclusive lock that dies with the process. Throws `monitor.in-use` when another process
 * holds it and `monitor.store-unreadable` when it is no database.
 */
export async function openDatabase(options: DatabaseOptions): Promise<DatabaseSync> {
  // Imported here: a command that opens no store pays nothing for it.
  const { DatabaseSync } = await import("node:sqlite");
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(options.file);
  try {
    database.exec(`
      PRAGMA busy_timeout = 2000;
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA auto_vacuum = INCREMENTAL;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${options.durability === "every commit" ? "FULL" : "NORMAL"};
      BEGIN IMMEDIATE;
      ${options.schema}
      COMMIT;`);
    return database;
  } catch (cause) {
    database.close();
    const locked = messageOf(cause).includes("locked");
    throw fail(
      locked ? "monitor.in-use" : "monitor.store-unreadable",
      locked ? `another process writes ${options.file}` : `cannot open ${options.file}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** Runs `work` in one transaction: all of it is kept, or nothing when it throws. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
