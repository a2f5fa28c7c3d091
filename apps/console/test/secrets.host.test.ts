import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, watch } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = join(import.meta.dirname, "../src/cli/main.ts");
const canary = "canary-5ecret/9+x";

// Inside the repository, so that a platform's imports resolve as in a user's project.
let root = "";
let dir = "";
beforeAll(async () => {
  root = await mkdtemp(join(import.meta.dirname, ".secrets-"));
  dir = join(root, "ada");
  await mkdir(dir);
  await writeFile(
    join(dir, "ops.config.ts"),
    `import { file } from "@slipway/config";
import { ops } from "@slipway/console";
import { debian, host } from "@slipway/model";
import { droplet } from "@slipway/provision/digitalocean";
import { vault } from "@slipway/trust";
const secret = vault(["shop.key"]);
const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
const app = host("app", { on, os: debian("12"), has: [file.content("/etc/shop.key", secret("shop.key"), { mode: "0600" })] });
export default ops({ name: "shop", hosts: [app] });
`,
  );
});
afterAll(() => rm(root, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
function start(words: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = dir): ChildProcessWithoutNullStreams {
  const { SLIPWAY_GPG_KEY: _, INIT_CWD: __, VISUAL: ___, ...rest } = process.env;
  return spawn(process.execPath, ["--conditions=source", main, "secrets", ...words], { cwd, env: { ...rest, ...env } });
}
async function end(child: ChildProcessWithoutNullStreams, input = ""): Promise<Ended> {
  child.stdin.end(input);
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, out, err };
}
const ops = (words: readonly string[], input = "", cwd = dir): Promise<Ended> => end(start(words, {}, cwd), input);
const leftovers = async (): Promise<readonly string[]> =>
  (await readdir("/dev/shm").catch(() => [])).filter((name) => name.startsWith(`slipway-edit-`));

describe("ops secrets", () => {
  it("sets, gets, lists by context, and needs no cloud", async () => {
    const listed = await ops(["list"]);
    expect(listed).toMatchObject({
      code: 0,
      out: expect.stringContaining("missing: shop.key, for app: ops secrets set shop.key"),
    });
    expect(await ops(["check"])).toMatchObject({
      code: 1,
      out: expect.stringContaining("shop.key is missing, which app needs"),
    });
    expect(await ops(["set", "shop.key"], `${canary}\n`)).toMatchObject({
      code: 0,
      out: "shop.key is set, for operator\n",
    });
    expect(await ops(["set", "shop.key", "--context", "staging"], "other")).toMatchObject({ code: 0 });
    expect(await ops(["get", "shop.key"])).toMatchObject({ code: 0, out: `${canary}\n`, err: "" });
    expect(await ops(["get", "shop.key", "--context", "staging"])).toMatchObject({ out: "other\n" });
    expect(await ops(["set", "shop.key"], "\n")).toMatchObject({ code: 2 });
    const json = JSON.parse((await ops(["list", "--json"])).out) as unknown;
    expect(json).toMatchObject({
      ok: true,
      secrets: ["shop.key"],
      entries: [
        { name: "shop.key", by: "operator" },
        { name: "shop.key", context: "staging" },
      ],
      missing: [],
    });
    expect(await ops(["check"])).toMatchObject({ code: 0, out: "✓ 2 secrets, 1 recipient: in order\n" });
  });

  it("lets a second operator in and takes out again, and says that values stay known", async () => {
    const bob = join(root, "bob");
    const sync = async (from: string, to: string): Promise<void> => {
      await rm(join(to, "secrets"), { recursive: true, force: true });
      await cp(join(from, "secrets"), join(to, "secrets"), { recursive: true });
    };
    await mkdir(bob);
    await cp(join(dir, "ops.config.ts"), join(bob, "ops.config.ts"));
    await sync(dir, bob);
    expect(await ops(["get", "shop.key"], "", bob)).toMatchObject({
      code: 1,
      err: expect.stringContaining("secret.no-access"),
    });
    expect(await ops(["recipients", "add", "bob"])).toMatchObject({ code: 2 });
    const added = await ops(["recipients", "add", "bob", "--key", join(bob, ".slipway/keys/operator.pub.asc")]);
    expect(added).toMatchObject({ code: 0, out: expect.stringMatching(/^bob reads 2 secrets now: [0-9A-F]{40}\n$/) });
    await sync(dir, bob);
    expect(await ops(["get", "shop.key"], "", bob)).toMatchObject({ out: `${canary}\n` });
    const removed = await ops(["recipients", "remove", "bob"]);
    expect(removed.out).toContain("bob may have read them");
    expect(removed.out).toContain("ops secrets rotate shop.key --context staging\n");
    await sync(dir, bob);
    expect(await ops(["get", "shop.key"], "", bob)).toMatchObject({ code: 1 });
  });

  it("rotates, and exits with 5 when somebody put the old file back", async () => {
    const path = join(dir, "secrets/shop.key.asc");
    const old = await readFile(path);
    expect(await ops(["rotate", "shop.key", "--generate"])).toMatchObject({
      code: 0,
      err: expect.stringContaining("in use by app"),
    });
    expect((await ops(["get", "shop.key"])).out).toMatch(/^[\w-]{43}\n$/);
    expect(await ops(["rotate", "no.such", "--generate"])).toMatchObject({ code: 1 });
    expect(await ops(["rotate"])).toMatchObject({ code: 2 });
    expect(await ops(["rotate", "--reencrypt"])).toMatchObject({ code: 0, out: expect.stringContaining("2 secrets") });
    await writeFile(path, old);
    expect(await ops(["get", "shop.key"])).toMatchObject({ code: 5, out: "" });
    expect(await ops(["check"])).toMatchObject({
      code: 5,
      out: expect.stringContaining("shop.key.asc is not the one"),
    });
    expect(await ops(["set", "shop.key"], canary)).toMatchObject({ code: 0 });
    expect(await ops(["check"])).toMatchObject({ code: 0 });
  });
});

it("sets text alone: bytes are not taken for something similar", async () => {
  const child = start(["set", "shop.bytes"]);
  child.stdin.write(Buffer.from([0x61, 0xff, 0x62]));
  expect(await end(child)).toMatchObject({ code: 2, err: expect.stringContaining("ops.not-text") });
  const odd = "\uFEFF a\u0000b\nline 😀\r\n\n";
  expect((await ops(["set", "shop.odd"], odd)).code).toBe(0);
  expect(JSON.parse((await ops(["get", "shop.odd", "--json"])).out)).toMatchObject({ value: odd.slice(0, -1) });
  expect((await ops(["remove", "shop.odd"])).code).toBe(0);
});

describe.skipIf(!existsSync("/dev/shm"))("ops secrets edit", () => {
  const edit = (editor: string): Promise<Ended> =>
    end(start(["edit", "shop.key"], { EDITOR: editor, XDG_RUNTIME_DIR: "" }));

  it("shows the value in a file that only the owner reads, in memory, and sets what was saved", async () => {
    const seen = join(root, "seen");
    const look = `sh -c 'stat -c "%a %n" "$(dirname "$1")" "$1" >${seen}; cat "$1" >>${seen}; echo added >>"$1"' x`;
    expect(await edit(look)).toMatchObject({ code: 0, out: "shop.key is set, for operator\n" });
    const [folder = "", file, content] = (await readFile(seen, "utf8")).split("\n");
    expect(folder).toMatch(/^700 \/dev\/shm\/slipway-edit-\d+-\w+$/);
    expect(file).toBe(`600 ${folder.slice(4)}/shop.key`);
    expect(content).toBe(canary);
    expect((await ops(["get", "shop.key"])).out).toBe(`${canary}\nadded\n`);
    expect(existsSync(folder.slice(4))).toBe(false);
  });

  it("writes nothing when nothing was changed, or the editor failed", async () => {
    const before = await readFile(join(dir, "secrets/manifest.json"), "utf8");
    expect(await edit("true")).toMatchObject({ code: 0, out: "nothing was changed\n" });
    expect(await edit("false")).toMatchObject({ code: 1, err: expect.stringContaining("ops.editor") });
    expect(await readFile(join(dir, "secrets/manifest.json"), "utf8")).toBe(before);
  });

  it("takes bytes that are no text for what they are, and sets nothing", async () => {
    expect(await edit(`sh -c 'printf "\\377\\n" >>"$1"' x`)).toMatchObject({
      code: 2,
      err: expect.stringContaining("ops.not-text"),
    });
    expect((await ops(["get", "shop.key"])).out).toContain(canary);
  });

  it("wipes beside what an editor linked to, and leaves that alone", async () => {
    const other = join(root, "other");
    await writeFile(other, "somebody's file");
    const linked = `sh -c 'cd "$(dirname "$1")"; echo "$PWD" >${root}/where; ln -s /nowhere .#lock; ln -s ${other} other; exit 1' x`;
    expect(await edit(linked)).toMatchObject({ code: 1, err: expect.stringContaining("ops.editor") });
    const where = (await readFile(join(root, "where"), "utf8")).trim();
    expect(existsSync(where)).toBe(false);
    expect(await readFile(other, "utf8")).toBe("somebody's file");
  });

  it("sets nothing over what somebody else set meanwhile", async () => {
    const meanwhile = `sh -c 'echo other | ${process.execPath} --conditions=source ${main} secrets set shop.key; echo mine >"$1"' x`;
    const before = (await ops(["get", "shop.key"])).out;
    expect(await edit(meanwhile)).toMatchObject({ code: 1, err: expect.stringContaining("ops.changed-meanwhile") });
    expect((await ops(["get", "shop.key"])).out).toBe("other\n");
    expect((await ops(["set", "shop.key"], before)).code).toBe(0);
  });

  it("gives a context a value of its own for no others than could read it", async () => {
    expect((await ops(["set", "narrow", "--for", "operator"], "narrow value")).code).toBe(0);
    const editor = `sh -c 'echo edited >"$1"' x`;
    expect((await end(start(["edit", "narrow", "--context", "prod"], { EDITOR: editor }))).code).toBe(0);
    const { out } = await ops(["list", "--json"]);
    const { entries } = JSON.parse(out) as { entries: readonly Record<string, unknown>[] };
    expect(entries).toContainEqual(expect.objectContaining({ name: "narrow", context: "prod", restricted: true }));
    for (const words of [
      ["remove", "narrow"],
      ["remove", "narrow", "--context", "prod"],
    ])
      await ops(words);
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("leaves nothing after %s", async (signal) => {
    const started = join(root, `started-${signal}`);
    await mkdir(started);
    const begun = new Promise<void>((resolve) => {
      const watcher = watch(started, () => {
        watcher.close();
        resolve();
      });
    });
    const child = start(["edit", "shop.key"], {
      EDITOR: `sh -c 'echo more >>"$1"; dirname "$1" >${started}/folder; exec sleep 60' x`,
      XDG_RUNTIME_DIR: "",
    });
    await begun;
    child.kill(signal);
    const ended = await end(child);
    expect(ended.code).toBe(130);
    expect(ended.out + ended.err).not.toContain(canary);
    expect((await leftovers()).filter((name) => name.includes(`-${child.pid}-`))).toEqual([]);
    expect((await ops(["get", "shop.key"])).out).not.toContain("more");
  });

  it("wipes later what kill -9 left", async () => {
    const folder = `/dev/shm/slipway-edit-${2 ** 22 + 1}-abcdef`;
    await mkdir(folder, { mode: 0o700 });
    await writeFile(join(folder, "shop.key"), canary);
    expect(await ops(["check"])).toMatchObject({ code: 0, err: expect.stringContaining("wiped") });
    await expect(stat(folder)).rejects.toThrow("ENOENT");
  });
});

it("leaves no value in the project's folder", async () => {
  const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(10);
  for (const entry of files) {
    if (entry.name === "seen") continue;
    expect((await readFile(join(entry.parentPath, entry.name))).includes(canary), entry.name).toBe(false);
  }
});
