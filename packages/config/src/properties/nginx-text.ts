import { createHash } from "node:crypto";

/** Where a certificate lies on the host. */
export interface CertificateFiles {
  /** The certificate, then those that lead to a known authority; PEM. */
  readonly chain: string;
  /** Private key; PEM. */
  readonly key: string;
}

/** What all sites have. */
export interface SiteText {
  readonly names: readonly string[];
  readonly certificate?: CertificateFiles;
  /** Answers a certificate authority over HTTP. */
  readonly challengeLocation?: string;
  /** nginx from 1.25.1 on says `http2 on`. */
  readonly http2: "on" | "listen";
}

const compressed = [
  "application/javascript",
  "application/json",
  "application/manifest+json",
  "application/wasm",
  "application/xml",
  "image/svg+xml",
  "text/css",
  "text/javascript",
  "text/plain",
  "text/xml",
];

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}\n`).join("");

/** The servers of a site around the lines that say where its answers come from. */
export function servers(site: SiteText, body: readonly string[]): string {
  const names = `server_name ${site.names.join(" ")};`;
  const challenges = site.challengeLocation === undefined ? [] : [site.challengeLocation.trim()];
  const common = [
    "server_tokens off;",
    "gzip on;",
    "gzip_vary on;",
    "gzip_proxied any;",
    "gzip_min_length 1024;",
    `gzip_types ${compressed.join(" ")};`,
    "add_header X-Content-Type-Options nosniff always;",
  ];
  const plain = ["listen 80;", "listen [::]:80;", names];
  const { certificate } = site;
  if (certificate === undefined) return `server {\n${indented([...plain, ...challenges, ...common, ...body])}}\n`;
  const listen = site.http2 === "on" ? ["443 ssl", "[::]:443 ssl"] : ["443 ssl http2", "[::]:443 ssl http2"];
  const redirect = [...plain, ...challenges, "location / {", "  return 301 https://$host$request_uri;", "}"];
  const secure = [
    ...listen.map((one) => `listen ${one};`),
    ...(site.http2 === "on" ? ["http2 on;"] : []),
    names,
    `ssl_certificate ${certificate.chain};`,
    `ssl_certificate_key ${certificate.key};`,
    "ssl_protocols TLSv1.2 TLSv1.3;",
    "ssl_prefer_server_ciphers off;",
    "ssl_session_cache shared:slipway:10m;",
    "ssl_session_timeout 1d;",
    "ssl_session_tickets off;",
    'add_header Strict-Transport-Security "max-age=31536000" always;',
  ];
  return `server {\n${indented(redirect)}}\nserver {\n${indented([...secure, ...common, ...body])}}\n`;
}

export interface ProxyText {
  /** Port of 127.0.0.1. */
  readonly port: number;
  /** nginx size, such as `16m`. */
  readonly maxBody: string;
  /** Silence after which a connection is given up, such as `60s`. */
  readonly timeout: string;
}

/** A site that hands everything to a port of its host. */
export function proxySite(site: SiteText, to: ProxyText): string {
  // Of this site alone, so that it needs nothing that other sites share. An empty header keeps connections to the upstream open.
  const connection = `$slipway_${createHash("sha256")
    .update(site.names[0] ?? "")
    .digest("hex")
    .slice(0, 8)}`;
  // The client's own words about where it comes from are not believed.
  const body = [
    `client_max_body_size ${to.maxBody};`,
    "location / {",
    `  proxy_pass http://slipway-${site.names[0]};`,
    "  proxy_http_version 1.1;",
    "  proxy_set_header Host $host;",
    "  proxy_set_header X-Real-IP $remote_addr;",
    "  proxy_set_header X-Forwarded-For $remote_addr;",
    "  proxy_set_header X-Forwarded-Host $host;",
    "  proxy_set_header X-Forwarded-Proto $scheme;",
    "  proxy_set_header Upgrade $http_upgrade;",
    `  proxy_set_header Connection ${connection};`,
    "  proxy_connect_timeout 5s;",
    `  proxy_read_timeout ${to.timeout};`,
    `  proxy_send_timeout ${to.timeout};`,
    "}",
  ];
  const upstream = [`server 127.0.0.1:${to.port};`, "keepalive 16;"];
  const map = ["default upgrade;", "'' '';"];
  return `map $http_upgrade ${connection} {\n${indented(map)}}\nupstream slipway-${site.names[0]} {\n${indented(upstream)}}\n${servers(site, body)}`;
}

/** A site of files. `fallback` is what answers a path without a file: a path of the site; otherwise it is 404. */
export const filesSite = (site: SiteText, root: string, fallback: string | undefined): string =>
  servers(site, [
    `root ${root};`,
    "index index.html;",
    "charset utf-8;",
    "location / {",
    `  try_files $uri $uri/ ${fallback ?? "=404"};`,
    "}",
    // Dot files are for whoever put the site there, such as .git; only what has to be public is.
    "location ~ /\\.(?!well-known/) {",
    "  return 404;",
    "}",
  ]);
