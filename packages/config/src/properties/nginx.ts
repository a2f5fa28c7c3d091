import {
  all,
  type DebianLike,
  debianLike,
  derived,
  giving,
  type HostInfo,
  type Info,
  type Property,
  type Revertable,
  revertable,
  type TakenPort,
  telling,
} from "@slipway/model";
import { fail } from "../errors.ts";
import * as apt from "./apt.ts";
import { acme, challengeLocation, path, selfSigned } from "./certificate.ts";
import { absent, content } from "./file.ts";
import { type CertificateFiles, filesSite, proxySite, type SiteText } from "./nginx-text.ts";
import { reloaded, running } from "./systemd.ts";

export type { CertificateFiles } from "./nginx-text.ts";

const sites = "/etc/nginx/sites-enabled";

/** nginx serves, now and after a reboot, without the distribution's default site. */
export const installed: Property<DebianLike, "nginx"> = giving(
  all("nginx is installed", [
    apt.installed("nginx"),
    absent(`${sites}/default`).requires(apt.installed("nginx")).onChange(reloaded("nginx")),
    running("nginx").requires(apt.installed("nginx")),
  ]),
  "nginx",
);

// The new file is tried in a copy of the whole configuration, in memory and for root alone: it may hold keys.
const tried = `set -e
d=$(mktemp -d -p /run)
trap 'rm -rf "$d"' EXIT
cp -RL /etc/nginx/. "$d" 2>/dev/null || [ -e "$d/nginx.conf" ]
cp -- "$1" "$d/$2"
find "$d" -type f -print0 | xargs -0 sed -i "s#/etc/nginx/#$d/#g"
o=$(nginx -t -q -c "$d/nginx.conf" 2>&1) || { s=$?; printf '%s\\n' "$o" | sed "s#$d/#/etc/nginx/#g" >&2; exit "$s"; }`;

const plainName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** A file below /etc/nginx. What it stands in for is tried as a whole before. */
function configured(relative: string, text: string, title: string, opposite: string): Revertable<DebianLike, "nginx"> {
  const path = `/etc/nginx/${relative}`;
  const validate = ["sh", "-c", tried, "sh", "{}", relative] as const;
  const present = content(path, text, { validate }).onChange(reloaded("nginx"));
  return revertable(
    present.requires(installed).describe(title),
    absent(path).onChange(reloaded("nginx")).describe(opposite).when(onlyWithNginx),
  );
}

/** A site of nginx with this text. It is tried with the rest of the configuration before it is installed; then nginx reloads. */
export function site(name: string, text: string): Revertable<DebianLike, "nginx"> {
  if (!plainName.test(name)) throw fail("config.bad-argument", `"${name}" is not the name of a site`);
  return configured(`sites-enabled/${name}`, text, `nginx serves ${name}`, `nginx does not serve ${name}`);
}

/** Text that sites take in by `include snippets/<name>.conf;`. Tried with all that is there before it is installed. */
export function snippet(name: string, text: string): Revertable<DebianLike, "nginx"> {
  if (!plainName.test(name)) throw fail("config.bad-argument", `"${name}" is not the name of a snippet`);
  return configured(`snippets/${name}.conf`, text, `nginx has the snippet ${name}`, `nginx has no snippet ${name}`);
}

/** Text for the http section, which all sites share: maps, limits, log formats. Tried before it is installed. */
export function settings(name: string, text: string): Revertable<DebianLike, "nginx"> {
  if (!plainName.test(name)) throw fail("config.bad-argument", `"${name}" is not the name of nginx settings`);
  return configured(`conf.d/${name}.conf`, text, `nginx has the settings ${name}`, `nginx has no settings ${name}`);
}

export interface SiteOptions {
  /** More names with the same answers. */
  readonly aliases?: readonly string[];
  /**
   * Mail address for Let's Encrypt, which certifies the names; giving it you agree to its terms. Until then nginx has a certificate that nobody
   * trusts. With a certificate HTTP leads to HTTPS.
   */
  readonly certificateFor?: string;
  /** URL of the ACME directory of another authority. */
  readonly authority?: `https://${string}`;
  /** Where a certificate lies that is made elsewhere: two files, or one for both, such as `certificate.path(name)`. */
  readonly certificate?: CertificateFiles | string;
  /** Path that has to answer 200, for the monitor. Default `/`; false: nothing is watched. */
  readonly watched?: `/${string}` | false;
}

export interface ServesOptions extends SiteOptions {
  /** Port of the host that answers; only the host itself has to reach it. */
  readonly port: number;
  /** Largest body of a request, as nginx writes it. Default 16m. */
  readonly maxBody?: `${number}${"k" | "m" | "g"}`;
  /** Silence after which a request or a WebSocket is given up. Default 60s. */
  readonly timeout?: `${number}${"s" | "m" | "h"}`;
}

/**
 * Requests for a name are answered by a port of the host, WebSockets too. With a certificate HTTP leads to HTTPS. Others are told the ports
 * 80 and 443, the names, and a check for the monitor.
 */
export function serves(name: string, options: ServesOptions): Site {
  const { port, maxBody = "16m", timeout = "60s" } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw fail("config.bad-argument", `${port} is not a port that can serve ${name}`);
  if (!/^\d+[kmg]$/.test(maxBody)) throw fail("config.bad-argument", `"${maxBody}" is not a size: 16m`);
  if (!/^\d+[smh]$/.test(timeout)) throw fail("config.bad-argument", `"${timeout}" is not a time: 60s`);
  return named(name, options, (text) => proxySite(text, { port, maxBody, timeout }));
}

/** A name that nginx answers for. */
export type Site = Revertable<DebianLike, "nginx" | TakenPort<80, "tcp", "nginx">>;

export interface FilesOptions extends SiteOptions {
  readonly root: string;
  /** What answers a path without a file, e.g. `/index.html`; otherwise it is 404. */
  readonly fallback?: `/${string}`;
}

/** Requests for a name are answered with the files of a folder; those that begin with a dot are hidden. It tells what {@link serves} does. */
export function files(name: string, options: FilesOptions): Site {
  const { fallback } = options;
  const root = checkedPath(options.root);
  if (fallback !== undefined) checkedPath(fallback);
  return named(name, options, (text) => filesSite(text, root, fallback));
}

function named(name: string, options: SiteOptions, text: (site: SiteText) => string): Site {
  const names = [name, ...(options.aliases ?? [])].map(checkedName);
  const known = certificateOf(name, options);
  const issued = issuedBy(name, options);
  const base = {
    names,
    ...(known === undefined ? {} : { certificate: known }),
    ...(issued === undefined ? {} : { challengeLocation }),
  };
  const made = derived<DebianLike, "nginx">(`nginx answers for ${name}`, debianLike, ({ self }) => {
    const present = site(name, text({ ...base, http2: http2Of(self) }));
    if (issued === undefined) return present;
    // The authority asks nginx, and nginx does not start without a certificate.
    const first = selfSigned(name, { also: names.slice(1) });
    return giving(issued.requires(present.requires(first)), "nginx");
  });
  const info = [...infoOf(names, known !== undefined, options.watched ?? "/"), ...(issued?.info ?? [])];
  const gone = site(name, "").opposite;
  return revertable(
    telling(telling(giving(made, "nginx"), web), ...info),
    issued === undefined ? gone : all(`nginx does not answer for ${name}`, [issued.opposite, gone]),
  );
}

function certificateOf(name: string, options: SiteOptions): CertificateFiles | undefined {
  const { certificate, certificateFor, authority } = options;
  if (certificate !== undefined && certificateFor !== undefined)
    throw fail("config.bad-argument", `${name} has a certificate, so none is asked for`);
  if (authority !== undefined && certificateFor === undefined)
    throw fail("config.bad-argument", `${name} names an authority, but no mail address for its certificate`);
  const at = certificateFor === undefined ? certificate : path(name);
  if (at === undefined) return undefined;
  const { chain, key } = typeof at === "string" ? { chain: at, key: at } : at;
  return { chain: checkedPath(chain), key: checkedPath(key) };
}

function issuedBy(
  name: string,
  { certificateFor, authority, aliases }: SiteOptions,
): Revertable<DebianLike> | undefined {
  if (certificateFor === undefined) return undefined;
  const directory = authority === undefined ? {} : { directory: authority };
  return acme(name, { agreesToTerms: true, mail: certificateFor, also: aliases ?? [], ...directory });
}

// nginx says it in another way from 1.25.1 on; Debian 12 has 1.22, Ubuntu 24.04 has 1.24.
const http2Of = ({ os, version }: HostInfo): SiteText["http2"] =>
  os === "debian" && Number.parseInt(version, 10) >= 13 ? "on" : "listen";

const web = { kind: "port", port: 80, protocol: "tcp", owner: "nginx", from: "anywhere" } as const;

function infoOf(names: readonly string[], secure: boolean, watched: string | false): readonly Info[] {
  const [first = ""] = names;
  const url = `http${secure ? ("s" as const) : ("" as const)}://${first}${watched === false ? "" : watched}` as const;
  return [
    ...(secure ? [{ ...web, port: 443 }] : []),
    ...names.map((name) => ({ kind: "name" as const, name })),
    ...(watched === false
      ? []
      : [{ kind: "check" as const, title: `${first} answers`, check: { type: "url" as const, url, status: 200 } }]),
  ];
}

function checkedName(name: string): string {
  if (!/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(name))
    throw fail("config.bad-argument", `"${name}" is not a host name that nginx can serve`);
  return name;
}

function checkedPath(path: string): string {
  if (!/^(\/[A-Za-z0-9._@+-]+)+$/.test(path) || /\/\.\.?(\/|$)/.test(path))
    throw fail("config.bad-argument", `${JSON.stringify(path)} is not a plain absolute path`);
  return path;
}

const onlyWithNginx = {
  title: "nginx is installed",
  observe: {
    read: ["sh", "-c", "command -v nginx", "nginx"],
    reads: ["package:nginx"],
    parse: (stdout: string) => stdout.trim() !== "",
  },
  holds: (seen: boolean) => seen,
} as const;
