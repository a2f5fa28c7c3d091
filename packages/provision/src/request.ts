import { type Clock, messageOf, SlipwayError, systemClock } from "@slipway/model";
import { fail } from "./errors.ts";

export interface Endpoint {
  /** Without a path: `https://api.digitalocean.com`, or the local cloud's. */
  readonly url: string;
  /** Asked once per call, so that the token is nowhere kept. */
  readonly token: () => Promise<string>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** For one attempt. Default 30 s. */
  readonly timeoutMs?: number;
  /** How long a droplet may exist before lists show it. Default 10 s. */
  readonly lagMs?: number;
}

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** The answer was an error, or there was none. `sure` is false when the work may have been done nevertheless. */
export class CallError extends SlipwayError {
  override readonly name = "CallError";
  readonly status: number | undefined;
  readonly sure: boolean;
  constructor(error: SlipwayError, status: number | undefined, sure: boolean) {
    super({
      code: error.code,
      message: error.message,
      hint: error.hint ?? "",
      exitCode: error.exitCode,
      cause: error.cause,
    });
    this.status = status;
    this.sure = sure;
  }
}

const attempts = 6;
const longestWaitMs = 60_000;

/**
 * One call, as JSON. Repeated with growing, jittered pauses (or as long as Retry-After says) on 429, and, when repeating cannot do harm
 * (`repeatable`), on 5xx and lost connections too. Rejects with a {@link CallError}, or with the signal's reason.
 */
export async function request(
  endpoint: Endpoint,
  call: { readonly method: Method; readonly path: string; readonly body?: object; readonly repeatable: boolean },
): Promise<unknown> {
  const clock = endpoint.clock ?? systemClock;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await once(endpoint, call);
    if ("value" in outcome) return outcome.value;
    const { error, retryAfterMs } = outcome;
    const worth = error.status === 429 || (call.repeatable && (error.status === undefined || error.status >= 500));
    if (!worth || attempt >= attempts) throw error;
    const pauseMs = retryAfterMs ?? Math.min(8_000, 200 * 2 ** attempt) * (0.5 + Math.random() / 2);
    await clock.sleep(Math.min(pauseMs, longestWaitMs), endpoint.signal);
  }
}

type Outcome = { readonly value: unknown } | { readonly error: CallError; readonly retryAfterMs: number | undefined };

async function once(
  endpoint: Endpoint,
  call: { readonly method: Method; readonly path: string; readonly body?: object },
): Promise<Outcome> {
  const deadline = AbortSignal.timeout(endpoint.timeoutMs ?? 30_000);
  const signal = endpoint.signal === undefined ? deadline : AbortSignal.any([deadline, endpoint.signal]);
  const token = await endpoint.token();
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${endpoint.url}${call.path}`, {
      method: call.method,
      signal,
      headers: { authorization: `Bearer ${token}`, ...(call.body && { "content-type": "application/json" }) },
      ...(call.body && { body: JSON.stringify(call.body) }),
    });
    text = await response.text();
  } catch (error) {
    endpoint.signal?.throwIfAborted();
    const why = deadline.aborted ? "no answer in time" : reason(error);
    const told = fail("network.none", `${new URL(endpoint.url).host} cannot be reached: ${why}`, { cause: error });
    return { error: new CallError(told, undefined, false), retryAfterMs: undefined };
  }
  const value = parse(text);
  if (response.ok && value !== undefined) return { value };
  return { error: refused(response, value, call), retryAfterMs: retryAfter(response) };
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

function retryAfter(response: Response): number | undefined {
  const header = response.headers.get("retry-after");
  if (header === null) return undefined;
  const seconds = Number(header);
  return Number.isFinite(seconds) ? seconds * 1_000 : Math.max(0, Date.parse(header) - Date.now());
}

function refused(response: Response, value: unknown, call: { method: Method; path: string }): CallError {
  const { status } = response;
  const said = (value ?? {}) as { message?: string; request_id?: string };
  const id = said.request_id ?? response.headers.get("x-request-id");
  const message = said.message ?? response.statusText;
  const told = `${message} (${status} at ${call.method} ${call.path.split("?")[0] ?? ""}${id ? `, request ${id}` : ""})`;
  const code =
    status === 401 || status === 403
      ? "token.refused"
      : /exceed your .*limit/.test(message)
        ? "quota.exceeded"
        : value === undefined
          ? "cloud.unexpected"
          : status >= 500
            ? /disk is full/.test(message)
              ? "disk.full"
              : "cloud.failed"
            : "cloud.refused";
  return new CallError(fail(code, told), status, status < 500 || code === "disk.full");
}
