import { readFile } from "node:fs/promises";
import { type CiRecord, ciServer, type Repository } from "@slipway/ci";
import { local } from "@slipway/connection";
import { docker } from "@slipway/connection/docker";
import { fileJournal } from "@slipway/journal";
import { type Connection, type Journal, systemClock } from "@slipway/model";

// The CI as a process of its own, to be killed: `node engine.ts <options as JSON>`. It ends by itself when `until` runs have ended.

export interface EngineOptions {
  readonly repository: Repository;
  readonly keyFile: string;
  readonly images: { readonly toolchain: string; readonly node: string };
  readonly until: number;
  /**
   * Dies by SIGKILL at this crash point. They are where an effect is done and not yet written down: before each record, after each
   * move of a ref, and after the two records that announce something.
   */
  readonly crashAt?: number;
}

const options = JSON.parse(process.argv[2] ?? "") as EngineOptions;
const stop = new AbortController();
let ended = 0;
let points = 0;
const crashPoint = (): void => {
  points += 1;
  if (points === options.crashAt) process.kill(process.pid, "SIGKILL");
};

const connection = local();
const dying: Connection = {
  ...connection,
  open: true,
  exec: async (command, more) => {
    const moves = command.includes("update-ref");
    const output = await connection.exec(command, more);
    // A look at the refs is the end of its start: by then it has cleaned up.
    if (command.includes("for-each-ref") && ended >= options.until) setImmediate(() => stop.abort());
    if (moves) crashPoint();
    return output;
  },
  [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
};

const kept = await fileJournal<CiRecord>(`${options.repository.stateDir}/journal.jsonl`, { waitMs: 10_000 });
for await (const { record } of kept.read()) if (record.type === "run finished") ended += 1;
const journal: Journal<CiRecord> = {
  async append(record) {
    crashPoint();
    const entry = await kept.append(record);
    if (record.type === "run queued" || record.type === "run publishing") crashPoint();
    if (record.type === "run finished") ended += 1;
    if (ended >= options.until) setImmediate(() => stop.abort());
    return entry;
  },
  read: (after) => kept.read(after),
  follow: (after, signal) => kept.follow(after, signal),
  [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
};
await ciServer({
  connection: dying,
  docker: await docker(dying),
  repository: options.repository,
  signingKey: await readFile(options.keyFile, "utf8"),
  journal,
  clock: systemClock,
  signal: stop.signal,
  policy: options.images,
  everyMs: 50,
  report: (line) => console.log(line),
});
await kept[Symbol.asyncDispose]();
await connection[Symbol.asyncDispose]();
