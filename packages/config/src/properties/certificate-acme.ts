import { createHash } from "node:crypto";
import {
  all,
  type DebianLike,
  debianLike,
  type Property,
  property,
  type Reading,
  type Revertable,
  revertable,
  telling,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { unitName } from "../facts/units.ts";
import { installed } from "./apt.ts";
import { certificateFolder, certificateName, path } from "./certificate-path.ts";
import { absent, content, directory } from "./file.ts";
import { running, unit } from "./systemd.ts";

const config = "/etc/slipway/acme";
const state = "/var/lib/slipway/acme";
const challenges = `${state}/challenges`;
const hookPath = `${config}/hook`;

/** For the nginx site of the names, on port 80: the authority looks there whether they lead to this host. */
export const challengeLocation = `location ^~ /.well-known/acme-challenge/ { default_type text/plain; alias ${challenges}/; }\n`;

export interface AcmeOptions {
  /** You have read and agree to the terms of the authority. */
  readonly agreesToTerms: true;
  /** More names of the same certificate. */
  readonly also?: readonly string[];
  /** Where the authority may write to. */
  readonly mail?: string;
  /** URL of the authority's ACME directory. Default: Let's Encrypt. */
  readonly directory?: `https://${string}`;
  /** Units that read it again when it changes, those that run. Default nginx. */
  readonly reloads?: readonly string[];
}

// dehydrated calls it at every step; only a new certificate matters. Chain and key become one file, as others expect it.
const hook = `#!/bin/sh
[ "$1" = deploy_cert ] || exit 0
umask 077
t=$(mktemp "/etc/slipway/certificates/.$2.XXXXXX") || exit
trap 'rm -f -- "$t"' EXIT
cat -- "$5" "$3" >"$t" && sync "$t" && mv -- "$t" "/etc/slipway/certificates/$2.pem" || exit
[ -z "$SLIPWAY_RELOADS" ] || systemctl try-reload-or-restart $SLIPWAY_RELOADS
`;

const parts = { hook: content(hookPath, hook, { mode: "0755" }), folder: directory(config), state: directory(state) };

interface Issued {
  readonly names: readonly string[];
  /** It has not expired, and it is the one that is in use. */
  readonly good: boolean;
}

const issuedScript = `for s do
n=\${s#*/}
c=${state}/\${s%%/*}/certs/$n/cert.pem
[ -e "$c" ] || continue
g=good
openssl x509 -in "$c" -noout -checkend 0 >/dev/null || g=expired
[ "$(openssl x509 -in "/etc/slipway/certificates/$n.pem" -noout -fingerprint -sha256)" = "$(openssl x509 -in "$c" -noout -fingerprint -sha256)" ] || g=another
printf '%s\\t%s\\t%s\\n' "$s" "$g" "$(openssl x509 -in "$c" -noout -ext subjectAltName | tail -n +2 | tr -d ' \\n')"
done`;

/** `place` is the folder of what the authority issued; with another authority it is another one. */
const issued = (name: string, place: string): Reading<Issued> => ({
  read: ["sh", "-c", issuedScript, "issued"],
  of: [`${place}/${name}`],
  reads: [`file:${path(name)}`, `certificate:${name}`],
  parse: (stdout) => {
    const [, good, names = ""] =
      stdout
        .split("\n")
        .map((line) => line.split("\t"))
        .find(([first]) => first === `${place}/${name}`) ?? [];
    return { names: names.split(",").map((one) => one.replace(/^DNS:/, "")), good: good === "good" };
  },
});

// What the timer runs; then what it would only do for a new certificate, when another one is in use.
const obtain = `dehydrated --config "$1" --cron --accept-terms || exit
. "$1"
d=$BASEDIR/certs/$2
cat -- "$d/fullchain.pem" "$d/privkey.pem" | cmp -s - "$3" || exec ${hookPath} deploy_cert "$2" "$d/privkey.pem" "$d/cert.pem" "$d/fullchain.pem" "$d/chain.pem"`;

/**
 * A certificate that an authority has issued by ACME, at {@link path}; a timer renews it a month before it ends. The authority is shown that
 * the names lead here over HTTP on port 80: the site that answers there has to contain {@link challengeLocation}, and to be required by
 * this property. It is dehydrated that speaks with the authority. Its opposite ends the renewal and leaves the certificate where it is.
 * Throws `config.bad-argument`.
 */
export function acme(name: string, options: AcmeOptions): Revertable<DebianLike> {
  const also = [...new Set((options.also ?? []).map(certificateName))].filter((one) => one !== name);
  const names = [certificateName(name), ...also] as const;
  const { mail, reloads = ["nginx"] } = options;
  const authority = options.directory ?? "letsencrypt";
  if (!/^(letsencrypt|https:\/\/[A-Za-z0-9._:/-]+)$/.test(authority))
    throw fail("config.bad-argument", `"${authority}" is not the URL of an ACME directory`);
  if (mail !== undefined && !/^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$/.test(mail))
    throw fail("config.bad-argument", `"${mail}" is not a mail address`);
  for (const one of reloads)
    if (!/^[A-Za-z0-9@._-]+$/.test(one)) throw fail("config.bad-argument", `"${one}" is not the name of a unit`);
  const place =
    options.directory === undefined
      ? name
      : `${name}-${createHash("sha256").update(authority).digest("hex").slice(0, 8)}`;
  const conf = `${config}/${name}.conf`;
  const domains = `${config}/${name}.domains`;
  const serviceName = `slipway-acme-${name}`;
  const settings = content(
    conf,
    `CA="${authority}"
BASEDIR="${state}/${place}"
ACCOUNTDIR="${state}/accounts"
WELLKNOWN="${challenges}"
DOMAINS_TXT="${domains}"
HOOK="${hookPath}"
KEYSIZE="2048"
KEY_ALGO="secp384r1"
AUTO_CLEANUP="yes"
${mail === undefined ? "" : `CONTACT_EMAIL="${mail}"\n`}export SLIPWAY_RELOADS="${reloads.map(unitName).join(" ")}"
`,
  );
  const list = content(domains, `${names.join(" ")}\n`);
  const ready = all(`${name} can be certified`, [
    installed("dehydrated", "openssl"),
    certificateFolder,
    parts.folder,
    parts.hook.requires(parts.folder),
    parts.state,
    directory(challenges).requires(parts.state),
    directory(`${state}/${place}`, { mode: "0700" }).requires(parts.state),
    settings.requires(parts.folder),
    list.requires(parts.folder),
  ]);
  const service = unit(
    `${serviceName}.service`,
    `[Unit]
Description=Certificate of ${name}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/bin/dehydrated --config ${conf} --cron --accept-terms
`,
  );
  const timer = unit(
    `${serviceName}.timer`,
    `[Unit]
Description=Renewal of the certificate of ${name}

[Timer]
OnCalendar=daily
RandomizedDelaySec=12h
Persistent=true

[Install]
WantedBy=timers.target
`,
  );
  const made = telling(
    all(`${name} has a certificate by ACME`, [
      obtained(names, place, conf).requires(ready),
      running(`${serviceName}.timer`).requires(timer).requires(service).requires(ready),
    ]),
    {
      kind: "check",
      title: `certificate of ${name} is renewed`,
      check: { type: "unit", unit: `${serviceName}.service` },
    },
  );
  const gone = [timer.opposite, service.opposite, absent(conf), absent(domains)];
  return revertable(made, all(`the certificate of ${name} is not renewed`, gone));
}

function obtained(names: readonly [string, ...string[]], place: string, conf: string): Property<DebianLike> {
  const [name] = names;
  return property(`the certificate of ${names.join(", ")} is issued and in use`, {
    on: debianLike,
    about: `certificate:${name}`,
    detail: [names, place],
    observe: issued(name, place),
    plan: (seen) => {
      const same = seen.names.length === names.length && names.every((one) => seen.names.includes(one));
      return seen.good && same ? [] : [["bash", "-c", obtain, "acme", conf, name, path(name)]];
    },
    writes: [`certificate:${name}`, `file:${path(name)}`],
  });
}
