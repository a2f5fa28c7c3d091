import { say } from "../http/say.ts";
import { serve } from "../http/server.ts";
import { type Core, openCore } from "./core.ts";
import { explain, route } from "./routes.ts";

const release = process.env["SLIPWAY_RELEASE"];

const broken = (cause: unknown): never => {
  say("core", "stopped", { reason: cause instanceof Error ? cause.message : String(cause) });
  process.exit(1);
};

// Signals may come before the stream is read.
let core: Core | undefined;
let early = false;
const reread = (): void => {
  if (core === undefined) early = true;
  else void core.reread().then(() => say("core", "role", { role: core?.role, offset: core?.offset }), broken);
};
process.on("SIGUSR2", reread);

try {
  core = await openCore({
    folder: process.env["DATA"] ?? "/data",
    ...(release === undefined || release === "" ? {} : { release }),
    holdMs: 15_000,
    lockMs: 10_000,
    now: () => new Date().toISOString(),
    onBroken: broken,
  });
} catch (cause) {
  broken(cause);
}
const open = core as Core;

const server = await serve(
  Number(process.env["PORT"] ?? 8080),
  (request, url) => route(open, request, url),
  (cause) => {
    const answer = explain(cause);
    if (answer.status === 500) say("core", "error", { reason: String(cause) });
    return answer;
  },
);
say("core", "listening", { port: server.port, role: open.role, offset: open.offset, release });
if (early) reread();

const stop = async (): Promise<void> => {
  // A standby lets go of the requests that it holds; an active one first answers what it accepted.
  if (open.role !== "active") await open.stop();
  await server.stop({ lingerMs: 50, deadlineMs: 15_000 });
  await open.stop();
  say("core", "stopped", { offset: open.offset });
  process.exit(0);
};
process.once("SIGTERM", () => void stop());
process.once("SIGINT", () => void stop());
