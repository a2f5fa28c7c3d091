import { appendFile, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileJournal, followRemote, readJournal, remoteJournal } from "@slipway/journal";
import type { Connection } from "@slipway/model";
import { describe, expect, it } from "vitest";
import { here, listOf, temporaryFolder } from "./here.ts";

describe("a journal on a host", () => {
  it("has the format of one on this machine, both ways", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "deep", "it's.jsonl");
    {
      await using journal = await remoteJournal<string>(here(), path);
      expect(await journal.append("a")).toMatchObject({ seq: 1, record: "a" });
      await Promise.all(["b\n'", "ü"].map((record) => journal.append(record)));
      expect(await listOf(journal.read(2))).toMatchObject([{ seq: 3, record: "ü" }]);
    }
    {
      await using journal = await fileJournal<string>(path);
      await journal.append("d");
    }
    await using again = await remoteJournal<string>(here(), path);
    await again.append("e");
    const records = (await listOf(readJournal<string>(path).read())).map(({ record }) => record);
    expect(records).toEqual(["a", "b\n'", "ü", "d", "e"]);
    expect((await readdir(join(folder.path, "deep"))).toSorted()).toEqual(["it's.jsonl", "it's.jsonl.lock"]);
  });

  it("refuses the second of two writers, who may read again and go on", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "j");
    await using one = await remoteJournal<string>(here(), path);
    await using two = await remoteJournal<string>(here(), path);
    await one.append("mine");
    await expect(two.append("mine too")).rejects.toMatchObject({ code: "journal.conflict", exitCode: 5 });
    await using fresh = await remoteJournal<string>(here(), path);
    expect(await fresh.append("now")).toMatchObject({ seq: 2 });
    // Ten at once: some are refused, none is lost or mixed.
    const rivals = await Promise.all(Array.from({ length: 10 }, () => remoteJournal<string>(here(), path)));
    const outcomes = await Promise.allSettled(rivals.map((rival, index) => rival.append(`rival ${index}`)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await listOf(readJournal(path).read())).toHaveLength(3);
  });

  it("notices a change that kept the size", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "j");
    await using journal = await remoteJournal<string>(here(), path);
    await journal.append("aaaa");
    const other = join(folder.path, "other");
    await using imitation = await remoteJournal<string>(here(), other);
    await imitation.append("bbbb");
    await writeFile(path, await readFile(other));
    await expect(journal.append("next")).rejects.toMatchObject({ code: "journal.conflict" });
  });

  it("removes a torn last line with the next append, and refuses a damaged one", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "j");
    await using journal = await remoteJournal<string>(here(), path);
    await journal.append("kept");
    await appendFile(path, '{"seq":2,"at":1,"rec');
    await using next = await remoteJournal<string>(here(), path);
    expect(await next.append("after")).toMatchObject({ seq: 2 });
    expect(await listOf(readJournal<string>(path).read())).toMatchObject([{ record: "kept" }, { record: "after" }]);
    const bytes = await readFile(path);
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    await writeFile(path, bytes);
    await expect(remoteJournal(here(), path)).rejects.toMatchObject({ code: "journal.corrupt" });
  });

  it("keeps nothing of a record that arrived incomplete", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "j");
    const whole = here();
    // A connection that breaks in the middle of standard input.
    const breaking: Connection = {
      ...whole,
      exec: (command, options) =>
        whole.exec(command, {
          ...options,
          ...(typeof options?.stdin === "string" ? { stdin: options.stdin.slice(0, -9) } : {}),
        }),
    };
    await using journal = await remoteJournal<string>(breaking, path);
    await expect(journal.append("lost")).rejects.toMatchObject({ code: "journal.write" });
    expect(await readFile(path, "utf8")).toBe("");
    expect(await readdir(folder.path)).toHaveLength(2);
  });

  it("is followed, also past a torn line that is cut", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "j");
    await using journal = await remoteJournal<number>(here(), path);
    await journal.append(1);
    const stop = new AbortController();
    const seen: number[] = [];
    for await (const { record } of followRemote<number>(here(), path, 0, stop.signal)) {
      seen.push(record);
      if (record === 1) {
        await appendFile(path, '{"torn');
        await truncate(path, (await readFile(path)).lastIndexOf(10) + 1);
      }
      if (record < 4) await journal.append(record + 1);
      else stop.abort();
    }
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});
