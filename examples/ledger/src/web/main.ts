import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { say } from "../http/say.ts";
import { type Answer, serve } from "../http/server.ts";
import { page } from "./page.ts";

const release = process.env["SLIPWAY_RELEASE"] ?? "";
const outbox = join(process.env["MAIL_DATA"] ?? "/data/mail", "outbox.jsonl");
const beside = (name: string) => readFile(new URL(name, import.meta.url), "utf8");

const { version } = JSON.parse(await beside("../../package.json")) as { version: string };
/** Compiled beside this file in an image; from its source during development. */
const compiled = import.meta.url.endsWith(".js");
const script = compiled ? await beside("./client.js") : stripTypeScriptTypes(await beside("./client.ts"));
const style = await beside("./style.css");
const html = page({ version, release });

const headers = {
  "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

const files: Readonly<Record<string, Answer>> = {
  "/": { status: 200, body: html, type: "text/html; charset=utf-8", headers },
  "/client.js": { status: 200, body: script, type: "text/javascript; charset=utf-8", headers },
  "/style.css": { status: 200, body: style, type: "text/css; charset=utf-8", headers },
  "/readyz": { status: 200, body: { role: "active" } },
};

/** The mails sent last, newest first. */
const mails = async (limit: number): Promise<Answer> => {
  const content = await readFile(outbox, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return "";
    throw cause;
  });
  // A last line without its end is being written.
  const lines = content
    .slice(0, content.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1);
  const last = lines.slice(-limit).reverse();
  return { status: 200, body: { total: lines.length, mails: last.map((line): unknown => JSON.parse(line)) } };
};

const server = await serve(
  Number(process.env["PORT"] ?? 8081),
  async (_, url) => {
    if (url.pathname === "/mails") return await mails(20);
    return files[url.pathname] ?? { status: 404, body: "not found\n" };
  },
  (cause) => {
    say("web", "error", { reason: String(cause) });
    return { status: 500, body: "internal error\n" };
  },
);
say("web", "listening", { port: server.port, version, release });

const stop = async (): Promise<void> => {
  await server.stop({ lingerMs: 50, deadlineMs: 10_000 });
  say("web", "stopped");
  process.exit(0);
};
process.once("SIGTERM", () => void stop());
process.once("SIGINT", () => void stop());
