import { type Clock, messageOf, systemClock } from "@slipway/model";
import { fail } from "../errors.ts";
import { digitalOceanLimits, gate, type Limit } from "./gate.ts";
import { CallError, refusal } from "./refusal.ts";

export { CallError } from "./refusal.ts";

export interface Endpoint {
  /** Without a path: `https://api.digitalocean.com`, or the local cloud's. */
  readonly url: string;
  /** Asked once per call, so that the token is nowhere kept. */
  readonly token: () => Promise<string>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** For one attempt. Default 30 s. */
  readonly timeoutMs?: number;
  /** How long a resource may exist before lists show it. Default 10 s. */
  readonly lagMs?: number;
  /** How many calls may be made in which time. Default: what DigitalOcean allows. */
  readonly limits?: readonly Limit[];
  /** The longest that a call waits for its turn before it fails with `rate.limited`. Default 5 minutes. */
  readonly longestWaitMs?: number;
  /** Default: DigitalOcean's. */
  readonly dialect?: Dialect;
  /** Default: the platform's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Answered>;
}

/** What is read of a response. */
export interface Answered extends Pick<Response, "ok" | "status" | "statusText" | "text"> {
  readonly headers: Pick<Headers, "get">;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Call {
  readonly method: Method;
  /** With its query. */
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether making it twice does no harm. */
  readonly repeatable: boolean;
}

/** What an API has of its own. */
export interface Dialect {
  /** As errors name it. */
  readonly name: string;
  readonly limits: readonly Limit[];
  /** How long nothing is asked after a 429 without `retry-after`; default: until `ratelimit-reset` when no calls are left, else with growing pauses. */
  readonly limitedMs?: number;
  readonly refusal: typeof refusal;
  /** The largest. */
  readonly pageSize: number;
  /** What a list says of its pages; `page` is the number of this one. */
  readonly pages: (answer: unknown, page: number) => { readonly next?: number; readonly total?: number };
}

const digitalOceanDialect: Dialect = {
  name: "DigitalOcean's API",
  limits: digitalOceanLimits,
  refusal,
  pageSize: 200,
  pages(answer, page) {
    const { links, meta } = answer as {
      links?: { pages?: { next?: unknown } | null } | null;
      meta?: { total?: unknown } | null;
    };
    const next = links?.pages?.next;
    const total = meta?.total;
    const told = typeof next === "string" ? Number(new URL(next, "http://api").searchParams.get("page")) : undefined;
    return {
      ...(told !== undefined && { next: told > page ? told : page + 1 }),
      ...(typeof total === "number" && { total }),
    };
  },
};
export const dialectOf = (endpoint: Endpoint): Dialect => endpoint.dialect ?? digitalOceanDialect;

const attempts = 6;
const limitedAttempts = 20;

/**
 * A function that makes one call, as JSON. Calls are repeated with growing, jittered pauses on 429, and, when repeating cannot do harm, on 5xx and
 * lost connections. What one answer says of `retry-after` holds for all calls of this function: none goes out before it is over, and what waited
 * goes on a little apart. Rejects with a {@link CallError}, with `rate.limited`, or with the signal's reason; no text of an error has the token or
 * user data in it.
 */
export function requester(endpoint: Endpoint): (call: Call) => Promise<unknown> {
  const clock = endpoint.clock ?? systemClock;
  const longestMs = endpoint.longestWaitMs ?? 300_000;
  const out = gate(endpoint.limits ?? dialectOf(endpoint).limits, clock, endpoint.signal);

  return async (call) => {
    let limited = 0;
    for (let attempt = 1; ; ) {
      const token = await endpoint.token();
      endpoint.signal?.throwIfAborted();
      while (!out.take(call)) await out.wait(call, longestMs);
      const outcome = await once(endpoint, call, token);
      if (outcome.waitMs !== undefined) out.close(outcome.waitMs);
      if ("value" in outcome) return outcome.value;
      const { error } = outcome;
      const pauseMs = Math.min(8_000, 200 * 2 ** (attempt + limited)) * (0.5 + Math.random() / 2);
      if (error.status === 429) {
        limited += 1;
        if (limited >= limitedAttempts) throw error;
        if (outcome.waitMs === undefined) out.close(pauseMs);
        continue;
      }
      const worth = call.repeatable && (error.status === undefined || error.status >= 500);
      if (!worth || attempt >= attempts) throw error;
      attempt += 1;
      if (outcome.waitMs === undefined) await clock.sleep(pauseMs, endpoint.signal);
    }
  };
}

/** `waitMs`: for how long the other side wants to hear nothing. */
type Outcome = ({ readonly value: unknown } | { readonly error: CallError }) & { readonly waitMs: number | undefined };

async function once(endpoint: Endpoint, call: Call, token: string): Promise<Outcome> {
  const deadline = AbortSignal.timeout(endpoint.timeoutMs ?? 30_000);
  const signal = endpoint.signal === undefined ? deadline : AbortSignal.any([deadline, endpoint.signal]);
  let response: Answered;
  let text: string;
  try {
    response = await (endpoint.fetch ?? fetch)(`${endpoint.url}${call.path}`, {
      method: call.method,
      signal,
      // The token goes nowhere else.
      redirect: "manual",
      headers: {
        ...call.headers,
        authorization: `Bearer ${token}`,
        ...(call.body && { "content-type": "application/json" }),
      },
      ...(call.body && { body: JSON.stringify(call.body) }),
    });
    text = await response.text();
  } catch (error) {
    endpoint.signal?.throwIfAborted();
    const why = deadline.aborted ? "no answer in time" : reason(error);
    const told = fail("network.none", `${new URL(endpoint.url).host} cannot be reached: ${why}`, { cause: error });
    return { error: new CallError(told, undefined, false), waitMs: undefined };
  }
  const value = parse(text);
  const dialect = dialectOf(endpoint);
  const waitMs = waitOf(response, endpoint.clock ?? systemClock, dialect.limitedMs);
  if (response.ok && value !== undefined) return { value, waitMs };
  const data = call.body !== undefined && "user_data" in call.body ? call.body.user_data : undefined;
  const secrets = [token, ...(typeof data === "string" ? [data] : [])];
  return { error: dialect.refusal(response, value, { ...call, secrets }), waitMs };
}

const reason = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = (cause as { code?: string } | undefined)?.code;
  return code ?? messageOf(cause ?? error);
};

function parse(text: string): unknown {
  if (text === "") return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * `retry-after`, in seconds or as a date; on a 429 without it, the time when the oldest call no longer counts, if none is left of the hour's calls:
 * the limits of bursts are over much sooner.
 */
function waitOf({ status, headers }: Answered, clock: Clock, limitedMs: number | undefined): number | undefined {
  const header = headers.get("retry-after");
  if (header !== null) {
    const spanMs = /^\s*\d+(\.\d+)?\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - clock.now();
    if (Number.isFinite(spanMs)) return Math.max(0, spanMs);
  }
  if (limitedMs !== undefined) return status === 429 ? limitedMs : undefined;
  if (headers.get("ratelimit-remaining") !== "0") return undefined;
  const reset = Number(headers.get("ratelimit-reset"));
  const spanMs = reset * 1_000 - clock.now();
  return status === 429 && reset > 0 && spanMs > 0 ? spanMs : undefined;
}
