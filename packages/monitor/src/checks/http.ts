import type { IncomingMessage, RequestOptions } from "node:http";
import { isIP, type LookupFunction } from "node:net";
import type { TLSSocket } from "node:tls";
import { messageOf } from "@slipway/model";
import type { Aside, CheckConfig, Finding, Probe, ProbeContext } from "./check.ts";
import { judgeCertificate } from "./tls.ts";

export interface HttpCheckConfig extends CheckConfig {
  readonly kind: "http";
  readonly url: string;
  readonly status: number;
  /** From the request to the end of the answer. */
  readonly withinMs: number;
  /** Text that must be in the first 64 KiB of the body. */
  readonly bodyHas?: string;
  /** Accepted beside the public authorities, PEM. */
  readonly ca?: string;
}

export interface HttpAnswer {
  readonly status: number | undefined;
  readonly latencyMs: number;
  readonly body: string;
}

const maxBodyBytes = 64 * 1_024;

/** What is wrong with an answer, with the values on both sides: `status 502 ≠ 200`. A value that is missing is wrong. */
export function judgeAnswer(config: HttpCheckConfig, seen: HttpAnswer): readonly string[] {
  const wrong: string[] = [];
  if (seen.status !== config.status) wrong.push(`status ${seen.status ?? "missing"} ≠ ${config.status}`);
  if (!(seen.latencyMs <= config.withinMs))
    wrong.push(`latency ${Math.round(seen.latencyMs)} ms > ${config.withinMs} ms`);
  if (config.bodyHas !== undefined && !seen.body.includes(config.bodyHas)) {
    const start = seen.body.slice(0, 80).replaceAll(/\s+/g, " ");
    wrong.push(`body ${JSON.stringify(start)} has no ${JSON.stringify(config.bodyHas)}`);
  }
  return wrong;
}

/** One GET without following redirects, on a connection of its own. */
export const probe: Probe<HttpCheckConfig> = async (config, context) => {
  const { clock, signal } = context;
  const deadlineMs = Math.max(2 * config.withinMs, 5_000);
  const started = clock.monotonic();
  const stop = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  try {
    const { response, more } = await get(config, context, stop);
    const body = await read(response);
    const latencyMs = clock.monotonic() - started;
    const wrong = judgeAnswer(config, { status: response.statusCode, latencyMs, body });
    const metric = Math.round(latencyMs * 10) / 10;
    return { result: wrong.length === 0 ? "passed" : "failed", description: wrong.join(", "), metric, more };
  } catch (error) {
    signal.throwIfAborted();
    return failure(error, stop.aborted ? `no answer within ${deadlineMs} ms` : undefined);
  }
};

async function get(
  config: HttpCheckConfig,
  { addresses, clock }: ProbeContext,
  signal: AbortSignal,
): Promise<{ readonly response: IncomingMessage; readonly more: readonly Aside[] }> {
  const url = new URL(config.url);
  const secure = url.protocol === "https:";
  // Imported here: the configuration alone should not load them.
  const { request } = secure ? await import("node:https") : await import("node:http");
  const known = addresses[url.hostname];
  const options: RequestOptions & { servername?: string; ca?: string } = {
    agent: false,
    signal,
    headers: { "user-agent": "slipway-monitor", accept: "*/*" },
    ...(known !== undefined && { lookup: always(known) }),
    // Said explicitly: with a lookup of our own the name would otherwise depend on how Node resolves it. An address has no name.
    ...(secure && isIP(url.hostname) === 0 && { servername: url.hostname }),
    ...(config.ca !== undefined && { ca: config.ca }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      // The socket is let go at the end of the answer, so the certificate is read now.
      const certificate = secure ? (response.socket as TLSSocket).getPeerCertificate() : undefined;
      const more = certificate === undefined ? [] : [judgeCertificate(url.hostname, certificate, clock.now())];
      resolve({ response, more });
    });
    sent.once("error", reject);
    sent.end();
  });
}

const always =
  (address: string): LookupFunction =>
  (_name, options, callback) => {
    const family = isIP(address) === 6 ? 6 : 4;
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (size < maxBodyBytes) chunks.push(chunk);
    size += chunk.length;
    // An endless body is no answer that can be waited for.
    if (size > 16 * maxBodyBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBodyBytes).toString("utf8");
}

/** A refused connection or a bad certificate is an answer; silence and a missing route are none. */
const answered = new Set(["ECONNREFUSED", "ECONNRESET", "HPE_INVALID_CONSTANT", "ERR_TLS_CERT_ALTNAME_INVALID"]);

function failure(error: unknown, timeout: string | undefined): Finding {
  if (timeout !== undefined) return { result: "no answer", description: timeout };
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  const certificate = /CERT|SELF_SIGNED|VERIFY/.test(code);
  const description = certificate ? `certificate: ${messageOf(error).split("; ")[0]}` : messageOf(error) || code;
  return { result: certificate || answered.has(code) ? "failed" : "no answer", description };
}
