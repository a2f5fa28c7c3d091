import { exitCodes } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { prepare } from "../platform/prepare.ts";
import { openSession, type Session } from "../platform/session.ts";
import { liveSource } from "../server/live.ts";
import { type ConsoleServer, startServer } from "../server/server.ts";
import { webFolder } from "../server/web-folder.ts";

export interface ConsoleOptions {
  readonly port?: number;
}

export const defaultPort = 4300;

/** Serves the console of a platform until it is disposed. */
export async function startConsole(
  session: Session,
  context: Context,
  options: ConsoleOptions,
): Promise<ConsoleServer> {
  const folder = await webFolder((line) => context.out.mark("note", line));
  // Made once: its images take a second, and ops.config.ts does not change while it is loaded.
  let whole: ReturnType<typeof prepare> | undefined;
  const source = await liveSource(session, context, () => {
    whole ??= prepare(session, context.signal).catch((error: unknown) => {
      whole = undefined;
      throw error;
    });
    return whole;
  });
  try {
    const server = await startServer({ source, port: options.port ?? defaultPort, webFolder: folder });
    return {
      url: server.url,
      origin: server.origin,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await source[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

/** Resolves when the first ^C comes. */
export const untilStopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

export async function serveConsole(context: Context, options: ConsoleOptions): Promise<number> {
  await using session = await openSession(context);
  await using server = await startConsole(session, context, options);
  context.out.result(`The console: ${server.url}\n^C stops it; the platform goes on.`, { ok: true, url: server.url });
  await untilStopped(context.signal);
  return exitCodes.done;
}
