import type { DigitalOcean } from "../../src/client/client.ts";
import type { Context } from "../../src/digitalocean/context.ts";
import { digitalOcean } from "../../src/index.ts";
import { hurriedClock } from "./clock.ts";

export interface Answering {
  readonly client: DigitalOcean;
  readonly context: Context;
  /** `GET /v2/volumes?page=1`, in order. */
  readonly calls: readonly string[];
  /** What was sent with the last of such calls. */
  sent(call: string): unknown;
}

/** A client, and what the kinds of the provider work with, whose other side is a function of the call. */
export async function answering(
  answer: (call: string, body: unknown) => readonly [status: number, body: object | undefined],
): Promise<Answering> {
  const clock = hurriedClock();
  const calls: string[] = [];
  const bodies = new Map<string, unknown>();
  const client = await digitalOcean({
    url: "http://cloud.test",
    token: () => Promise.resolve("t"),
    clock,
    fetch: (url, init) => {
      const { pathname, search } = new URL(url);
      const call = `${init.method} ${pathname}${search}`;
      calls.push(call);
      const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
      bodies.set(call, body);
      const [status, said] = answer(call, body);
      return Promise.resolve(new Response(said === undefined ? null : JSON.stringify(said), { status }));
    },
  });
  const context = { client, clock, signal: undefined, lagMs: 10_000 };
  return { client, context, calls, sent: (call) => bodies.get(call) };
}
