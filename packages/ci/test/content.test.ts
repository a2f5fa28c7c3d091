import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CiRecord, image, step } from "@slipway/ci";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { definitions } from "../scripts/definitions.ts";
import { archiveEnd, joined, members } from "../src/archive.ts";
import { cachedSteps, contentKey, surplus } from "../src/cache.ts";
import { containerOptions } from "../src/container.ts";
import { frames } from "../src/docker.ts";
import { dockerfile } from "../src/image-step.ts";
import { type TarEntry, tar } from "../src/images/tar.ts";
import { printable } from "../src/log.ts";
import { git, logPath, repositoryAt } from "../src/repository.ts";

const content = { imageId: "sha256:1", inputs: ["i"], upstream: ["u"], env: { A: "1" }, platform: "linux/x64" };
const base = { ...content, step: step("a", { run: ["make"], env: { B: "2" }, outputs: ["out"] }) };

describe("contentKey", () => {
  it("does not depend on order or name, and does on everything that a step sees", () => {
    expect(contentKey({ ...base, step: { ...base.step, name: "other", timeoutMs: 5, needs: ["x"] } })).toBe(
      contentKey(base),
    );
    expect(contentKey({ ...base, inputs: ["j", "i"] })).toBe(contentKey({ ...base, inputs: ["i", "j"] }));
    const others = [
      { ...base, imageId: "sha256:2" },
      { ...base, inputs: ["other"] },
      { ...base, upstream: [] },
      { ...base, env: { A: "2" } },
      { ...base, platform: "linux/arm64" },
      { ...base, step: { ...base.step, run: ["make", "all"] as const } },
      { ...base, step: { ...base.step, env: {} } },
      { ...base, step: { ...base.step, network: "internet" as const } },
      { ...base, step: { ...base.step, outputs: ["elsewhere"] } },
    ];
    expect(new Set([base, ...others].map(contentKey)).size).toBe(others.length + 1);
  });

  it("takes only what passed, and keeps what was used last", () => {
    const done = (run: string, key: string, state: "passed" | "failed", cachedFrom?: string): CiRecord => ({
      type: "step finished",
      run,
      step: "a",
      attempt: 1,
      state,
      seconds: 1,
      key,
      outputs: [`v${key}`],
      ...(cachedFrom === undefined ? {} : { cachedFrom }),
    });
    const records = [
      done("1", "k1", "passed"),
      done("1", "k2", "failed"),
      done("2", "k3", "passed"),
      done("3", "k1", "passed", "1"),
    ];
    const cached = cachedSteps(records.map((record, at) => ({ seq: at + 1, at, record })));
    expect([...cached]).toEqual([
      ["k3", { run: "2", outputs: ["vk3"] }],
      ["k1", { run: "1", outputs: ["vk1"] }],
    ]);
    expect(surplus(cached, 1)).toEqual(["k3"]);
  });
});

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
};
async function* cut(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe("archives", () => {
  const entries: readonly TarEntry[] = [
    { path: "src", kind: "folder", mode: 0o755 },
    { path: "src/a", kind: "bytes", mode: 0o644, bytes: Buffer.alloc(1300, "a") },
    { path: "src/empty", kind: "bytes", mode: 0o644, bytes: Buffer.alloc(0) },
    { path: "src/link", kind: "link", mode: 0o777, target: "a" },
  ];
  it("are joined and given an owner however they are cut, and tar reads the result", async () => {
    const whole = await collect(tar(entries));
    const second = await collect(tar([{ path: "b", kind: "bytes", mode: 0o600, bytes: Buffer.from("b") }]));
    const expected = await collect(joined(members(cut(whole, 1 << 20), 1000), members(cut(second, 1 << 20))));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), async (size) => {
        expect(await collect(joined(members(cut(whole, size), 1000), members(cut(second, size))))).toEqual(expected);
      }),
      { numRuns: 40 },
    );
    const listed = execFileSync("tar", ["--numeric-owner", "-tvf", "-"], { input: expected, encoding: "utf8" });
    expect(
      listed
        .trim()
        .split("\n")
        .map((line) =>
          line
            .split(/\s+/)
            .filter((_, at) => at < 3 || at > 4)
            .join(" "),
        ),
    ).toEqual([
      "drwxr-xr-x 1000/1000 0 src/",
      "-rw-r--r-- 1000/1000 1300 src/a",
      "-rw-r--r-- 1000/1000 0 src/empty",
      "lrwxrwxrwx 1000/1000 0 src/link -> a",
      "-rw------- 0/0 1 b",
    ]);
  });
  it("that are cut off are refused", async () => {
    const whole = await collect(tar(entries));
    await expect(collect(members(cut(whole.subarray(0, 700), 100)))).rejects.toThrow(RangeError);
    expect(archiveEnd().length).toBe(1024);
  });
});

describe("frames", () => {
  it("finds the streams again however they are cut", async () => {
    const frame = (stream: number, text: string): Buffer => {
      const header = Buffer.alloc(8);
      header[0] = stream;
      header.writeUInt32BE(Buffer.byteLength(text), 4);
      return Buffer.concat([header, Buffer.from(text)]);
    };
    const whole = Buffer.concat([frame(1, "out"), frame(2, "\u001b[31merr"), frame(1, ""), frame(1, "more")]);
    for (let size = 1; size <= whole.length; size += 1) {
      const text = { 1: "", 2: "" } as Record<number, string>;
      for await (const { stream, bytes } of frames(cut(whole, size))) text[stream] += Buffer.from(bytes).toString();
      expect(text).toEqual({ 1: "outmore", 2: "\u001b[31merr" });
    }
  });
});

describe("plans as data", () => {
  it("asks the engine for a container without any way out", () => {
    expect(
      containerOptions({
        name: "n",
        image: "i",
        command: ["node", "-e", "1"],
        env: { A: "b c" },
        workdir: "/step/src",
        user: "1000:1000",
        labels: { "slipway.run.id": "1" },
        mounts: [{ volume: "v", at: "/step", readOnly: false }],
        network: "none",
        limits: { memoryMb: 64, cpus: 0.5, processes: 10 },
      }),
    ).toEqual({
      name: "n",
      Image: "i",
      Entrypoint: ["node"],
      Cmd: ["-e", "1"],
      Env: ["A=b c"],
      WorkingDir: "/step/src",
      User: "1000:1000",
      Labels: { "slipway.run.id": "1" },
      NetworkDisabled: true,
      HostConfig: {
        Init: true,
        NetworkMode: "none",
        Memory: 64 * 1024 * 1024,
        MemorySwap: 64 * 1024 * 1024,
        NanoCpus: 500_000_000,
        PidsLimit: 10,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        ReadonlyRootfs: true,
        Tmpfs: { "/tmp": "rw,exec,nosuid,nodev,mode=1777,size=1g" },
        Mounts: [{ Type: "volume", Source: "v", Target: "/step", ReadOnly: false }],
        LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "1" } },
      },
    });
  });

  it("writes an image's recipe with every value quoted", () => {
    const web = image("web", {
      copy: [{ from: "build/dist", to: "/app" }],
      entry: ["node", "/app/main.js"],
      env: { A: 'x"$HOME\\' },
    });
    expect(dockerfile(web, "slipway/node:1")).toBe(
      'FROM slipway/node:1\nCOPY ["dist","/app"]\nENV A="x\\"\\$HOME\\\\"\nUSER 1000:1000\nENTRYPOINT ["node","/app/main.js"]\n',
    );
  });

  it("runs git as the repository's owner, and keeps a step's name inside its folder", () => {
    const repository = repositoryAt("ledger");
    expect(git(repository, "show", "x")).toEqual([
      "runuser",
      "-u",
      "git",
      "--",
      "git",
      "--git-dir",
      "/srv/git/ledger.git",
      "show",
      "x",
    ]);
    expect(logPath(repository, "1", "../../etc/x y")).toBe(
      "/var/lib/slipway/ci/ledger/runs/1/..%2F..%2Fetc%2Fx%20y.log",
    );
  });

  it("shows text without anything that moves the cursor or turns the direction", () => {
    expect(printable("\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007\r\u202eevil\n")).toBe(
      "red linkevil\n",
    );
  });
});

describe("definitions", () => {
  it("carries its own sources' text: pnpm --filter @slipway/ci definitions makes it again", async () => {
    expect({ ...(await import("../src/definitions/text.ts")) }).toEqual(await definitions());
  });
  it("is importable without anything else", async () => {
    const { ciModule } = await import("../src/definitions/text.ts");
    const folder = await mkdtemp(join(tmpdir(), "definitions-"));
    await writeFile(join(folder, "ci.mjs"), ciModule);
    const loaded = (await import(join(folder, "ci.mjs"))) as typeof import("@slipway/ci");
    expect(loaded.step("a", { run: ["x"], timeout: "2m" })).toMatchObject({
      kind: "run",
      timeoutMs: 120_000,
      network: "none",
    });
    await rm(folder, { recursive: true });
  });
});
