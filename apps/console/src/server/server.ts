import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { fail } from "../errors.ts";
import { cookieOf, createSessions } from "./session.ts";
import type { Source } from "./source.ts";

export interface ConsoleServer extends AsyncDisposable {
  /** With the one-time token: for the person who started it. */
  readonly url: string;
  readonly origin: string;
}

export interface ServerOptions {
  readonly source: Source;
  /** 0 takes any free port. */
  readonly port: number;
  /** Folder with the built page. */
  readonly webFolder: string;
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self'",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const seriesQuery = z.object({
  host: z.string().min(1).max(253),
  service: z.string().min(1).max(200),
  minutes: z.coerce.number().int().min(1).max(525_600),
});
const logQuery = z.object({
  repository: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
  run: z.string().regex(/^[A-Za-z0-9._:-]{1,100}$/),
  step: z.string().min(1).max(100),
});

/** Browsers share cookies between the ports of a host: each console has its own. */
const cookieName = (port: number): string => `slipway-${port}`;
const beatMs = 15_000;

/**
 * Serves the console on the loopback address. Every request needs the session that the one-time token opened; requests with another
 * Host or Origin are refused, so that no other page in the browser can read it. It only reads: no request changes anything.
 * Throws `ops.port-used`, `ops.web-missing`.
 */
export async function startServer(options: ServerOptions): Promise<ConsoleServer> {
  if (!existsSync(join(options.webFolder, "index.html")))
    throw fail("ops.web-missing", `the console's page is not built in ${options.webFolder}`);
  const [{ fastify }, { default: files }] = await Promise.all([import("fastify"), import("@fastify/static")]);
  const sessions = createSessions();
  const server = fastify({ logger: false, bodyLimit: 64 * 1024, forceCloseConnections: true });
  let allowed = new Set<string>();
  let cookie = "";

  server.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
    const host = request.headers.host ?? "";
    const origin = request.headers.origin;
    if (!allowed.has(host) || (origin !== undefined && origin !== `http://${host}`))
      return reply.code(403).send({ error: "this page is served to its own address only" });
    if (request.method !== "GET" && request.method !== "HEAD")
      return reply.code(405).send({ error: "the console only reads" });
    const url = URL.parse(request.url, `http://${host}`);
    if (url === null) return reply.code(400).send({ error: "this is no address" });
    const token = url.searchParams.get("token");
    if (url.pathname === "/" && token !== null) {
      const session = sessions.redeem(token);
      if (session !== undefined) reply.header("set-cookie", `${cookie}=${session}; Path=/; HttpOnly; SameSite=Strict`);
      return reply.redirect("/", 303);
    }
    if (!sessions.known(cookieOf(request.headers.cookie, cookie))) {
      return reply
        .code(401)
        .type("text/plain")
        .send("Open the address that `ops console` printed: it carries a token that works once.\n");
    }
    return undefined;
  });
  await server.register(files, { root: options.webFolder, cacheControl: true, maxAge: "1h", immutable: false });

  server.get("/api/snapshot", async (_request, reply) =>
    reply.header("cache-control", "no-store").send(options.source.snapshot()),
  );
  server.get("/api/series", async (request, reply) => {
    const query = seriesQuery.safeParse(request.query);
    if (!query.success) return reply.code(400).send({ error: z.prettifyError(query.error) });
    return reply.header("cache-control", "no-store").send(await options.source.series(query.data));
  });
  server.get("/api/log", async (request, reply) => {
    const query = logQuery.safeParse(request.query);
    if (!query.success) return reply.code(400).send({ error: z.prettifyError(query.error) });
    const text = await options.source.log(query.data);
    if (text === undefined) return reply.code(404).send({ error: "there is no such log" });
    return reply.header("cache-control", "no-store").type("text/plain; charset=utf-8").send(text);
  });
  server.get("/api/events", { exposeHeadRoute: false }, (request, reply) => {
    reply.hijack();
    const raw = reply.raw;
    raw.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      connection: "keep-alive",
    });
    let missed = false;
    const send = (snapshot: { readonly at: number }): void => {
      // A browser that does not read must not make the server remember everything for it: it gets the newest when it reads again.
      missed = raw.writableNeedDrain;
      if (!missed) raw.write(`id: ${snapshot.at}\nevent: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`);
    };
    raw.on("drain", () => {
      if (missed) send(options.source.snapshot());
    });
    send(options.source.snapshot());
    const stop = options.source.onChange(send);
    const beat = setInterval(() => raw.write(": beat\n\n"), beatMs);
    request.raw.on("close", () => {
      clearInterval(beat);
      stop();
    });
  });

  try {
    await server.listen({ host: "127.0.0.1", port: options.port });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE")
      throw fail("ops.port-used", `port ${options.port} of 127.0.0.1 is used by another program`, { cause: error });
    throw error;
  }
  const bound = server.server.address();
  const port = bound !== null && typeof bound === "object" ? bound.port : options.port;
  allowed = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  cookie = cookieName(port);
  const origin = `http://127.0.0.1:${port}`;
  return { origin, url: `${origin}/?token=${sessions.token}`, [Symbol.asyncDispose]: () => server.close() };
}
