import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { systemClock } from "@slipway/model";
import { expect, test } from "vitest";
import type { ProbeContext } from "../src/checks/check.ts";
import { type HttpCheckConfig, judgeAnswer, probe } from "../src/checks/http.ts";
import { judgeCertificate } from "../src/checks/tls.ts";

const config: HttpCheckConfig = {
  kind: "http",
  name: "n",
  host: "h",
  severity: "critical",
  url: "http://app/healthz",
  status: 200,
  withinMs: 500,
};

test("what is wrong says both values", () => {
  const judge = (more: Partial<HttpCheckConfig>, status: number | undefined, latencyMs: number, body = "") =>
    judgeAnswer({ ...config, ...more }, { status, latencyMs, body });
  expect(judge({}, 200, 500)).toEqual([]);
  expect(judge({}, 502, 812.4)).toEqual(["status 502 ≠ 200", "latency 812 ms > 500 ms"]);
  expect(judge({ bodyHas: "ok" }, 200, 1, "all is\n well")).toEqual(['body "all is well" has no "ok"']);
  expect(judge({}, undefined, Number.NaN)).toEqual(["status missing ≠ 200", "latency NaN ms > 500 ms"]);
});

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const context = (): ProbeContext => ({
  clock: systemClock,
  signal: new AbortController().signal,
  addresses: { app: "127.0.0.1" },
});

test("a host's name is reached at its address, with the name in the request", async () => {
  await using server = await serve((request, response) => response.end(`for ${request.headers.host}`));
  const finding = await probe(
    { ...config, url: `http://app:${server.port}/`, bodyHas: `for app:${server.port}`, withinMs: 5_000 },
    context(),
  );
  expect(finding).toMatchObject({ result: "passed", description: "", metric: expect.any(Number), more: [] });
});

test("a wrong answer fails; a redirect is not followed", async () => {
  await using server = await serve((_, response) => response.writeHead(302, { location: "/" }).end());
  const finding = await probe({ ...config, url: `http://app:${server.port}/`, withinMs: 5_000 }, context());
  expect(finding).toMatchObject({ result: "failed", description: "status 302 ≠ 200" });
});

test("a refused connection is an answer of sorts; a name that is not found is none", async () => {
  const closed = await serve(() => {});
  await closed[Symbol.asyncDispose]();
  expect(await probe({ ...config, url: `http://app:${closed.port}/` }, context())).toMatchObject({
    result: "failed",
    description: expect.stringContaining("ECONNREFUSED"),
  });
  expect(await probe({ ...config, url: "http://nowhere.invalid/" }, context())).toMatchObject({ result: "no answer" });
});

test("https: the certificate is checked, by the name in the address, and its end is told", async () => {
  const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), "utf8");
  const names: unknown[] = [];
  const server = createSecureServer({ key: fixture("tls.key"), cert: fixture("tls.crt") }, (request, response) => {
    names.push((request.socket as TLSSocket).servername);
    response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const at = (name: string, ca?: string) =>
    probe(
      { ...config, url: `https://${name}:${port}/`, withinMs: 5_000, ...(ca !== undefined && { ca }) },
      { ...context(), addresses: { app: "127.0.0.1", other: "127.0.0.1" } },
    );
  try {
    expect(await at("app", fixture("tls.crt"))).toMatchObject({
      result: "passed",
      more: [
        {
          service: "tls app",
          state: "ok",
          metric: expect.any(Number),
          description: expect.stringContaining("left of 36500 d"),
        },
      ],
    });
    expect(names).toEqual(["app"]);
    expect(await at("app")).toMatchObject({ result: "failed", description: "certificate: self-signed certificate" });
    expect(await at("other", fixture("tls.crt"))).toMatchObject({
      result: "failed",
      description: expect.stringContaining("altnames"),
    });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test("an endless body is cut off", async () => {
  await using server = await serve((_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  });
  expect(await probe({ ...config, url: `http://app:${server.port}/`, withinMs: 5_000 }, context())).toMatchObject({
    result: "passed",
  });
});

test("a probe that is aborted rejects", async () => {
  const stop = new AbortController();
  await using server = await serve(() => stop.abort(new Error("stopped")));
  await expect(
    probe({ ...config, url: `http://app:${server.port}/` }, { ...context(), signal: stop.signal }),
  ).rejects.toThrow("stopped");
});

test("certificates are judged by the part of their renewal window that is left", () => {
  const certificate = { valid_from: "Jan  1 00:00:00 2026 GMT", valid_to: "Apr  1 00:00:00 2026 GMT" }; // 90 d: renewed from day 60 on
  const at = (date: string) => judgeCertificate("a.example", certificate, Date.parse(date));
  expect(at("2026-03-01").state).toBe("ok");
  expect(at("2026-03-11")).toMatchObject({ state: "ok", metric: 21 });
  expect(at("2026-03-13")).toMatchObject({ state: "warning", metric: 19, description: "19 d left of 90 d" });
  expect(at("2026-03-23")).toMatchObject({ state: "critical", metric: 9 });
  expect(at("2026-04-03")).toMatchObject({ state: "critical", description: "expired 2 d ago" });
  expect(judgeCertificate("a.example", {}, 0)).toMatchObject({ state: "critical", service: "tls a.example" });
});
