import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as secure } from "node:tls";
import { type CheckInfo, type Connection, type HostInfo, messageOf } from "@slipway/model";

type Check = CheckInfo["check"];

/** How long one answer may take. */
const answerMs = 5_000;

/**
 * Tries the checks that a host's properties tell, over its own connection: units in one command, ports and addresses as seen from the
 * host. Gives what does not hold, with the values: `nginx.service is failed`, `http://app/ status 502 ≠ 200`. Rejects when the
 * connection does.
 */
export async function failingChecks(host: HostInfo, connection: Connection): Promise<readonly string[]> {
  const checks = host.info.flatMap((info) => (info.kind === "check" ? [info.check] : []));
  const units = [...new Set(checks.flatMap((check) => (check.type === "unit" ? [check.unit] : [])))];
  const found = await Promise.all([
    failingUnits(units, connection),
    ...checks.map(async (check) => await failing(check, host, connection)),
  ]);
  return [...new Set(found.flat())];
}

async function failingUnits(units: readonly string[], connection: Connection): Promise<readonly string[]> {
  if (units.length === 0) return [];
  const { stdout, stderr } = await connection.exec(["systemctl", "is-active", "--", ...units], {
    timeoutMs: answerMs * 2,
  });
  const states = stdout.trim().split("\n");
  return units.flatMap((unit, index) => {
    const state = states[index] || stderr.trim() || "unknown";
    return state === "active" ? [] : [`unit ${unit} is ${state}`];
  });
}

async function failing(check: Check, host: HostInfo, connection: Connection): Promise<readonly string[]> {
  if (check.type === "unit") return [];
  if (check.type === "tcp") {
    const stream = await dial(connection, check.port, placesOf(host)).catch((error: unknown) => messageOf(error));
    if (typeof stream === "string") return [`tcp port ${check.port} does not answer: ${stream}`];
    stream.destroy();
    return [];
  }
  try {
    const status = await statusOf(new URL(check.url), host, connection);
    return status === check.status ? [] : [`${check.url} status ${status ?? "missing"} ≠ ${check.status}`];
  } catch (error) {
    return [`${check.url} does not answer: ${messageOf(error)}`];
  }
}

/** Where something on the host may listen. */
const placesOf = ({ address }: HostInfo): readonly string[] => [
  "127.0.0.1",
  ...(address === undefined ? [] : [address]),
];

async function dial(connection: Connection, port: number, places: readonly string[]): Promise<Duplex> {
  let refused: unknown;
  for (const place of places) {
    try {
      return await connection.tcp(port, place);
    } catch (error) {
      refused ??= error;
    }
  }
  throw refused;
}

async function statusOf(url: URL, host: HostInfo, connection: Connection): Promise<number | undefined> {
  const names = host.info.flatMap((info) => (info.kind === "name" ? [info.name] : []));
  const own = [host.name, "localhost", ...names].includes(url.hostname);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const stream = await dial(connection, port, own ? placesOf(host) : [url.hostname.replaceAll(/[[\]]/g, "")]);
  return await ask(url, stream);
}

/** One GET; gives the status of the answer, undefined for what is no HTTP. */
function ask(url: URL, stream: Duplex): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    // An address is no name that a certificate is asked for by.
    const name = isIP(url.hostname.replaceAll(/[[\]]/g, "")) === 0 ? { servername: url.hostname } : {};
    const talk = url.protocol === "https:" ? secure({ socket: stream, ...name }) : stream;
    let heard = "";
    const end = (settle: () => void): void => {
      clearTimeout(deadline);
      talk.destroy();
      stream.destroy();
      settle();
    };
    const deadline = setTimeout(() => end(() => reject(new Error(`nothing within ${answerMs} ms`))), answerMs);
    const decide = (over: boolean): void => {
      const line = /^HTTP\/\d(?:\.\d)? (\d{3})\D/.exec(heard);
      if (line !== null) end(() => resolve(Number(line[1])));
      else if (over || heard.length > 4_096) end(() => resolve(undefined));
    };
    talk.on("error", (error: Error) => end(() => reject(error)));
    // A stream below may fail after the one above it has ended.
    if (talk !== stream) stream.on("error", () => {});
    talk.on("data", (chunk: Buffer) => {
      heard += chunk.toString("latin1");
      decide(false);
    });
    talk.on("end", () => decide(true));
    talk.on("close", () => decide(true));
    talk.write(
      `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nUser-Agent: slipway\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
    );
  });
}
