import { alpine, debian, type Host, host, type Os, revert, Secret } from "@slipway/model";
import { expect, test } from "vitest";
import {
  apk,
  apt,
  command,
  cron,
  docker,
  file,
  firewall,
  git,
  locale,
  nginx,
  reboot,
  swap,
  timezone,
  user,
} from "../src/index.ts";

const on = { provider: "test", spec: {} } as const;

/** Compiled, never run: each refusal that the types promise. */
export function refusals(): void {
  // @ts-expect-error Debian's locales on Alpine
  host("a", { on, os: alpine("3.22"), has: [git.installed, locale.is("en_GB.UTF-8")] });
  // @ts-expect-error narrowed by what it requires
  host("a", { on, os: alpine("3.22"), has: [git.installed.requires(apt.installed("ca-certificates"))] });
  const list = [git.installed, locale.is("en_GB.UTF-8")];
  // @ts-expect-error a list built beforehand
  host("a", { on, os: alpine("3.22"), has: list });
  const bare = host("a", { on, os: debian("12"), has: [git.installed] });
  // @ts-expect-error no docker on this host
  const needs: Host<Os, "docker"> = bare;
  // @ts-expect-error a locale that is not UTF-8
  locale.is("en_GB");
  // @ts-expect-error no time zone
  timezone.is("London");
  // @ts-expect-error SSH would be closed
  firewall.allowsOnly(80, 443);
  // @ts-expect-error nothing here deletes a repository
  revert(git.repository("ledger"));
  // @ts-expect-error a content is text or a secret
  file.content("/etc/x", 5);
  // @ts-expect-error a UDP port is written with its protocol
  firewall.allowsOnly(22, "5555");
  // @ts-expect-error a span without its unit
  apt.listsNotOlderThan("1");
  // @ts-expect-error nothing here brings a removed package back
  revert(apt.removed("telnet"));
  // @ts-expect-error a source of packages without its key
  apt.source("x", { uris: "https://example.org", suites: "stable" });
  // @ts-expect-error a pin to nothing that apt knows
  apt.pinned("x", { packages: ["nginx"], to: "1.24.*" });
  // @ts-expect-error a line is no place for a secret
  file.line("/etc/x", new Secret("app.token"));
  // @ts-expect-error what was owned before is not known
  revert(file.owned("/srv/x", { owner: "app" }));
  // @ts-expect-error a size without its unit
  swap.file("2048");
  // @ts-expect-error without `undo` there is no way back
  revert(command.run({ title: "x", holds: ["true"], run: ["true"] }));
  // @ts-expect-error nothing tells whether it holds
  command.run({ title: "x", run: ["true"] });
  // @ts-expect-error no time of the day
  reboot.ifNeeded({ when: ["night", "morning"] });
  // @ts-expect-error Debian's cron on Alpine
  host("a", { on, os: alpine("3.22"), has: [cron.job("x", { at: "@daily", run: ["true"] })] });
  void needs;
}

test("what fits", () => {
  const edge = host("edge", {
    on,
    os: alpine("3.22"),
    has: [timezone.is("UTC"), apk.installed("curl"), git.installed],
  });
  expect(edge.can("git")).toBe(true);
  const web = host("web", {
    on,
    os: debian("12"),
    has: [docker.installed, nginx.installed, firewall.allowsOnly(22, 80), user.account("deploy")],
  });
  const needs: Host<Os, "docker" | "nginx"> = web;
  expect(needs.can("docker")).toBe(true);
  expect(revert(apt.installed("git")).title).toBe("git is not installed");
});
