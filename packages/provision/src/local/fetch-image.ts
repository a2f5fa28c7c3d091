import { lookup } from "node:dns";
import { type IncomingMessage, get as plainly } from "node:http";
import { get as securely } from "node:https";
import { BlockList, isIP, isIPv6, type LookupFunction } from "node:net";
import { Readable } from "node:stream";
import { SlipwayError } from "@slipway/model";
import { fail } from "../errors.ts";

export interface FetchLimits {
  readonly bytes: number;
  /** Until the answer begins, redirects included. */
  readonly answerMs: number;
  /** From then until its end. */
  readonly wholeMs: number;
}
const usual: FetchLimits = { bytes: 20 * 2 ** 30, answerMs: 30_000, wholeMs: 30 * 60_000 };
const mostRedirects = 5;

/**
 * Where machines at a cloud are told their secrets. Loopback and private networks are open: images are served from this machine and from its
 * neighbours, and whoever has the cloud's token may start containers on it anyway.
 */
const closed = new BlockList();
closed.addSubnet("169.254.0.0", 16, "ipv4");
closed.addSubnet("fe80::", 10, "ipv6");
for (const address of ["100.100.100.200", "168.63.129.16", "192.0.0.192"]) closed.addAddress(address, "ipv4");
closed.addAddress("fd00:ec2::254", "ipv6");

/** Whether no image is fetched from an address: a link-local one, or one where clouds tell metadata. */
export const isClosed = (address: string): boolean => {
  const [plain = ""] = address.split("%");
  return closed.check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
};

const refused = (): Error => fail("image.failed", "We do not download images from link-local addresses.");

/** Looks at what is connected to, so that no name leads there a moment later. */
const guarded =
  (find: LookupFunction): LookupFunction =>
  (name, options, told) =>
    find(name, options, (error, found, family) => {
      const all = error !== null ? [] : typeof found === "string" ? [found] : found.map(({ address }) => address);
      if (all.some(isClosed)) told(refused(), found, family);
      else told(error, found, family);
    });

/**
 * What a URL answers, after redirects. Reading it rejects with `image.failed` when it is larger or takes longer than may be.
 * @throws `image.failed` when there is no good answer in time, or the address is closed.
 */
export async function fetchImage(
  url: string,
  limits: FetchLimits = usual,
  find: LookupFunction = lookup,
): Promise<Readable> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), limits.answerMs);
  try {
    const answer = await follow(new URL(url), late.signal, guarded(find));
    if (Number(answer.headers["content-length"] ?? 0) > limits.bytes) {
      answer.destroy();
      throw tooLarge();
    }
    return Readable.from(within(answer, late, limits), { objectMode: false });
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw fail("image.failed", "We were unable to download your image from that URL.", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function follow(first: URL, signal: AbortSignal, find: LookupFunction): Promise<IncomingMessage> {
  let url = first;
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const answer = await ask(url, signal, find);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    answer.destroy();
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined)
      throw fail("image.failed", `We were unable to download your image: the URL answered ${status}.`);
    url = new URL(location, url);
  }
  throw fail("image.failed", "We were unable to download your image: the URL redirects too often.");
}

function ask(url: URL, signal: AbortSignal, find: LookupFunction): Promise<IncomingMessage> {
  // An address is connected to without being looked up.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && isClosed(host)) throw refused();
  const get = url.protocol === "https:" ? securely : plainly;
  return new Promise((resolve, reject) => {
    get(url, { signal, lookup: find }, resolve).on("error", reject);
  });
}

const tooLarge = (): Error => fail("image.failed", "Your image is too large.");

async function* within(answer: IncomingMessage, late: AbortController, limits: FetchLimits): AsyncGenerator<Buffer> {
  const timer = setTimeout(() => late.abort(), limits.wholeMs);
  let size = 0;
  try {
    for await (const chunk of answer) {
      size += (chunk as Buffer).length;
      if (size > limits.bytes) throw tooLarge();
      yield chunk as Buffer;
    }
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    const why = late.signal.aborted ? "it took too long" : "the connection broke";
    throw fail("image.failed", `We were unable to download your image: ${why}.`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
