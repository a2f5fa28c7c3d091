import { execFile } from "node:child_process";
import { cp, mkdir, readdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { generateKey, type KeyPair, openVault, seenFile, writeKeyFile } from "@slipway/trust";
import { beforeAll, expect, it } from "vitest";
import { realDisk } from "../src/folder.ts";
import { refusal, team, temporaryFolder } from "./fixtures.ts";

let ann: KeyPair;
let bob: KeyPair;
beforeAll(async () => {
  ann = await generateKey({ name: "Ann", email: "ann@example.org" });
  bob = await generateKey({ name: "Bob", email: "bob@example.org" });
});

it("killed before any of its writes, a change is there or it is not, and the next one goes on", async () => {
  await using vault = await team({ ann, bob });
  await using folder = await temporaryFolder();
  const key = join(folder.path, "ann.asc");
  await writeKeyFile(key, ann.privateKey);
  const seen = join(folder.path, "seen.json");
  const asAnn = await vault.as(ann, { seen: seenFile(seen) });
  await asAnn.set("a", "1");
  await asAnn.set("b", "2", { publicHalf: "public" });
  const child = (dir: string, at: number): Promise<string> =>
    promisify(execFile)(process.execPath, [
      "--conditions=source",
      fileURLToPath(new URL("crash.child.ts", import.meta.url)),
      dir,
      key,
      String(at),
    ]).then(
      ({ stdout }) => stdout,
      (error: { signal?: string; stderr?: string }) => error.signal ?? error.stderr ?? "",
    );
  const whole = join(folder.path, "whole");
  await cp(vault.dir, whole, { recursive: true });
  const writes = Number(await child(whole, 0));
  expect(writes).toBeGreaterThan(15);

  const outcomes: string[] = [];
  const one = async (at: number): Promise<void> => {
    const dir = join(folder.path, String(at));
    await cp(vault.dir, dir, { recursive: true });
    await mkdir(join(dir, ".staged"), { recursive: true });
    expect(await child(dir, at)).toBe("SIGKILL");
    const memory = join(folder.path, `seen-${at}.json`);
    await cp(seen, memory);
    const after = await openVault({ dir, key: ann.privateKey, seen: seenFile(memory) });
    expect(await after.check(), `stopped at ${at}`).toEqual([]);
    expect([await after.get("a"), await after.get("b"), await after.publicHalf("b")]).toEqual(["1", "2", "public"]);
    const readers = (await after.recipients()).map(({ name }) => name).join();
    expect((await after.entries()).map(({ recipients }) => recipients.join())).toEqual([readers, readers]);
    outcomes[at] = readers;
    await after.set("c", "3");
    expect((await after.recipients()).map(({ name }) => name).join()).toBe(readers);
    expect((await readdir(dir)).filter((name) => /^\.(next|staged)$/.test(name))).toEqual([]);
    expect(await after.check()).toEqual([]);
  };
  const numbers = Array.from({ length: writes }, (_, index) => index + 1);
  const workers = Array.from({ length: 3 }, async () => {
    for (let at = numbers.shift(); at !== undefined; at = numbers.shift()) await one(at);
  });
  await Promise.all(workers);
  // One moment decides.
  expect(outcomes.slice(1).join(" ")).toMatch(/^(ann,bob )+(ann ?)+$/);
}, 120_000);

it("on a full disk nothing is changed, and it works again when there is room", async () => {
  await using vault = await team({ ann });
  await (await vault.as(ann)).set("a", "1");
  let room = 1;
  const full = {
    ...realDisk,
    write: async (path: string, content: string) => {
      await realDisk.write(path, content);
      room -= 1;
      if (room >= 0) return;
      await truncate(path, 10);
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    },
  };
  const opened = await vault.as(ann, { disk: full });
  expect(await refusal(opened.set("a", "2"))).toMatchObject({ code: "vault.write", cause: { code: "ENOSPC" } });
  expect(await opened.get("a")).toBe("1");
  expect(await opened.check()).toEqual([]);
  room = 100;
  await opened.set("a", "2");
  expect(await opened.get("a")).toBe("2");
});
