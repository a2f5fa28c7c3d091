import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Guard } from "@slipway/model";
import { expect, test } from "vitest";
import { guardId, settleScript } from "../src/engine/guard-script.ts";

const guard: Guard = { title: "sshd", files: ["/etc/ssh/sshd_config"], settle: [] };

test("who watches an order while it gets more time never sees half of one, which would undo the change at once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-guard-"));
  const at = join(folder, "guard", guardId(guard));
  mkdirSync(at, { recursive: true });
  const order = join(at, "armed");
  writeFileSync(order, "1 boot\n");
  try {
    const watcher = spawn("sh", [
      "-c",
      'echo on; while [ ! -e "$1.end" ]; do read -r a b <"$1" || echo torn; done',
      "sh",
      order,
    ]);
    const ended = once(watcher, "close");
    const seen = text(watcher.stdout);
    await once(watcher.stdout, "readable");
    const script = `i=0\nwhile [ $i -lt 300 ]; do\n${settleScript(guard)}\ni=$((i+1))\ndone`;
    const { status, stderr } = spawnSync("sh", ["-c", script], {
      env: { ...process.env, S: folder, B: "boot" },
      encoding: "utf8",
    });
    writeFileSync(`${order}.end`, "");
    await ended;
    expect([status, stderr, await seen]).toEqual([0, "", "on\n"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
