import { isIP } from "node:net";
import { fail } from "../errors.ts";

/** Throws `config.bad-argument`. */
export const checkedUser = (name: string, kind: "user" | "group" = "user"): string => {
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(name))
    throw fail("config.bad-argument", `"${name}" is not the name of a ${kind}`);
  return name;
};

/** A name as in DNS, in lower case. Throws `config.bad-argument`. */
export const checkedName = (name: string): string => {
  if (!/^[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/.test(name) || name.length > 253)
    throw fail("config.bad-argument", `"${name}" is not a host name`);
  return name;
};

/** IPv6 in the spelling of RFC 5952, IPv4 as it is. Throws `config.bad-argument`. */
export function checkedAddress(address: string): string {
  const version = isIP(address);
  if (version === 0 || address.includes("%")) throw fail("config.bad-argument", `"${address}" is not an IP address`);
  return version === 4 ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** `10.0.0.0/8` or one address, which stays without a length. Throws `config.bad-argument` also for an address inside a network. */
export function checkedNetwork(network: string): string {
  const [first = "", length] = network.split("/");
  const address = checkedAddress(first);
  if (length === undefined) return address;
  const most = isIP(address) === 4 ? 32 : 128;
  const bits = Number(length);
  if (!/^\d{1,3}$/.test(length) || bits > most)
    throw fail("config.bad-argument", `"${network}" is not a network such as 10.0.0.0/8`);
  if (bits === most) return address;
  if (numberOf(address) & ((1n << BigInt(most - bits)) - 1n))
    throw fail("config.bad-argument", `${network} is an address inside a network: say the network's own first address`);
  return `${address}/${bits}`;
}

function numberOf(address: string): bigint {
  if (isIP(address) === 4) return address.split(".").reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
  const [head = "", tail] = address.split("::");
  const parts = (text: string | undefined): readonly string[] =>
    text === undefined || text === "" ? [] : text.split(":");
  const left = parts(head);
  const right = parts(tail);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].reduce((sum, part) => (sum << 16n) + BigInt(`0x${part}`), 0n);
}
