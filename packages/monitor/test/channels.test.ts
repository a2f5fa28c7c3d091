import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import type { Announcement } from "../src/alerts/machine.ts";
import type { ChannelConfig } from "../src/channels/channel.ts";
import { receiveWebhooks } from "../src/channels/receive.ts";
import { headline, send as slack, slackMessage } from "../src/channels/slack.ts";
import { send as webhook } from "../src/channels/webhook.ts";
import { folder } from "./folder.ts";

const announcement: Announcement = {
  id: "k#1/1",
  kind: "firing",
  at: 61_000,
  alert: {
    id: "k#1",
    key: "k",
    title: "disk is filling up",
    severity: "critical",
    host: "app",
    service: "disk /",
    since: 1_000,
    description: "disk / 96 % ≥ 95 % <& more>",
  },
};
const config: ChannelConfig = { kind: "slack", name: "pager", url: { secret: "pager.webhook" } };
const sending = (address: string) => ({ secrets: { reveal: async () => address }, signal: AbortSignal.timeout(5_000) });

test("headlines", () => {
  const line = (kind: Announcement["kind"]) => headline({ ...announcement, kind });
  expect(line("firing")).toBe("Critical: disk is filling up on app");
  expect(line("worse")).toBe("Worse: Critical: disk is filling up on app");
  expect(line("reminder")).toBe("Still: Critical: disk is filling up on app");
  expect(line("resolved")).toBe("Resolved after 1 m 0 s: disk is filling up on app");
});

test("Slack's message: text, colour, escaped markup", () => {
  expect(slackMessage(announcement)).toEqual({
    text: "Critical: disk is filling up on app",
    attachments: [
      {
        fallback: "Critical: disk is filling up on app",
        color: "#c23030",
        text: "disk / 96 % ≥ 95 % &lt;&amp; more&gt;",
        fields: [
          { title: "Host", value: "app", short: true },
          { title: "Service", value: "disk /", short: true },
        ],
        footer: "k#1/1",
        ts: 61,
      },
    ],
  });
});

test("both channels arrive at the receiver, which keeps them in memory and in its file", async () => {
  using place = folder();
  await using receiver = await receiveWebhooks({ port: 0, address: "127.0.0.1", file: place.file("hooks.jsonl") });
  const address = `http://127.0.0.1:${receiver.port}/x`;
  await slack(config, announcement, sending(address));
  await webhook(config, { ...announcement, id: "k#1/2" }, sending(address));
  expect(receiver.received.map(({ id, text }) => ({ id, text }))).toEqual([
    { id: "k#1/1", text: "Critical: disk is filling up on app" },
    { id: "k#1/2", text: undefined },
  ]);
  expect(receiver.received[1]?.body).toEqual({ ...announcement, id: "k#1/2" });
  const lines = readFileSync(place.file("hooks.jsonl"), "utf8").trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(["k#1/1", "k#1/2"]);
});

test("the receiver refuses what is no JSON, no POST, or a port that is taken", async () => {
  await using receiver = await receiveWebhooks({ port: 0, address: "127.0.0.1" });
  const address = `http://127.0.0.1:${receiver.port}/`;
  expect((await fetch(address, { method: "POST", body: "{" })).status).toBe(400);
  expect((await fetch(address)).status).toBe(405);
  expect((await fetch(address, { method: "POST", body: `"${"x".repeat(300_000)}"` })).status).toBe(413);
  expect(receiver.received).toEqual([]);
  await expect(receiveWebhooks({ port: receiver.port, address: "127.0.0.1" })).rejects.toMatchObject({
    code: "monitor.port-taken",
  });
});

test("a refused, moved or missing receiver rejects, and the error holds nothing of the address", async () => {
  const server = createServer((request, response) => {
    if (request.url?.includes("moved")) response.writeHead(302, { location: "/elsewhere" }).end();
    else response.writeHead(500).end("token-in-answer");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const failure = async (address: string): Promise<unknown> =>
    slack(config, announcement, sending(address)).catch((error: unknown) => error);
  const errors = [
    await failure(`${base}/token-secret`),
    await failure(`${base}/moved/token-secret`),
    await failure("no address: token-secret"),
  ];
  await new Promise((resolve) => server.close(resolve));
  const closed = await receiveWebhooks({ port: 0, address: "127.0.0.1" });
  await closed[Symbol.asyncDispose]();
  errors.push(await failure(`http://127.0.0.1:${closed.port}/token-secret`));
  for (const error of errors) {
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 9 })).not.toContain("token-");
  }
  expect(String(errors[0])).toContain("status 500 ≠ 2xx");
  expect(String(errors[3])).toContain("ECONNREFUSED");
});
