import { all, alpine, debian, type Host, host, type Os, revert, Secret, telling } from "@slipway/model";
import { expect, test } from "vitest";
import {
  apk,
  apt,
  certificate,
  command,
  cron,
  dns,
  docker,
  file,
  firewall,
  git,
  locale,
  mail,
  network,
  nginx,
  reboot,
  ssh,
  swap,
  swarm,
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
  // @ts-expect-error SSH would be closed: 22 is open for UDP alone
  firewall.allowsOnly({ port: 22, protocol: "udp" }, { port: 5432, from: ["10.0.0.0/8"] });
  firewall.allowsOnly({ port: 22, from: ["10.0.0.0/8"] }, 80);
  // @ts-expect-error sshd has no such setting
  ssh.settings({ PermitRootLogon: "no" });
  // @ts-expect-error sshd needs a host key
  ssh.hostKeys();
  // @ts-expect-error a hash comes from the vault
  user.password("ada", "$6$x$y");
  // @ts-expect-error nobody agreed to the authority's terms
  certificate.acme("www.example.org", { mail: "ops@example.org" });
  // @ts-expect-error a host asks one name server at least
  network.resolver([]);
  // @ts-expect-error a mail server has a priority
  dns.zone("example.org", { records: [{ name: "@", type: "MX", to: "mail" }] });
  // @ts-expect-error nothing here deletes a repository
  revert(git.repository("ledger"));
  // @ts-expect-error a content is text or a secret
  file.content("/etc/x", 5);
  // @ts-expect-error a UDP port is written with its protocol
  firewall.allowsOnly(22, "5555");
  // @ts-expect-error a relay without its port
  mail.satellite({ relay: "smtp.example.org" });
  // @ts-expect-error a password is a secret
  docker.registryLogin("registry.example.org", { user: "ada", password: "x" });
  // @ts-expect-error a size has a unit
  docker.settings({ logs: { maxSize: "10" } });
  // @ts-expect-error which repository, unless it is docker.com, is said with its key
  docker.from({ url: "https://mirror.example.org/docker" });
  // @ts-expect-error a version is a commit, a tag or a branch
  git.clone("https://git.example.org/shop", { at: {}, to: "/srv/shop" });
  // @ts-expect-error nothing here deletes work
  revert(git.clone("https://git.example.org/shop", { at: { tag: "v1" }, to: "/srv/shop" }));
  // @ts-expect-error what leaves with the last manager is the swarm itself
  revert(swarm.manager({ advertise: "10.0.0.1" }));
  // @ts-expect-error a proxy needs a port
  nginx.serves("shop.example.org", {});
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
  const own = telling(apt.installed("caddy"), {
    kind: "port",
    port: 80,
    protocol: "tcp",
    owner: "caddy",
    from: "anywhere",
  });
  // @ts-expect-error nginx and something else on port 80
  host("a", { on, os: debian("12"), has: [nginx.serves("shop.example.org", { port: 3000 }), own] });
  host("a", {
    on,
    os: debian("12"),
    has: [nginx.serves("a.example.org", { port: 1 }), nginx.files("b.example.org", { root: "/srv" })],
  });
  // @ts-expect-error a bundle that fits no system
  all("impossible", [apt.installed("curl"), apk.installed("curl")]);
  // @ts-expect-error a bundle holds only where all its members do
  host("a", { on, os: alpine("3.22"), has: [all("base", [timezone.is("UTC"), apt.installed("curl")])] });
  // @ts-expect-error a secret is no text
  const text: string = new Secret("pager.webhook");
  void [needs, text];
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
