import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CiRecord, mainCommit, readRuns, verifiedStatement } from "@slipway/ci";
import { readJournal } from "@slipway/journal";
import { verifyStatement } from "@slipway/trust";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EngineOptions } from "./support/engine.ts";
import { quick } from "./support/shop.ts";
import { leftovers, type Site, site } from "./support/site.ts";

const program = fileURLToPath(new URL("support/engine.ts", import.meta.url));
let place: Site;
let keyFile: string;

interface Life {
  readonly output: () => string;
  readonly kill: () => void;
  readonly ended: Promise<{ readonly killed: boolean; readonly status: number | null }>;
}

/** One life of the CI's process. */
function live(options: Pick<EngineOptions, "until" | "crashAt">): Life {
  const { repository, images } = place;
  const child = spawn(process.execPath, [
    "--conditions=source",
    program,
    JSON.stringify({ repository, images, keyFile, ...options }),
  ]);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const ended = new Promise<{ killed: boolean; status: number | null }>((resolve) => {
    child.on("close", (status, signal) => resolve({ killed: signal === "SIGKILL", status }));
  });
  return { output: () => output, kill: () => void child.kill("SIGKILL"), ended };
}

const records = async (): Promise<CiRecord[]> => {
  const all: CiRecord[] = [];
  for await (const { record } of readJournal<CiRecord>(`${place.repository.stateDir}/journal.jsonl`).read())
    all.push(record);
  return all;
};

/** What must hold at every moment: main is nowhere that no record speaks of. */
async function neverUnrecorded(): Promise<void> {
  const main = await mainCommit(place.connection, place.repository);
  if (main === undefined) return;
  expect((await records()).some((record) => record.type === "run publishing" && record.candidate === main)).toBe(true);
  expect(await verifiedStatement(place.connection, place.repository, main)).toBeDefined();
}

beforeEach(async () => {
  place = await site("crash");
  keyFile = join(place.root, "key.asc");
  await writeFile(keyFile, place.key.privateKey, { mode: 0o600 });
});
afterEach(() => place[Symbol.asyncDispose]());

describe("a CI that is killed", () => {
  it("at any record or move of a ref, and started again, finishes every run once and leaves nothing behind", async () => {
    const first = await place.copy.commit("one", quick("one"));
    await place.copy.git("push", "--quiet", "ci", "HEAD:review");
    let deaths = 0;
    for (let crashAt = 1; ; crashAt += 1) {
      expect(crashAt).toBeLessThan(80);
      const life = live({ until: 1, crashAt });
      const { killed, status } = await life.ended;
      await neverUnrecorded();
      if (!killed) {
        expect(status, life.output()).toBe(0);
        break;
      }
      deaths += 1;
    }
    // Nine records, two of them with a point after them too, and two refs; fewer only as the last lives have less to do.
    expect(deaths).toBeGreaterThan(8);
    const [run, ...others] = await readRuns(place.connection, place.repository);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ state: "passed", commit: first, candidate: first });
    expect((await records()).filter((record) => record.type === "run finished")).toHaveLength(1);
    expect((await records()).filter((record) => record.type === "run queued")).toHaveLength(1);
    expect(await mainCommit(place.connection, place.repository)).toBe(first);
    const signed = await verifiedStatement(place.connection, place.repository, first);
    if (signed === undefined) throw new Error("no statement");
    const release = await verifyStatement(signed, [place.key.publicKey], { commit: first });
    expect((await place.docker.getImage(`quick/web:${first}`).inspect()).Id).toBe(release.images["web"]);
    const found = await leftovers(place.docker, place.repository.name);
    expect(found).toMatchObject({ containers: [], networks: [], work: [], building: [] });
    // Each result that is kept is one that the journal can find again.
    const known = new Set(
      (await records()).flatMap((record) => (record.type === "step finished" ? (record.outputs ?? []) : [])),
    );
    expect(found.outputs.filter((name) => !known.has(name))).toEqual([]);
  }, 600_000);

  it("while a step's container runs, removes it and runs the step again", async () => {
    const files = quick();
    const slow = (files["pipeline.ts"] ?? "").replace("cp file", "sleep 3; cp file");
    const commit = await place.copy.commit("slow", { ...files, "pipeline.ts": slow });
    await place.copy.git("push", "--quiet", "ci", "HEAD:review");
    const events = await place.docker.getEvents({
      filters: { type: ["container"], event: ["start"], label: [`slipway.ci=${place.repository.name}`] },
    });
    const life = live({ until: 1 });
    for await (const chunk of events) {
      const { Actor: actor } = JSON.parse(String(chunk).split("\n")[0] ?? "") as {
        Actor: { Attributes: Record<string, string> };
      };
      if (actor.Attributes["slipway.step"] === "build") break;
    }
    life.kill();
    expect(await life.ended).toMatchObject({ killed: true });
    const left = await leftovers(place.docker, place.repository.name);
    expect(left.containers).toHaveLength(1);
    const again = live({ until: 1 });
    expect(await again.ended, again.output()).toEqual({ killed: false, status: 0 });
    const [run] = await readRuns(place.connection, place.repository);
    expect(run).toMatchObject({ state: "passed", candidate: commit, attempt: 2 });
    expect(await leftovers(place.docker, place.repository.name)).toMatchObject({
      containers: [],
      networks: [],
      work: [],
      building: [],
    });
  });

  it("finds a push again whose hook call was lost", async () => {
    const commit = await place.copy.commit("lost", quick("lost"));
    await place.copy.git("push", "--quiet", "ci", "HEAD:review");
    const { rm } = await import("node:fs/promises");
    await rm(join(place.repository.gitDir, "slipway"), { recursive: true });
    const life = live({ until: 1 });
    expect(await life.ended, life.output()).toEqual({ killed: false, status: 0 });
    expect(await mainCommit(place.connection, place.repository)).toBe(commit);
  });

  it("between saying that main will move and moving it, moves it, and tests a later push on the new main", async () => {
    const base = await place.copy.commit("base", quick("base"));
    await place.copy.git("push", "--quiet", "ci", "HEAD:review");
    expect(await live({ until: 1 }).ended).toMatchObject({ status: 0 });
    const mine = await place.copy.commit("mine", { mine: "1\n" });
    await place.copy.git("push", "--quiet", "ci", "HEAD:review");
    // Dies when it has written that it will move main, before it does.
    const dying = live({ until: 2, crashAt: await publishPoint() });
    expect(await dying.ended, dying.output()).toMatchObject({ killed: true });
    expect(await mainCommit(place.connection, place.repository)).toBe(base);
    await place.copy.git("checkout", "--quiet", "-B", "hand", base);
    const hand = await place.copy.commit("hand", { hand: "1\n" });
    await place.copy.git("push", "--quiet", "ci", "+HEAD:review");
    const later = live({ until: 3 });
    expect(await later.ended, later.output()).toMatchObject({ status: 0 });
    const runs = await readRuns(place.connection, place.repository);
    expect(runs.map((run) => [run.commit, run.state])).toEqual([
      [base, "passed"],
      [mine, "passed"],
      [hand, "passed"],
    ]);
    expect(runs[2]?.base).toBe(mine);
  });
});

/** Crash point right after the record "run publishing" in a life that takes one queued run of the quick pipeline. */
async function publishPoint(): Promise<number> {
  const types = (await records()).map((record) => record.type);
  return types
    .slice(0, types.indexOf("run publishing") + 1)
    .reduce((sum, type) => sum + (type === "run queued" || type === "run publishing" ? 2 : 1), 0);
}
