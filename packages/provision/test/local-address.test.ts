import fc from "fast-check";
import { expect, test } from "vitest";
import { readNetwork } from "../src/local/address.ts";
import { readRules } from "../src/local/hetzner/firewall-rules.ts";

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["10.0.0.0/8", "10.0.0.0/8"],
  ["0.0.0.0/00", "0.0.0.0/0"],
  ["2001:db8::/32", "2001:db8::/32"],
  ["::ffff:192.0.2.1/128", "::ffff:192.0.2.1/128"],
])("%j is the network %s", (given, network) => {
  expect(readNetwork(given)).toBe(network);
});

const bad = [
  "10.0.0.0/8/\n}\nadd table inet x",
  "10.0.0.0/8/",
  "10.0.0.0/8\n",
  "10.0.0.0/",
  "10.0.0.0/33",
  "10.0.0.0/-1",
  "10.0.0.0/1e1",
  "::/129",
  "fe80::1%eth0",
  "fe80::1%eth0 drop\n/64",
  "web",
  "",
];
test.each([...bad, ["10.0.0.0/8"], 10, null])("%j is none", (given) => {
  expect(readNetwork(given)).toBeUndefined();
});

test("what is read has nothing in it but an address", () => {
  const part = fc.constantFrom("10.0.0.0", "fe80::", "/", "8", "%", "eth0", "\n", " ", ";", "}");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      expect(readNetwork(parts.join("")) ?? "::").toMatch(/^[0-9a-f.:]+(\/\d{1,3})?$/);
    }),
  );
});

test.each(bad)("Hetzner's rules refuse %j", (ip) => {
  const rule = { direction: "in", protocol: "tcp", port: "443", source_ips: ["0.0.0.0/0", ip] };
  expect(() => readRules([rule])).toThrow("is not a valid address or network");
});
