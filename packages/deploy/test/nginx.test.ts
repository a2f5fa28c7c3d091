import type { App } from "@slipway/model";
import { expect, test } from "vitest";
import { nginxSite, siteDigest } from "../src/nginx.ts";

const app: App = {
  name: "my-shop",
  hostname: "shop.example.org",
  services: [
    { name: "core", port: 8080, ready: "/readyz", routes: ["/api", "/api/v2/long"] },
    { name: "web", port: 8081, ready: "/", routes: ["/"] },
    { name: "mail" },
  ],
};
const ports = { core: 20_000, web: 20_010 };

test("the whole site", () => {
  expect(nginxSite(app, ports, { maxBody: "2m" })).toMatchInlineSnapshot(`
    "# Written by Slipway. Changes made here are lost at the next deployment.
    map $http_upgrade $slipway_my_shop__connection {
      "" "";
      default upgrade;
    }
    upstream slipway_my_shop__core_blue {
      server 127.0.0.1:20000 max_fails=0;
      server 127.0.0.1:20001 max_fails=0 backup;
      keepalive 32;
      keepalive_requests 100000;
      keepalive_timeout 4s;
    }
    upstream slipway_my_shop__core_green {
      server 127.0.0.1:20001 max_fails=0;
      server 127.0.0.1:20000 max_fails=0 backup;
      keepalive 32;
      keepalive_requests 100000;
      keepalive_timeout 4s;
    }
    upstream slipway_my_shop__web_blue {
      server 127.0.0.1:20010 max_fails=0;
      server 127.0.0.1:20011 max_fails=0 backup;
      keepalive 32;
      keepalive_requests 100000;
      keepalive_timeout 4s;
    }
    upstream slipway_my_shop__web_green {
      server 127.0.0.1:20011 max_fails=0;
      server 127.0.0.1:20010 max_fails=0 backup;
      keepalive 32;
      keepalive_requests 100000;
      keepalive_timeout 4s;
    }
    server {
      listen 80;
      server_name shop.example.org;
      client_max_body_size 2m;
      open_file_cache off;
      set $slipway_my_shop__core slipway_my_shop__core_blue;
      if (-f /var/lib/slipway/apps/my-shop/flags/core.green) {
        set $slipway_my_shop__core slipway_my_shop__core_green;
      }
      set $slipway_my_shop__web slipway_my_shop__web_blue;
      if (-f /var/lib/slipway/apps/my-shop/flags/web.green) {
        set $slipway_my_shop__web slipway_my_shop__web_green;
      }
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Request-Id $request_id;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $slipway_my_shop__connection;
      proxy_buffering off;
      proxy_connect_timeout 2s;
      proxy_read_timeout 300s;
      proxy_send_timeout 60s;
      proxy_next_upstream error;
      proxy_next_upstream_tries 2;
      error_page 502 = @slipway_down;
      location @slipway_down {
        default_type text/plain;
        if ($upstream_connect_time ~ [0-9]$) {
          return 502;
        }
        add_header Retry-After 5 always;
        return 503 "Down for maintenance. Please try again in a moment.\\n";
      }
      location = /.well-known/slipway-site {
        default_type text/plain;
        return 200 "32ce3edd4296e77b\\n";
      }
      location /api/v2/long {
        proxy_pass http://$slipway_my_shop__core;
      }
      location /api {
        proxy_pass http://$slipway_my_shop__core;
      }
      location / {
        proxy_pass http://$slipway_my_shop__web;
      }
    }
    "
  `);
});

test("any host name, another port, IPv6, no route to everything", () => {
  const site = nginxSite(
    { ...app, hostname: "_", services: app.services.slice(0, 1) },
    { core: 20_000 },
    { listen: 8000, ipv6: true },
  );
  expect(site).toContain("  listen 8000 default_server;\n  listen [::]:8000 default_server;\n  server_name _;\n");
  expect(site).toContain("  location / {\n    return 404;\n  }\n");
});

test("its digest names the content, so that a deployment sees which site nginx serves", () => {
  const site = nginxSite(app, ports);
  expect(siteDigest(site)).toMatch(/^[0-9a-f]{16}$/);
  expect(nginxSite(app, ports)).toBe(site);
  expect(siteDigest(nginxSite(app, { ...ports, web: 20_012 }))).not.toBe(siteDigest(site));
});

test("names with dashes give no two upstreams the same name", () => {
  const upstreams = (name: string, service: string): string[] =>
    [
      ...nginxSite(
        { ...app, name, services: [{ name: service, port: 1, ready: "/", routes: ["/"] }] },
        { [service]: 20_000 },
      ).matchAll(/^upstream (\S+)/gm),
    ].map((match) => match[1] ?? "");
  const both = [...upstreams("a", "b-c"), ...upstreams("a-b", "c")];
  expect(new Set(both).size).toBe(4);
});
