import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { complete, type TarEntry, tar, tarSize } from "../../src/images/tar.ts";

const bytes = (text: string) => Buffer.from(text);
const archive = async (entries: readonly TarEntry[]) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const some: readonly TarEntry[] = [
  { path: "tmp", kind: "folder", mode: 0o1777 },
  { path: "usr/bin/hello", kind: "bytes", mode: 0o755, owner: 1000, bytes: bytes("#!/bin/sh\necho hello\n") },
  { path: "bin/hi", kind: "link", mode: 0o777, target: "../usr/bin/hello" },
];

test("the machine's tar reads what is written: folders of the files first, then sorted", async () => {
  const written = await archive(complete(some));
  const listed = execFileSync("tar", ["--numeric-owner", "--utc", "-tvf", "-"], { input: written, encoding: "utf8" });
  expect(listed.trim().split("\n")).toEqual([
    "drwxr-xr-x 0/0               0 1970-01-01 00:00 bin/",
    "lrwxrwxrwx 0/0               0 1970-01-01 00:00 bin/hi -> ../usr/bin/hello",
    "drwxrwxrwt 0/0               0 1970-01-01 00:00 tmp/",
    "drwxr-xr-x 0/0               0 1970-01-01 00:00 usr/",
    "drwxr-xr-x 0/0               0 1970-01-01 00:00 usr/bin/",
    "-rwxr-xr-x 1000/1000        21 1970-01-01 00:00 usr/bin/hello",
  ]);
});

test("the size is known before a byte is written", async () => {
  const entries = complete(some);
  expect((await archive(entries)).length).toBe(tarSize(entries));
});

test("the same entries in another order make the same bytes", async () => {
  expect(await archive(complete([...some].reverse()))).toEqual(await archive(complete(some)));
});

test("a path that does not fit is refused, not cut", async () => {
  await expect(archive([{ path: "a".repeat(101), kind: "folder", mode: 0o755 }])).rejects.toThrow(RangeError);
});
