import { isIP, isIPv6 } from "node:net";

/**
 * An address, or a network as `address/bits`, written anew from its parts, so that there is nothing else in it; undefined when it is none. A zone
 * (`fe80::1%eth0`) means something on one machine only.
 */
export function readNetwork(given: unknown): string | undefined {
  if (typeof given !== "string" || given.includes("%")) return undefined;
  const [address = "", bits, ...more] = given.split("/");
  const family = isIP(address);
  if (family === 0 || more.length > 0) return undefined;
  if (bits === undefined) return address;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128) ? `${address}/${Number(bits)}` : undefined;
}

/** Whether a text is an IPv6 address, without a zone. */
export const isPlainIPv6 = (text: string): boolean => isIPv6(text) && !text.includes("%");
