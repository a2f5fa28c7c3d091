import { readFile, tail, writeFileAtomic } from "@slipway/connection/files";
import type { Command, Connection } from "@slipway/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

export interface Subject extends AsyncDisposable {
  /** A new connection to the same place. */
  open(): Promise<Connection>;
  /** Something on the host that answers `PING\n` with `PONG\n` and then closes. */
  readonly echo: { readonly path: string; readonly port: number };
}

/** Whether a process lives, asked of the host until the answer is no. The test's own time limit is the deadline. */
export async function gone(connection: Connection, pid: string): Promise<void> {
  while ((await connection.exec(["kill", "-0", pid])).status === 0);
}

const growthLimit = 64 * 1024 * 1024;

/** What every Connection promises; run over each implementation. */
export function contract(name: string, make: () => Promise<Subject>): void {
  describe(`the contract over ${name}`, () => {
    let subject: Subject;
    let connection: Connection;
    let folder: string;

    beforeAll(async () => {
      subject = await make();
      connection = await subject.open();
      folder = (await connection.exec(["mktemp", "-d"])).stdout.trim();
    });
    afterAll(async () => {
      await connection?.exec(["rm", "-rf", folder]);
      await connection?.[Symbol.asyncDispose]();
      await subject?.[Symbol.asyncDispose]();
    });

    it("hands arguments over unchanged", async () => {
      const words = [
        "a b",
        "it's",
        'say "hi"',
        "back\\slash",
        "$HOME `id` $(id)",
        "new\nline",
        "",
        "*",
        "~",
        "-n",
        "ünï😀",
        "!x",
        "^",
      ];
      const { stdout } = await connection.exec(["printf", "%s\\0", ...words]);
      expect(stdout.split("\0").slice(0, -1)).toEqual(words);
    });

    it("refuses an argument with a NUL byte or without end", async () => {
      await expect(connection.exec(["echo", "a\0b"])).rejects.toMatchObject({ code: "connection.argument" });
      await expect(connection.exec(["echo", "x".repeat(200_000)])).rejects.toMatchObject({
        code: "connection.argument",
      });
    });

    it("keeps both outputs apart, complete and without a prefix", async () => {
      const output = await connection.exec(["sh", "-c", "echo out; echo err >&2; printf end"]);
      expect(output).toEqual({ status: 0, stdout: "out\nend", stderr: "err\n" });
      expect(await connection.exec(["true"])).toEqual({ status: 0, stdout: "", stderr: "" });
    });

    it.each<[string, Command, number]>([
      ["the program's own", ["sh", "-c", "exit 3"], 3],
      ["128 + n for a signal", ["sh", "-c", "kill -9 $$"], 137],
      ["127 for a program that is not there", ["slipway-no-such-program"], 127],
    ])("gives the status: %s", async (_, command, status) => {
      expect((await connection.exec(command)).status).toBe(status);
    });

    it("feeds standard input from text, bytes and a stream, and leaves it empty otherwise", async () => {
      const { Readable } = await import("node:stream");
      expect((await connection.exec(["cat"], { stdin: "text ü" })).stdout).toBe("text ü");
      expect((await connection.exec(["wc", "-c"], { stdin: new Uint8Array(1_000_000) })).stdout.trim()).toBe("1000000");
      const lines = Readable.from(["one\n", "two\n"]);
      expect((await connection.exec(["cat"], { stdin: lines })).stdout).toBe("one\ntwo\n");
      expect((await connection.exec(["cat"])).stdout).toBe("");
      // A command that reads nothing still ends well.
      expect((await connection.exec(["true"], { stdin: new Uint8Array(3_000_000) })).status).toBe(0);
    });

    it("rejects when the stream that feeds it fails: half an input is none", async () => {
      const { Readable } = await import("node:stream");
      const broken = Readable.from(
        (function* () {
          yield "half";
          throw new Error("source broke");
        })(),
      );
      await expect(connection.exec(["cat"], { stdin: broken })).rejects.toThrow("source broke");
    });

    it("ends a command that takes too long, with its children", async () => {
      const file = `${folder}/pid`;
      const script = `sleep 1000 & echo $! > ${file}; wait`;
      const call = connection.exec(["sh", "-c", script], { timeoutMs: 700 });
      await expect(call).rejects.toMatchObject({ code: "connection.timeout", exitCode: 1 });
      const pid = (await connection.exec(["cat", file])).stdout.trim();
      expect(pid).not.toBe("");
      await gone(connection, pid);
    });

    it("ends a command when the signal aborts, and rejects with its reason", async () => {
      const stop = new AbortController();
      const process = await connection.spawn(["sh", "-c", "echo $$; exec sleep 1000"], { signal: stop.signal });
      process.stderr.resume();
      // Leaves the output after the first piece; the process must still be seen to end.
      const [pid] = await process.stdout.take(1).toArray();
      stop.abort();
      expect((await process.exit).status).toBeGreaterThan(128);
      await gone(connection, String(pid).trim());
      const reason = new Error("enough");
      const call = connection.exec(["sleep", "1000"], { signal: AbortSignal.abort(reason) });
      await expect(call).rejects.toBe(reason);
    });

    it("ends a command that prints too much", async () => {
      const call = connection.exec(["cat", "/dev/zero"], { maxOutputBytes: 100_000 });
      await expect(call).rejects.toMatchObject({ code: "connection.output-too-large" });
    });

    it("runs 40 commands at once", async () => {
      const calls = Array.from({ length: 40 }, (_, index) => connection.exec(["echo", String(index)]));
      const seen = (await Promise.all(calls)).map(({ stdout }) => Number(stdout));
      expect(seen).toEqual(Array.from({ length: 40 }, (_, index) => index));
    });

    it("talks with a live process", async () => {
      const process = await connection.spawn(["sh", "-c", 'while read -r line; do echo "<$line>"; done; exit 4']);
      process.stderr.resume();
      const replies = process.stdout.iterator({ destroyOnReturn: false });
      process.stdin.write("one\n");
      expect(String((await replies.next()).value)).toBe("<one>\n");
      process.stdin.write("two\n");
      expect(String((await replies.next()).value)).toBe("<two>\n");
      process.stdin.end();
      expect((await replies.next()).done).toBe(true);
      expect(await process.exit).toEqual({ status: 4 });
      process.kill();
    });

    it("holds little of 20 MB while nobody reads it, and loses none", async () => {
      const process = await connection.spawn(["head", "-c", "20000000", "/dev/zero"]);
      process.stderr.resume();
      globalThis.gc?.();
      const before = globalThis.process.memoryUsage().rss;
      // Other commands go on meanwhile, and give the bytes every chance to pile up.
      for (let turn = 0; turn < 10; turn += 1) expect((await connection.exec(["true"])).status).toBe(0);
      let most = globalThis.process.memoryUsage().rss - before;
      let bytes = 0;
      for await (const chunk of process.stdout as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        most = Math.max(most, globalThis.process.memoryUsage().rss - before);
      }
      expect(bytes).toBe(20_000_000);
      expect((await process.exit).status).toBe(0);
      expect(most).toBeLessThan(growthLimit);
    });

    it("reaches a unix socket and a TCP port, and says so when nobody listens", async () => {
      const { text } = await import("node:stream/consumers");
      for (const open of [() => connection.socket(subject.echo.path), () => connection.tcp(subject.echo.port)]) {
        const stream = await open();
        stream.write("PING\n");
        expect(await text(stream)).toBe("PONG\n");
        stream.destroy();
      }
      await expect(connection.socket(`${folder}/nobody.sock`)).rejects.toMatchObject({ code: "connection.socket" });
      await expect(connection.tcp(1)).rejects.toMatchObject({ code: "connection.port" });
    });

    it("writes a file whole, with mode and owner, and reads it back", async () => {
      const path = `${folder}/it's a file`;
      const content = Buffer.from([0, 255, 10, 13, 39, 92, 0]);
      await writeFileAtomic(connection, path, content, { mode: "0640" });
      await writeFileAtomic(connection, path, content, { mode: "0600" });
      expect(await readFile(connection, path)).toEqual(content);
      const { stdout } = await connection.exec(["stat", "-c", "%a", path]);
      expect(stdout.trim()).toBe("600");
      await expect(readFile(connection, `${folder}/none`)).rejects.toMatchObject({ code: "connection.file-missing" });
      await expect(readFile(connection, path, { maxBytes: 3 })).rejects.toMatchObject({
        code: "connection.output-too-large",
      });
      const call = writeFileAtomic(connection, `${folder}/no/such/folder`, "x");
      await expect(call).rejects.toMatchObject({ code: "connection.file" });
      const left = await connection.exec(["ls", "-A", folder]);
      expect(left.stdout).not.toContain(".slipway-");
    });

    it("follows a file that grows, from a byte on, until it is told to stop", async () => {
      const path = `${folder}/log`;
      await connection.exec(["sh", "-c", `printf 'old|new' > "$1"`, "sh", path]);
      const stop = new AbortController();
      let seen = "";
      for await (const chunk of tail(connection, path, { fromByte: 4, signal: stop.signal })) {
        seen += Buffer.from(chunk).toString();
        if (seen === "new") await connection.exec(["sh", "-c", `printf '|more' >> "$1"`, "sh", path]);
        if (seen === "new|more") stop.abort();
      }
      expect(seen).toBe("new|more");
      const left = await connection.exec([
        "sh",
        "-c",
        `grep -la "tail.*$1" /proc/[0-9]*/cmdline 2>/dev/null | grep -v self || true`,
        "sh",
        path,
      ]);
      const others = left.stdout.split("\n").filter((line) => line !== "");
      for (const file of others) await gone(connection, file.split("/")[2] ?? "0");
    });

    it("refuses work after it was disposed", async () => {
      const other = await subject.open();
      const running = other.exec(["sleep", "1000"]).catch((error: unknown) => error);
      await other.exec(["true"]);
      expect(other.open).toBe(true);
      await other[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      expect(other.open).toBe(false);
      await running;
      await expect(other.exec(["true"])).rejects.toMatchObject({ code: "connection.closed" });
    });
  });
}
