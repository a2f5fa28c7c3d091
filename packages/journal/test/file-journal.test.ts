import { readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileJournal, readJournal } from "@slipway/journal";
import { SlipwayError, virtualClock } from "@slipway/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listOf, temporaryFolder } from "./here.ts";

describe("a journal", () => {
  it("keeps records in order, with their number and time, over openings", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "deep", "er", "journal.jsonl");
    const clock = virtualClock(1_000);
    {
      await using journal = await fileJournal<string>(path, { clock });
      expect(await journal.append("a")).toEqual({ seq: 1, at: 1_000, record: "a" });
      await clock.advance(5);
      const rest = await Promise.all(["b", "c"].map((record) => journal.append(record)));
      expect(rest.map(({ seq, at }) => [seq, at])).toEqual([
        [2, 1_005],
        [3, 1_005],
      ]);
      expect(await listOf(journal.read(1))).toHaveLength(2);
    }
    await using again = await fileJournal<string>(path);
    await again.append("d");
    const records = (await listOf(again.read())).map(({ record }) => record);
    expect(records).toEqual(["a", "b", "c", "d"]);
    expect(await listOf(readJournal<string>(path).read(3))).toMatchObject([{ seq: 4, record: "d" }]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("keeps a thousand records that come at once, and takes each as it was then", async () => {
    await using folder = await temporaryFolder();
    await using journal = await fileJournal<{ n: number }>(join(folder.path, "j"));
    const record = { n: 0 };
    const appended: Promise<unknown>[] = [];
    for (record.n = 0; record.n < 1_000; record.n += 1) appended.push(journal.append(record));
    await Promise.all(appended);
    const kept = (await listOf(journal.read())).map(({ seq, record: { n } }) => seq - n);
    expect(kept).toEqual(Array.from({ length: 1_000 }, () => 1));
  });

  it("refuses what JSON cannot hold, and goes on", async () => {
    await using folder = await temporaryFolder();
    await using journal = await fileJournal<unknown>(join(folder.path, "j"));
    await expect(journal.append(undefined)).rejects.toBeInstanceOf(TypeError);
    await expect(journal.append(1n)).rejects.toBeInstanceOf(TypeError);
    expect(await journal.append(null)).toMatchObject({ seq: 1 });
  });

  it("has one writer", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "j");
    {
      await using first = await fileJournal<number>(path);
      const second = fileJournal<number>(path);
      await expect(second).rejects.toMatchObject({ code: "journal.locked", exitCode: 5 });
      await first.append(1);
      const stop = new AbortController();
      const third = fileJournal<number>(path, { waitMs: 60_000, signal: stop.signal });
      stop.abort(new Error("enough"));
      await expect(third).rejects.toThrow("enough");
    }
    await using next = await fileJournal<number>(path);
    expect(await next.append(2)).toMatchObject({ seq: 2 });
  });

  it("refuses work after it was disposed", async () => {
    await using folder = await temporaryFolder();
    const journal = await fileJournal<number>(join(folder.path, "j"));
    const last = journal.append(1);
    await journal[Symbol.asyncDispose]();
    await journal[Symbol.asyncDispose]();
    expect(await last).toMatchObject({ seq: 1 });
    await expect(journal.append(2)).rejects.toMatchObject({ code: "journal.closed" });
  });

  it.each(["its writer", "a reader"])("is followed by %s", async (who) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "j");
    await using journal = await fileJournal<number>(path);
    await journal.append(1);
    const stop = new AbortController();
    const follower = who === "a reader" ? readJournal<number>(path) : journal;
    const seen: number[] = [];
    for await (const { record } of follower.follow(0, stop.signal)) {
      seen.push(record);
      if (record < 5) await journal.append(record + 1);
      else stop.abort();
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it("is followed from before its file exists", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "j");
    const stop = new AbortController();
    const follow = async (): Promise<number | undefined> => {
      for await (const { record } of readJournal<number>(path).follow(0, stop.signal)) return record;
      return undefined;
    };
    const first = follow();
    await using journal = await fileJournal<number>(path);
    await journal.append(7);
    expect(await first).toBe(7);
  });
});

describe("a damaged journal", () => {
  const make = async (path: string, records: readonly unknown[]): Promise<Buffer> => {
    await using journal = await fileJournal<unknown>(path);
    for (const record of records) await journal.append(record);
    return readFile(path);
  };
  const records = fc.array(fc.jsonValue(), { minLength: 1, maxLength: 6 });

  it("that was cut anywhere opens with a prefix of its records, says so, and goes on", async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.nat(), async (wanted, nat) => {
        await using folder = await temporaryFolder();
        const path = join(folder.path, "j");
        const bytes = await make(path, wanted);
        const size = nat % (bytes.length + 1);
        await truncate(path, size);
        let told = 0;
        await using journal = await fileJournal<unknown>(path, {
          onCut: (cut) => {
            told = cut;
          },
        });
        const kept = await listOf(journal.read());
        const whole = bytes.subarray(0, size).toString("latin1").split("\n").length - 1;
        expect(kept.map(({ record }) => record)).toEqual(JSON.parse(JSON.stringify(wanted.slice(0, whole))));
        const torn = size - (bytes.subarray(0, size).lastIndexOf(10) + 1);
        expect([told, journal.cutBytes]).toEqual([torn, torn]);
        await journal.append("next");
        expect((await listOf(readJournal(path).read())).at(-1)).toMatchObject({ seq: whole + 1, record: "next" });
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it("with any flipped bit is refused, naming the line", async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.nat(), fc.nat({ max: 7 }), async (wanted, nat, bit) => {
        await using folder = await temporaryFolder();
        const path = join(folder.path, "j");
        const bytes = await make(path, wanted);
        const at = nat % bytes.length;
        const line = bytes.subarray(0, at).toString("latin1").split("\n").length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        await writeFile(path, bytes);
        const error = await fileJournal(path).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(SlipwayError);
        expect(error).toMatchObject({ code: "journal.corrupt", message: expect.stringContaining(`at line ${line}:`) });
      }),
      { numRuns: 250 },
    );
  }, 60_000);

  it("with a line that is missing, repeated, moved or foreign is refused", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "j");
    const [a = "", b = "", c = ""] = (await make(path, [1, 2, 3])).toString().split(/(?<=\n)/);
    const [foreign = ""] = (await make(join(folder.path, "other"), ["else"])).toString().split(/(?<=\n)/);
    for (const lines of [[a, c], [b, c], [a, b, b], [a, a], [b, a, c], [foreign, b, c], [a, "\n", b], ["\n"]]) {
      await writeFile(path, lines.join(""));
      await expect(fileJournal(path)).rejects.toMatchObject({ code: "journal.corrupt" });
      await expect(listOf(readJournal(path).read())).rejects.toMatchObject({ code: "journal.corrupt" });
    }
    // Only losing lines at the end cannot be told from never having written them.
    await writeFile(path, a + b);
    expect(await listOf(readJournal(path).read())).toHaveLength(2);
  });
});
