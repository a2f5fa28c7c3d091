import { clock, docker, git, locale, timezone } from "@slipway/config";
import { ops } from "@slipway/console";
import { debian, host } from "@slipway/model";
import { droplet } from "@slipway/provision/digitalocean";

const ci = host("ci", {
  on: droplet({ cloud: "local", region: "lon1", size: "s-2vcpu-4gb" }),
  os: debian("12"),
  has: [
    locale.is("en_US.UTF-8"),
    timezone.is("Asia/Singapore"),
    clock.synchronised,
    git.installed,
    docker.installed,
    docker.composeInstalled,
  ],
});

export default ops({ name: "example", hosts: [ci] });
