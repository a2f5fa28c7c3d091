import { debian } from "@slipway/model";
import { expect, test } from "vitest";
import { nothingApplied } from "../src/engine/applied.ts";
import { alone } from "../src/engine/items.ts";
import { file, formatPlan, plan } from "../src/index.ts";

const host = (has: ReturnType<typeof file.line>) => ({
  name: "h",
  os: "debian" as const,
  distro: debian("12"),
  on: { provider: "test", spec: {} },
  has: [has],
  can: () => true,
});

test("a line or a block that is too long for an argument is refused when it is made", () => {
  expect(() => file.line("/etc/x", "x".repeat(100_001))).toThrow("more than 100 kB cannot be put into /etc/x");
  expect(() => file.block("/etc/x", "app", "é".repeat(50_001))).toThrow("more than 100 kB");
  expect(file.line("/etc/x", "x".repeat(100_000)).title).toContain("/etc/x");
});

test("an expression that remembers where it was is refused", () => {
  expect(() => file.line("/etc/x", "a", { replaces: /a/g })).toThrow("/a/g is global or sticky");
});

test("a template is filled in for the host that is planned", () => {
  const named = host(file.template("/etc/x", ({ self, hosts }) => `${self.name} of ${hosts.length}\n`));
  const around = { self: { ...alone(named).self, name: "web" }, hosts: [...alone(named).hosts, ...alone(named).hosts] };
  const replies = new Proxy({}, { get: () => ({ status: 0, stdout: "" }) });
  const made = plan(named, { replies, pending: [], digests: {}, applied: nothingApplied }, around);
  expect(JSON.stringify(made.items[0]?.changes)).toContain("web of 2");
});

test("an edit is told by its file and its text", () => {
  const replies = new Proxy({}, { get: () => ({ status: 0, stdout: "" }) });
  const made = plan(host(file.line("/etc/x", "one two")), {
    replies,
    pending: [],
    digests: {},
    applied: nothingApplied,
  });
  expect(formatPlan(made)).toContain("edit /etc/x '' '' 1 'one two");
});
