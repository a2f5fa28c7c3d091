import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { generateSshKey } from "../src/ssh-key.ts";
import { heldBy, nothing } from "./support/cloud.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-killed-"));
const keyFile = join(folder, "operator");
const key = generateSshKey("operator");
writeFileSync(keyFile, key.privateKey, { mode: 0o600 });
writeFileSync(`${keyFile}.pub`, key.publicKey);
afterAll(() => rmSync(folder, { recursive: true }));

const program = fileURLToPath(new URL("./support/provision.ts", import.meta.url));
const begin = (stack: string, what: string): ChildProcess =>
  spawn(process.execPath, ["--conditions=source", program, stack, keyFile, what], {
    stdio: ["ignore", "pipe", "inherit"],
  });

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    child.once("close", (code) => resolve(code));
  });

/** Runs it to its end; gives the last line. */
async function whole(stack: string, what: string): Promise<string> {
  const child = begin(stack, what);
  const end = ended(child);
  let last = "";
  if (child.stdout !== null) for await (const line of createInterface(child.stdout)) last = line;
  expect(await end).toBe(0);
  return last;
}

/** Kills it with SIGKILL as soon as it prints a line that begins so. */
async function killedAt(stack: string, what: string, line: string): Promise<void> {
  const child = begin(stack, what);
  const end = ended(child);
  if (child.stdout !== null)
    for await (const said of createInterface(child.stdout)) if (said.startsWith(line)) child.kill("SIGKILL");
  expect(await end).toBe(null);
}

/** Kills it as soon as the engine tells of the first container of the stack's cloud: created, not started. */
async function killedAtFirstContainer(stack: string): Promise<void> {
  const filters = ["--filter", `label=slipway.cloud=${stack}`, "--filter", "event=create"];
  const events = spawn("docker", ["events", ...filters], { stdio: ["ignore", "pipe", "inherit"] });
  const child = begin(stack, "provision");
  const end = ended(child);
  events.stdout.once("data", () => child.kill("SIGKILL"));
  expect(await end).toBe(null);
  events.kill();
}

// At every call there is: converges.test.ts, over a model; `pnpm trial provision-cut`, on machines.
const points = ["creating", "first container", "verified", "rekeyed"] as const;

test.each(points)("killed at %s: the next run completes it, the one after changes nothing", async (point) => {
  const stack = `k${process.pid}-${points.indexOf(point)}`;
  try {
    if (point === "first container") await killedAtFirstContainer(stack);
    else await killedAt(stack, "provision", point);
    expect(await whole(stack, "provision")).toMatch(/^done 2 /);
    expect(await whole(stack, "provision")).toBe("done 2 0");
    // Two droplets and the cloud's own machine.
    expect((await heldBy(stack)).containers).toBe(3);
  } finally {
    await whole(stack, "destroy");
  }
  expect(await heldBy(stack)).toEqual(nothing);
});

test.each(["destroying", "deleting"])("killed while destroying, at %s: the next run leaves nothing", async (point) => {
  const stack = `k${process.pid}-${point}`;
  await whole(stack, "provision");
  await killedAt(stack, "destroy", point);
  await whole(stack, "destroy");
  expect(await heldBy(stack)).toEqual(nothing);
});
