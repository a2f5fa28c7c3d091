import { clock, docker, firewall, git, hostname, locale, nginx, ssh, timezone } from "@slipway/config";
import { ops } from "@slipway/console";
import { all, debian, host } from "@slipway/model";
import { disk, metrics, monitor, slack, url } from "@slipway/monitor";
import { droplet } from "@slipway/provision/digitalocean";
import { vault } from "@slipway/trust";

// The demo platform: three machines on the local cloud. With a `token` instead of `cloud` the same file makes them at DigitalOcean.
const secret = vault(["pager.webhook"]);

const machine = droplet({ cloud: "local", region: "lon1", size: "s-2vcpu-4gb" });

const base = all("base", [
  locale.is("en_US.UTF-8"),
  timezone.is("Asia/Singapore"),
  clock.synchronised,
  git.installed,
  ssh.hardened,
]);
const ci = host("ci", {
  on: machine,
  os: debian("12"),
  has: [hostname.is("ci"), base, docker.installed, firewall.allowsOnly(22)],
});

const app = host("app", {
  on: machine,
  os: debian("12"),
  has: [
    hostname.is("app"),
    base,
    docker.installed,
    docker.composeInstalled,
    nginx.installed,
    firewall.allowsOnly(22, 80),
  ],
});

const watch = host("monitor", {
  on: machine,
  os: debian("12"),
  has: [hostname.is("monitor"), base, docker.installed, firewall.allowsOnly(22)],
});

export default ops({
  name: "demo",
  vault: ".slipway/vault",
  hosts: [ci, app, watch],
  ci: { on: ci, repositories: ["ledger"], requires: ["unit", "end to end"] },
  deployments: { prod: { repository: "ledger", to: app } },
  monitor: {
    on: watch,
    watches: monitor({
      streams: [metrics(ci), metrics(app), metrics(watch)],
      every: "2s",
      expect: [
        url("http://app/api/loans").answers(200, "2s"),
        ...[ci, app, watch].map((host) => disk(host).staysBelow(95)),
      ],
      tell: [slack(secret("pager.webhook"))],
      // Here things are broken on purpose, again and again: their end is told at once.
      alerts: { flapMs: 0 },
    }),
    // Stands for the team's chat: takes what the monitor tells and keeps it.
    receiver: 4390,
  },
});
