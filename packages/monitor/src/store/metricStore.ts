import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "@slipway/model";
import { pack, unpack } from "./codec.ts";
import { openDatabase, transaction } from "./database.ts";
import { type Bucket, bucketOf, downsample, type Grid, merge, stepOf, type Window } from "./downsample.ts";

export interface MetricStoreOptions {
  readonly file: string;
  readonly clock: Clock;
  /** How long samples are kept as they came. Default 48 hours. */
  readonly rawMs?: number;
  /** How long the minutes (min, max, sum, count) are kept. Default 90 days. */
  readonly minuteMs?: number;
}

export interface SeriesQuery extends Window {
  readonly host: string;
  readonly service: string;
}

export interface SeriesView extends Grid {
  readonly host: string;
  readonly service: string;
  readonly tier: "raw" | "minute";
}

/** History of metrics in one SQLite file, as compressed chunks. One writer. Single calls are synchronous and short. */
export interface MetricStore extends Disposable {
  /** Takes a sample into memory; a value that is not finite is dropped. It is on disk after the next `flush`. */
  append(host: string, service: string, time: number, value: number): void;
  /** Writes everything taken so far, in one transaction. */
  flush(): void;
  /** Removes what is older than is kept. */
  retain(): void;
  /** Includes what is not flushed yet. An unknown series is all gaps. */
  query(query: SeriesQuery): SeriesView;
  series(): readonly { readonly host: string; readonly service: string }[];
}

const tiers = { raw: 0, minute: 1 } as const;
type Tier = keyof typeof tiers;
const chunkSamples = 240;
const minute = 60_000;

const schema = `
  CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, host TEXT NOT NULL, service TEXT NOT NULL, UNIQUE (host, service));
  CREATE TABLE IF NOT EXISTS chunk (
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL, tier INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, samples INTEGER NOT NULL, data BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS chunk_by_time ON chunk (series, tier, last);`;

/** A chunk that still grows: its row is written anew at every flush until it is full. */
interface Chunk {
  row: number | undefined;
  times: number[];
  columns: number[][];
  dirty: boolean;
}

interface Series {
  readonly id: number;
  readonly open: Record<Tier, Chunk>;
  minute: Bucket | undefined;
}

interface ChunkRow {
  readonly id: number;
  readonly samples: number;
  readonly data: Uint8Array;
}

export async function openMetricStore(options: MetricStoreOptions): Promise<MetricStore> {
  const database = await openDatabase({ file: options.file, durability: "crash safe", schema });
  return metricStore(database, options);
}

function metricStore(database: DatabaseSync, options: MetricStoreOptions): MetricStore {
  const keepMs = { raw: options.rawMs ?? 48 * 3_600_000, minute: options.minuteMs ?? 90 * 86_400_000 };
  const known = new Map<string, Series>();
  /** Full chunks that wait for the flush, with their series and tier. */
  const full: { readonly series: number; readonly tier: Tier; readonly chunk: Chunk }[] = [];

  const statement = {
    find: database.prepare("SELECT id FROM series WHERE host = ? AND service = ?"),
    add: database.prepare("INSERT INTO series (host, service) VALUES (?, ?)"),
    all: database.prepare("SELECT host, service FROM series ORDER BY host, service"),
    newest: database.prepare(
      "SELECT id, samples, data FROM chunk WHERE series = ? AND tier = ? ORDER BY id DESC LIMIT 1",
    ),
    keptMinute: database.prepare("SELECT max(last) AS kept FROM chunk WHERE series = ? AND tier = ?"),
    since: database.prepare(
      "SELECT id, samples, data FROM chunk WHERE series = ? AND tier = ? AND last >= ? ORDER BY id",
    ),
    within: database.prepare(
      "SELECT id, samples, data FROM chunk WHERE series = ? AND tier = ? AND last >= ? AND first < ? ORDER BY id",
    ),
    insert: database.prepare("INSERT INTO chunk (series, tier, first, last, samples, data) VALUES (?, ?, ?, ?, ?, ?)"),
    update: database.prepare("UPDATE chunk SET first = ?, last = ?, samples = ?, data = ? WHERE id = ?"),
    expire: database.prepare("DELETE FROM chunk WHERE tier = ? AND last < ?"),
  };
  const rows = (found: unknown): readonly ChunkRow[] => found as readonly ChunkRow[];

  const reopen = (series: number, tier: Tier): Chunk => {
    const [row] = rows(statement.newest.all(series, tiers[tier]));
    if (row === undefined || row.samples >= chunkSamples)
      return { row: undefined, times: [], columns: [], dirty: false };
    const block = unpack(row.data);
    return { row: row.id, times: [...block.times], columns: block.columns.map((column) => [...column]), dirty: false };
  };

  const find = (host: string, service: string): Series | undefined => {
    const key = `${host}\0${service}`;
    const loaded = known.get(key);
    if (loaded !== undefined) return loaded;
    const row = statement.find.get(host, service) as { id: number } | undefined;
    if (row === undefined) return undefined;
    const series: Series = {
      id: row.id,
      open: { raw: reopen(row.id, "raw"), minute: reopen(row.id, "minute") },
      minute: undefined,
    };
    known.set(key, series);
    restoreMinute(series);
    return series;
  };

  /** The minutes after the last one that was kept are made again from the samples. */
  const restoreMinute = (series: Series): void => {
    const { kept } = statement.keptMinute.get(series.id, tiers.minute) as { kept: number | null };
    const from = kept === null ? Number.MIN_SAFE_INTEGER : kept + minute;
    for (const { data } of rows(statement.since.all(series.id, tiers.raw, from))) {
      for (const sample of bucketsOf("raw", unpack(data))) if (sample.time >= from) toMinute(series, sample);
    }
  };

  const push = (series: Series, tier: Tier, time: number, values: readonly number[]): void => {
    const chunk = series.open[tier];
    chunk.times.push(time);
    values.forEach((value, column) => {
      const held = chunk.columns[column];
      if (held === undefined) chunk.columns[column] = [value];
      else held.push(value);
    });
    chunk.dirty = true;
    if (chunk.times.length < chunkSamples) return;
    full.push({ series: series.id, tier, chunk });
    series.open[tier] = { row: undefined, times: [], columns: [], dirty: false };
  };

  const toMinute = (series: Series, sample: Bucket): void => {
    const start = Math.floor(sample.time / minute) * minute;
    const current = series.minute;
    // 12 digits of the sum: the noise of adding beyond them would cost 7 bytes a minute.
    const keep = ({ time, min, max, sum, count }: Bucket): void =>
      push(series, "minute", time, [min, max, Number(sum.toPrecision(12)), count]);
    if (current?.time === start) series.minute = merge(current, sample);
    else if (current === undefined || start > current.time) {
      if (current !== undefined) keep(current);
      series.minute = { ...sample, time: start };
    }
    // Late: kept at once, beside what its minute has. The open minute must stay the newest, or a restart would lose it.
    else keep({ ...sample, time: start });
  };

  /** Writes a chunk's row. What it returns marks the chunk as written, to be called once the transaction is through. */
  const write = (series: number, tier: Tier, chunk: Chunk): (() => void) => {
    if (!chunk.dirty) return () => {};
    const data = pack(chunk);
    const first = chunk.times.reduce((a, b) => Math.min(a, b));
    const last = chunk.times.reduce((a, b) => Math.max(a, b));
    let row = chunk.row;
    if (row === undefined) {
      row = Number(statement.insert.run(series, tiers[tier], first, last, chunk.times.length, data).lastInsertRowid);
    } else statement.update.run(first, last, chunk.times.length, data, row);
    return () => {
      chunk.row = row;
      chunk.dirty = false;
    };
  };

  const flush = (): void => {
    // When the disk is full for long, the oldest unwritten chunks go first.
    if (full.length > 10_000) full.splice(0, full.length - 10_000);
    const written = transaction(database, () => [
      ...full.map(({ series, tier, chunk }) => write(series, tier, chunk)),
      ...[...known.values()].flatMap((series) =>
        (["raw", "minute"] as const).map((tier) => write(series.id, tier, series.open[tier])),
      ),
    ]);
    for (const mark of written) mark();
    full.length = 0;
  };

  return {
    append(host, service, time, value) {
      if (!Number.isFinite(value)) return;
      let series = find(host, service);
      if (series === undefined) {
        statement.add.run(host, service);
        series = find(host, service);
        if (series === undefined) return;
      }
      push(series, "raw", Math.round(time), [value]);
      toMinute(series, bucketOf(Math.round(time), value));
    },
    flush,
    retain() {
      flush();
      for (const tier of ["raw", "minute"] as const)
        statement.expire.run(tiers[tier], options.clock.now() - keepMs[tier]);
      database.exec("PRAGMA incremental_vacuum");
      // Chunks in memory may have lost their rows: they are found again on the next use.
      known.clear();
    },
    query(query) {
      const bounded = { ...query, points: Math.min(Math.max(query.points, 1), 5_000) };
      const old = query.from < options.clock.now() - keepMs.raw;
      const tier: Tier = old || stepOf(bounded) >= minute ? "minute" : "raw";
      const series = find(query.host, query.service);
      const buckets: Bucket[] = [];
      if (series !== undefined) {
        flush();
        // A little more at the start, so that the first step knows what was held.
        const from = query.from - 5 * minute;
        for (const { data } of rows(statement.within.all(series.id, tiers[tier], from, query.to))) {
          buckets.push(...bucketsOf(tier, unpack(data)).filter((b) => b.time >= from && b.time < query.to));
        }
        if (tier === "minute" && series.minute !== undefined) buckets.push(series.minute);
      }
      return { host: query.host, service: query.service, tier, ...downsample(buckets, bounded) };
    },
    series: () => statement.all.all() as { host: string; service: string }[],
    [Symbol.dispose]() {
      flush();
      database.close();
    },
  };
}

function bucketsOf(
  tier: Tier,
  block: { readonly times: readonly number[]; readonly columns: readonly (readonly number[])[] },
): Bucket[] {
  const at = (column: number, n: number): number => block.columns[column]?.[n] ?? 0;
  return block.times.map((time, n) =>
    tier === "raw" ? bucketOf(time, at(0, n)) : { time, min: at(0, n), max: at(1, n), sum: at(2, n), count: at(3, n) },
  );
}
