import type { Alert, Clock } from "@slipway/model";
import { openDatabase, transaction } from "../store/database.ts";
import {
  type AlertPolicy,
  type AlertState,
  type Announcement,
  alertOf,
  firstState,
  type Observation,
  step,
  withdraw,
} from "./machine.ts";

export interface AlertBookOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Names of the channels that get every announcement. What waits for other channels is dropped at opening. */
  readonly channels: readonly string[];
}

/** An announcement that waits for one channel. */
export interface Letter {
  readonly row: number;
  readonly channel: string;
  /** Letters about one alert leave in order. */
  readonly key: string;
  readonly announcement: Announcement;
}

/**
 * The alerts of a monitor, and what is still to be told about them. The state and its announcements are written in one transaction:
 * after a crash an announcement is neither lost nor made twice.
 */
export interface AlertBook extends Disposable {
  /** Takes what was seen of a condition. Returns what became to announce. */
  observe(key: string, policy: AlertPolicy, seen: Observation): readonly Announcement[];
  /** Lets time pass for every condition that has something going on. */
  tick(): readonly Announcement[];
  /** Ends all conditions that are watched no longer. */
  withdraw(watched: (key: string) => boolean): readonly Announcement[];
  /** Conditions that fire, the newest first. */
  firing(): readonly Alert[];
  /** Alerts that are over, the newest first. */
  resolved(limit: number): readonly Alert[];
  /** Letters that wait, the oldest first. */
  waiting(channel: string): readonly Letter[];
  delivered(letter: Letter): void;
}

const schema = `
  CREATE TABLE IF NOT EXISTS condition (key TEXT PRIMARY KEY, state TEXT NOT NULL, policy TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS past (id TEXT PRIMARY KEY, resolved INTEGER NOT NULL, alert TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS outbox (
    row INTEGER PRIMARY KEY AUTOINCREMENT, announcement TEXT NOT NULL, channel TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,
    delivered INTEGER, UNIQUE (announcement, channel));
  CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (channel, row) WHERE delivered IS NULL;
  DELETE FROM outbox WHERE row < (SELECT max(row) FROM outbox) - 10000 AND delivered IS NOT NULL;
  DELETE FROM past WHERE resolved < (SELECT max(resolved) FROM past) - 90 * 86400000;`;

interface Condition {
  state: AlertState;
  policy: AlertPolicy;
  /** Monotonic; undefined until the first step of this process. */
  steppedAt: number | undefined;
  /** Time that is counted in memory but not on disk. */
  unsavedMs: number;
}

/** Counters alone are saved this often; a crash forgets at most so much of a span. */
const saveEveryMs = 60_000;

export async function openAlertBook(options: AlertBookOptions): Promise<AlertBook> {
  const { clock, channels } = options;
  const database = await openDatabase({ file: options.file, durability: "every commit", schema });
  const conditions = new Map<string, Condition>();
  for (const row of database.prepare("SELECT state, policy FROM condition").all() as {
    state: string;
    policy: string;
  }[]) {
    const state = JSON.parse(row.state) as AlertState;
    conditions.set(state.key, {
      state,
      policy: JSON.parse(row.policy) as AlertPolicy,
      steppedAt: undefined,
      unsavedMs: 0,
    });
  }
  const marks = channels.map(() => "?").join(", ");
  database.prepare(`DELETE FROM outbox WHERE delivered IS NULL AND channel NOT IN (${marks})`).run(...channels);

  const statement = {
    save: database.prepare("INSERT OR REPLACE INTO condition (key, state, policy) VALUES (?, ?, ?)"),
    end: database.prepare("INSERT OR REPLACE INTO past (id, resolved, alert) VALUES (?, ?, ?)"),
    past: database.prepare("SELECT alert FROM past ORDER BY resolved DESC, rowid DESC LIMIT ?"),
    post: database.prepare("INSERT OR IGNORE INTO outbox (announcement, channel, key, body) VALUES (?, ?, ?, ?)"),
    waiting: database.prepare("SELECT row, key, body FROM outbox WHERE channel = ? AND delivered IS NULL ORDER BY row"),
    delivered: database.prepare("UPDATE outbox SET delivered = ? WHERE row = ?"),
  };

  const advance = (
    condition: Condition,
    move: (elapsedMs: number) => ReturnType<typeof step>,
  ): readonly Announcement[] => {
    const now = clock.monotonic();
    const elapsedMs = condition.steppedAt === undefined ? 0 : Math.max(0, now - condition.steppedAt);
    const { state, announcements } = move(elapsedMs);
    const before = condition.state;
    const unsavedMs = condition.unsavedMs + elapsedMs;
    const quiet = state.phase === "ok" && before.phase === "ok";
    const due = announcements.length > 0 || state.phase !== before.phase || (!quiet && unsavedMs >= saveEveryMs);
    if (due) {
      // Disk first: when it fails, memory is as it was, and the step is made again with the next observation.
      transaction(database, () => {
        statement.save.run(state.key, JSON.stringify(state), JSON.stringify(condition.policy));
        for (const announcement of announcements) {
          if (announcement.kind === "resolved")
            statement.end.run(announcement.alert.id, announcement.at, JSON.stringify(announcement.alert));
          for (const channel of channels)
            statement.post.run(announcement.id, channel, state.key, JSON.stringify(announcement));
        }
      });
    }
    condition.state = state;
    condition.steppedAt = now;
    condition.unsavedMs = due ? 0 : unsavedMs;
    return announcements;
  };

  return {
    observe(key, policy, seen) {
      const condition = conditions.get(key) ?? { state: firstState(key), policy, steppedAt: undefined, unsavedMs: 0 };
      condition.policy = policy;
      conditions.set(key, condition);
      return advance(condition, (elapsedMs) => step(condition.state, { at: clock.now(), elapsedMs, seen }, policy));
    },
    tick() {
      const busy = [...conditions.values()].filter((each) => each.state.phase !== "ok");
      return busy.flatMap((each) =>
        advance(each, (elapsedMs) => step(each.state, { at: clock.now(), elapsedMs }, each.policy)),
      );
    },
    withdraw(watched) {
      const gone = [...conditions.values()].filter((each) => each.state.phase !== "ok" && !watched(each.state.key));
      return gone.flatMap((each) => advance(each, () => withdraw(each.state, clock.now(), "watched no longer")));
    },
    firing: () =>
      [...conditions.values()]
        .filter((each) => each.state.phase === "firing")
        .map((each) => alertOf(each.state))
        .toSorted((a, b) => b.since - a.since),
    resolved: (limit) =>
      (statement.past.all(limit) as { alert: string }[]).map((row) => JSON.parse(row.alert) as Alert),
    waiting: (channel) =>
      (statement.waiting.all(channel) as { row: number; key: string; body: string }[]).map(({ row, key, body }) => ({
        row,
        key,
        channel,
        announcement: JSON.parse(body) as Announcement,
      })),
    delivered: (letter) => void statement.delivered.run(clock.now(), letter.row),
    [Symbol.dispose]: () => database.close(),
  };
}
