import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fileJournal } from "@slipway/journal";
import { describe, expect, it } from "vitest";
import { listOf, temporaryFolder } from "./here.ts";

const program = fileURLToPath(new URL("writer.ts", import.meta.url));

const start = (path: string, batch: number): ChildProcess =>
  spawn(process.execPath, ["--conditions=source", program, path, String(batch)], {
    stdio: ["ignore", "pipe", "inherit"],
  });

describe("a full disk", () => {
  it("refuses the record that does not fit, and keeps what fits before and after it", async () => {
    await using folder = await temporaryFolder();
    const full = fileURLToPath(new URL("full.ts", import.meta.url));
    // A limit of the file's size fails a write half-way, as a full disk does, and needs no disk.
    const script = 'ulimit -f 64; exec "$@"';
    const command = [process.execPath, "--conditions=source", full, join(folder.path, "j")];
    const output = execFileSync("bash", ["-c", script, "bash", ...command], { encoding: "utf8" });
    expect(output).toBe("1 2 journal.write 3 3");
  });
});

describe("a writer that is killed", () => {
  it("leaves its lock and every acknowledged record, each time", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "j");
    let acknowledged = 0;
    for (let round = 0; round < 6; round += 1) {
      const child = start(path, 1 + round * 7);
      const gone = new Promise((resolve) => child.once("exit", resolve));
      if (child.stdout === null) throw new Error("no output");
      const enough = acknowledged + 20 + round * 13;
      for await (const line of createInterface({ input: child.stdout })) {
        if (line === "ready") {
          await expect(fileJournal(path)).rejects.toMatchObject({
            code: "journal.locked",
            message: expect.stringContaining(`process ${child.pid}`),
          });
          continue;
        }
        acknowledged = Math.max(acknowledged, Number(line));
        if (acknowledged >= enough) child.kill("SIGKILL");
      }
      await gone;
      await using journal = await fileJournal<unknown>(path);
      const kept = await listOf(journal.read());
      expect(kept.length).toBeGreaterThanOrEqual(acknowledged);
      acknowledged = kept.length;
    }
  }, 60_000);
});
