import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Snapshot } from "../src/server/api.ts";
import { type ConsoleServer, startServer } from "../src/server/server.ts";
import { createSessions } from "../src/server/session.ts";
import type { Source } from "../src/server/source.ts";
import { recordedSource } from "./recorded/snapshot.ts";

let folder: string;
let server: ConsoleServer;
let cookie: string;
let tell: ((snapshot: Snapshot) => void) | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-web-"));
  await writeFile(join(folder, "index.html"), "<!doctype html><title>Slipway</title>");
  const source: Source = {
    ...recordedSource(() => 1_000_000_000),
    onChange: (listener) => {
      tell = listener;
      return () => {
        tell = undefined;
      };
    },
  };
  server = await startServer({ source, port: 0, webFolder: folder });
  const answer = await fetch(server.url, { redirect: "manual" });
  expect(answer.status).toBe(303);
  cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** fetch does not let a caller set Host. */
const get = (
  path: string,
  headers: Record<string, string>,
  method = "GET",
): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const asked = request(`${server.origin}${path}`, { headers, method }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (part: string) => (body += part));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    asked.on("error", reject).end();
  });

test("without the session everything is refused, the page too", async () => {
  for (const path of ["/", "/api/snapshot", "/api/events", "/api/log?repository=a&run=1&step=s", "/nothing"]) {
    expect((await get(path, {})).status, path).toBe(401);
    expect((await get(path, { cookie: `${cookie.split("=")[0]}=forged` })).status, path).toBe(401);
  }
});

test("the token works once", async () => {
  const again = await fetch(server.url, { redirect: "manual" });
  expect(again.headers.get("set-cookie")).toBeNull();
  expect(createSessions().redeem("wrong")).toBeUndefined();
});

test("consoles on other ports have other cookies", () => {
  expect(cookie).toContain(`slipway-${new URL(server.origin).port}=`);
});

test("the session sees the page, under a policy without inline scripts", async () => {
  const answer = await fetch(`${server.origin}/`, { headers: { cookie } });
  expect(await answer.text()).toContain("Slipway");
  expect(answer.headers.get("content-security-policy")).toContain("script-src 'self';");
});

test("another Host or Origin is refused, and so is whatever is not a reading", async () => {
  expect((await get("/api/snapshot", { cookie, host: "evil.example" })).status).toBe(403);
  expect((await get("/api/snapshot", { cookie, origin: "https://evil.example" })).status).toBe(403);
  expect((await get("/api/snapshot", { cookie }, "POST")).status).toBe(405);
  expect((await get("/api/events", { cookie }, "HEAD")).status).toBe(404);
  expect((await get("//", { cookie })).status).toBe(400);
});

test("snapshot, series and log are given; what does not fit is a 400, what is not there a 404", async () => {
  expect(JSON.parse((await get("/api/snapshot", { cookie })).body)).toMatchObject({
    platform: "demo",
    hosts: [{ name: "ci" }, { name: "app" }, { name: "monitor" }],
  });
  expect((await get("/api/series?host=ci&service=cpu&minutes=15", { cookie })).status).toBe(200);
  expect((await get("/api/series?host=ci&service=cpu&minutes=-1", { cookie })).status).toBe(400);
  expect((await get("/api/log?repository=ledger&run=3&step=unit%20tests", { cookie })).body).toContain(
    "AssertionError",
  );
  expect((await get("/api/log?repository=ledger&run=9&step=x", { cookie })).status).toBe(404);
  expect((await get("/api/log?repository=..%2F..&run=9&step=x", { cookie })).status).toBe(400);
});

test("the event stream begins with the snapshot and goes on with every change", async () => {
  const controller = new AbortController();
  const answer = await fetch(`${server.origin}/api/events`, { headers: { cookie }, signal: controller.signal });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toContain('"platform":"demo"');
  tell?.({ ...recordedSource(() => 2_000_000_000).snapshot(), platform: "changed" });
  expect((await reader?.read())?.value).toContain('"platform":"changed"');
  controller.abort();
});

test("a reader that was slow gets what it missed", async () => {
  await vi.waitFor(() => expect(tell, "the reader before this one has gone").toBeUndefined());
  const controller = new AbortController();
  const answer = await fetch(`${server.origin}/api/events`, { headers: { cookie }, signal: controller.signal });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toContain('"platform":"demo"');
  tell?.({ ...recordedSource().snapshot(), platform: "large".repeat(4_000_000) });
  tell?.({ ...recordedSource().snapshot(), platform: "missed" });
  let seen = "";
  while (!seen.includes('"platform":"demo"')) seen = seen.slice(-100) + ((await reader?.read())?.value ?? "");
  controller.abort();
});

test("a used port is one clear error", async () => {
  const port = Number(new URL(server.origin).port);
  await expect(startServer({ source: recordedSource(), port, webFolder: folder })).rejects.toMatchObject({
    code: "ops.port-used",
    message: `port ${port} of 127.0.0.1 is used by another program`,
  });
});
