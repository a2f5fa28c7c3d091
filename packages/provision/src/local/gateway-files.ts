import type { Engine } from "./engine.ts";
import { has, type ImageRecipe, imageName } from "./image.ts";
import { releases } from "./releases.ts";

/** Where a droplet asks for what the cloud knows of it. */
export const metadataAddress = "169.254.169.254";

/**
 * PID 1. A state of the cloud is one folder of /srv, told by /srv/next and taken over at a SIGHUP: /srv/now is that folder from then on. No folder
 * is written twice. A zone
 * is read again when its file is younger than the last reading, so only those that differ are touched; the old one is answered until then.
 */
const gateway = `#!/bin/busybox sh
box=/bin/busybox
ip address replace ${metadataAddress}/32 dev eth0
take() {
  next=$($box cat /srv/next) && [ -f "/srv/$next/named.conf" ] || return
  for zone in "/srv/$next/zones"/*; do
    $box cmp -s "$zone" "/srv/now/zones/\${zone##*/}" || $box touch "$zone"
  done
  old=$($box readlink /srv/now)
  $box ln -sfn "$next" /srv/new && $box mv -T /srv/new /srv/now
  $box killall -HUP named 2>/dev/null
  # No other one: it may be the next, which is just being written.
  [ "$old" = "" ] || [ "$old" = "$next" ] || $box rm -rf "/srv/$old"
}
trap take HUP
trap 'exit 1' TERM
$box mkdir -p /run/named /var/cache/bind /var/log/nginx /var/lib/nginx
$box chown bind /run/named /var/cache/bind
take
# Whoever of them ends, ends all; the engine then starts both again.
{ named -f -g -n 1 -u bind -c /srv/now/named.conf; kill 1; } &
{ nginx -c /usr/lib/slipway/nginx.conf -g 'daemon off;'; kill 1; } &
while wait; [ $? -gt 128 ]; do :; done
`;

const nginx = `user nobody nogroup;
worker_processes 1;
pid /run/nginx.pid;
error_log stderr;
events { worker_connections 256; }
http {
  access_log off;
  default_type "text/plain; charset=utf-8";
  types { application/json json; }
  absolute_redirect off;
  server_tokens off;
  server {
    listen ${metadataAddress}:80;
    root /srv/now/metadata/$remote_addr;
    index index;
  }
}
`;

/** A machine of a local cloud that answers for its zones and tells droplets about themselves: BIND and nginx, unpacked, nothing else. */
export const gatewayRecipe: ImageRecipe = {
  what: "gateway",
  title: "debian-12",
  release: releases["debian-12"],
  packages: ["bind9", "nginx", "busybox-static"],
  files: [
    { path: "/usr/lib/slipway/gateway", content: gateway, mode: 0o755 },
    { path: "/usr/lib/slipway/nginx.conf", content: nginx },
    {
      path: "/etc/passwd",
      content:
        "root:x:0:0:root:/:/usr/sbin/nologin\nbind:x:53:53::/:/usr/sbin/nologin\nnobody:x:65534:65534::/:/usr/sbin/nologin\n",
    },
    { path: "/etc/group", content: "root:x:0:\nbind:x:53:\nnogroup:x:65534:\n" },
  ],
  variant: "extract",
  lean: [
    "etc/init.d",
    "lib/systemd",
    "usr/bin/perl*",
    "usr/lib/*/gconv",
    "usr/lib/*/libdb-*",
    "usr/lib/*/libperl*",
    "usr/lib/*/perl*",
    "usr/lib/systemd",
    "usr/share/bash-completion",
    "usr/share/doc",
    "usr/share/i18n",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/perl*",
    "var/lib/apt/lists/*",
  ],
};

/** Whether the image of it is at hand; where it is, every cloud of droplets has one. */
export const hasGateway = (engine: Engine): Promise<boolean> => has(engine, imageName(gatewayRecipe));
