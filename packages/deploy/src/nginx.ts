import { createHash } from "node:crypto";
import type { App } from "@slipway/model";
import { flagFile, type Slot } from "./names.ts";
import { type Ports, portOf } from "./ports.ts";

export interface SiteOptions {
  /** Port nginx listens on. Default 80. */
  readonly listen?: number;
  /** Also on IPv6; the host must have it. Default false. */
  readonly ipv6?: boolean;
  /** Largest request body. Default "10m". */
  readonly maxBody?: `${number}${"k" | "m" | "g"}`;
}

/** Answers with {@link siteDigest}; how a deployment sees that nginx serves the new configuration. */
export const sitePath = "/.well-known/slipway-site";

const variable = (text: string): string => text.replaceAll("-", "_");

/**
 * nginx's site for an application. Both slots of a service are static upstreams; which one serves is decided per request by whether a flag
 * file exists, so that switching needs no reload (a reload under keep-alive load drops connections).
 *
 * Each upstream has the other slot as its backup: nginx goes there only when a connection is refused, that is before any byte of the
 * request was sent. A large upload that began before the switch and is forwarded after the old container stopped is served so. A request
 * that was sent is repeated only if it is idempotent, never a POST or PATCH.
 */
export function nginxSite(app: App, ports: Ports, options: SiteOptions = {}): string {
  const body = siteBody(app, ports, options);
  return body.replace("@digest@", digestOf(body));
}

/** What {@link sitePath} answers under this site. */
export const siteDigest = (site: string): string => /return 200 "([0-9a-f]{16})\\n"/.exec(site)?.[1] ?? "";

const digestOf = (body: string): string => createHash("sha256").update(body).digest("hex").slice(0, 16);

function siteBody(app: App, ports: Ports, options: SiteOptions): string {
  const listen = options.listen ?? 80;
  const prefix = `slipway_${variable(app.name)}_`;
  const upstream = (service: string, slot: Slot): string => `${prefix}_${variable(service)}_${slot}`;
  const served = app.services.filter(
    (service) => (service.routes?.length ?? 0) > 0 && ports[service.name] !== undefined,
  );
  const routes = served
    .flatMap((service) => (service.routes ?? []).map((path) => ({ path, service: service.name })))
    .toSorted((a, b) => b.path.length - a.path.length || (a.path < b.path ? -1 : 1));
  const primary = app.hostname === "_" ? " default_server" : "";
  const lines = [
    "# Written by Slipway. Changes made here are lost at the next deployment.",
    `map $http_upgrade $${prefix}_connection {`,
    '  "" "";',
    "  default upgrade;",
    "}",
  ];
  for (const { name } of served) {
    const base = ports[name] ?? 0;
    for (const slot of ["blue", "green"] as const) {
      const other = slot === "blue" ? "green" : "blue";
      lines.push(
        `upstream ${upstream(name, slot)} {`,
        `  server 127.0.0.1:${portOf(base, slot)} max_fails=0;`,
        `  server 127.0.0.1:${portOf(base, other)} max_fails=0 backup;`,
        "  keepalive 32;",
        "  keepalive_requests 100000;",
        // Shorter than any server's own idle timeout (Node's is 5 s): nginx must be the one that closes.
        "  keepalive_timeout 4s;",
        "}",
      );
    }
  }
  lines.push(
    "server {",
    `  listen ${listen}${primary};`,
    ...(options.ipv6 === true ? [`  listen [::]:${listen}${primary};`] : []),
    `  server_name ${app.hostname};`,
    `  client_max_body_size ${options.maxBody ?? "10m"};`,
    // A cached stat would keep requests on the old slot after the switch.
    "  open_file_cache off;",
  );
  for (const { name } of served)
    lines.push(
      `  set $${prefix}_${variable(name)} ${upstream(name, "blue")};`,
      `  if (-f ${flagFile(app.name, name)}) {`,
      `    set $${prefix}_${variable(name)} ${upstream(name, "green")};`,
      "  }",
    );
  lines.push(
    "  proxy_http_version 1.1;",
    "  proxy_set_header Host $host;",
    // The edge does not believe what a client says about itself.
    "  proxy_set_header X-Forwarded-For $remote_addr;",
    "  proxy_set_header X-Forwarded-Proto $scheme;",
    "  proxy_set_header X-Request-Id $request_id;",
    "  proxy_set_header Upgrade $http_upgrade;",
    `  proxy_set_header Connection $${prefix}_connection;`,
    // Server-sent events and other streams reach the client as they are written.
    "  proxy_buffering off;",
    "  proxy_connect_timeout 2s;",
    "  proxy_read_timeout 300s;",
    "  proxy_send_timeout 60s;",
    // Without `non_idempotent`: a POST or PATCH that was sent is never sent again.
    "  proxy_next_upstream error;",
    "  proxy_next_upstream_tries 2;",
    "  error_page 502 = @slipway_down;",
    "  location @slipway_down {",
    "    default_type text/plain;",
    "    if ($upstream_connect_time ~ [0-9]$) {",
    "      return 502;",
    "    }",
    "    add_header Retry-After 5 always;",
    '    return 503 "Down for maintenance. Please try again in a moment.\\n";',
    "  }",
    `  location = ${sitePath} {`,
    "    default_type text/plain;",
    '    return 200 "@digest@\\n";',
    "  }",
  );
  for (const route of routes)
    lines.push(`  location ${route.path} {`, `    proxy_pass http://$${prefix}_${variable(route.service)};`, "  }");
  if (!routes.some((route) => route.path === "/")) lines.push("  location / {", "    return 404;", "  }");
  lines.push("}", "");
  return lines.join("\n");
}
