import {
  all,
  type DebianLike,
  debianLike,
  type Property,
  property,
  type Revertable,
  revertable,
  type Secret,
  secretText,
  type TakenPort,
  telling,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { packages } from "../facts/packages.ts";
import * as apt from "./apt.ts";
import { absent, content } from "./file.ts";
import { disabled, restarted, running } from "./systemd.ts";

export interface SatelliteOptions {
  /** Server that takes all mail: `smtp.example.org:587`; at port 465 TLS begins at once. */
  readonly relay: `${string}:${number}`;
  /** Login at the relay. */
  readonly user?: string;
  readonly password?: Secret;
  /**
   * `verified`, the default: the relay has to show a certificate of its name. `encrypted`: any certificate will do, as in a private network.
   * `none`: in the clear, and never with a password.
   */
  readonly tls?: "verified" | "encrypted" | "none";
  /** Sender of all mail, for relays that take no other. */
  readonly from?: string;
  /** Local names and where their mail goes. Default: none, so mail for root stays on the host. */
  readonly aliases?: Readonly<Record<string, string | readonly string[]>>;
}

const main = "/etc/postfix/main.cf";
const logins = "/etc/postfix/sasl_passwd";

// Without this the package would write a configuration of its own and start with it.
const installed: Property<DebianLike> = property("postfix is installed", {
  on: debianLike,
  about: "package:postfix",
  observe: packages("postfix"),
  plan: (seen) =>
    seen.has("postfix")
      ? []
      : [
          {
            run: ["debconf-set-selections"],
            input: "postfix postfix/main_mailer_type select No configuration\n",
          },
          ...apt.install(["postfix"]),
        ],
});

// Postfix tells of settings that it does not know, but takes them.
const tried = `set -e
d=$(mktemp -d -p /run)
trap 'rm -rf "$d"' EXIT
cp -R /etc/postfix/. "$d"
cp -- "$1" "$d/main.cf"
w=$(postconf -c "$d" -n 2>&1 >/dev/null)
[ -z "$w" ] || { printf '%s\\n' "$w" >&2; exit 1; }`;

const newAliases: Property<DebianLike> = property("postfix knows the aliases", {
  on: debianLike,
  observe: { read: ["true"], reads: [], parse: () => undefined },
  plan: () => [["newaliases"]],
  writes: ["file:/etc/aliases.db"],
  action: true,
});

/**
 * Mail that programs of the host send goes to a relay by postfix, which takes mail from the host alone. Its opposite stops postfix and takes the
 * password away.
 */
export function satellite(options: SatelliteOptions): Revertable<DebianLike, TakenPort<25, "tcp", "postfix">> {
  const { user, password, aliases = {} } = options;
  const text = settings(options);
  const configured = content(main, text, { validate: ["sh", "-c", tried, "sh", "{}"] })
    .requires(apt.installed("ca-certificates"))
    .requires(installed)
    .onChange(restarted("postfix"));
  const members: Property<DebianLike>[] = [
    configured,
    content("/etc/aliases", aliasText(aliases)).requires(configured).onChange(newAliases),
  ];
  if (user !== undefined && password !== undefined) {
    const login = content(logins, secretText`${server(options.relay)} ${user}:${password}\n`, { mode: "0600" });
    members.unshift(
      login.requires(apt.installed("libsasl2-modules")).requires(installed).onChange(restarted("postfix")),
    );
  }
  const present = running("postfix")
    .requires(all(`postfix hands mail to ${options.relay}`, members))
    .describe(`mail goes to ${options.relay}`);
  return revertable(
    telling(
      present,
      { kind: "port", port: 25, protocol: "tcp", owner: "postfix", from: "host" },
      { kind: "check", title: "postfix runs", check: { type: "unit", unit: "postfix.service" } },
    ),
    all("mail goes nowhere", [disabled("postfix").when(withPostfix), absent(logins)]),
  );
}

const withPostfix = {
  title: "postfix is installed",
  observe: packages("postfix"),
  holds: (seen: ReadonlyMap<string, string>) => seen.has("postfix"),
} as const;

const relayPattern = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?):(\d{1,5})$/;

/** In brackets, so that its MX records are not asked for. */
const server = (relay: string): string => relay.replace(relayPattern, "[$1]:$3");

const address = (text: string): boolean => /^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$/.test(text);

function settings({ relay, user, password, tls = "verified", from }: SatelliteOptions): string {
  if (!relayPattern.test(relay))
    throw fail("config.bad-argument", `"${relay}" is not a server for mail: smtp.example.org:587`);
  if ((user === undefined) !== (password === undefined))
    throw fail("config.bad-argument", `a login at ${relay} needs both a user and a password`);
  if (user !== undefined && !/^[^\s:]+$/.test(user))
    throw fail("config.bad-argument", `"${user}" is not a login at ${relay}`);
  if (password !== undefined && tls === "none")
    throw fail("config.bad-argument", `the password for ${relay} would travel in the clear`);
  if (from !== undefined && !address(from)) throw fail("config.bad-argument", `"${from}" is not a mail address`);
  const level = { verified: "secure", encrypted: "encrypt", none: "none" }[tls];
  return [
    "# Managed by Slipway.",
    "compatibility_level = 3.6",
    "biff = no",
    "append_dot_mydomain = no",
    "recipient_delimiter = +",
    "mailbox_size_limit = 0",
    "inet_interfaces = loopback-only",
    "mynetworks = 127.0.0.0/8 [::1]/128",
    "smtpd_relay_restrictions = permit_mynetworks, reject",
    "mydestination = $myhostname, localhost.$mydomain, localhost",
    "alias_maps = hash:/etc/aliases",
    "alias_database = hash:/etc/aliases",
    `relayhost = ${server(relay)}`,
    `smtp_tls_security_level = ${level}`,
    // A relay may be known to /etc/hosts alone.
    "smtp_host_lookup = dns, native",
    "smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt",
    ...(relay.endsWith(":465") ? ["smtp_tls_wrappermode = yes"] : []),
    ...(user === undefined
      ? []
      : [
          "smtp_sasl_auth_enable = yes",
          `smtp_sasl_password_maps = texthash:${logins}`,
          "smtp_sasl_security_options = noanonymous",
        ]),
    ...(from === undefined
      ? []
      : [`sender_canonical_maps = static:${from}`, "sender_canonical_classes = envelope_sender, header_sender"]),
    "",
  ].join("\n");
}

function aliasText(aliases: Readonly<Record<string, string | readonly string[]>>): string {
  const all = { postmaster: "root", ...aliases };
  const lines = Object.entries(all).map(([name, to]) => {
    const targets = typeof to === "string" ? [to] : to;
    const plain = targets.every((one) => address(one) || /^[a-z_][a-z0-9_-]*$/.test(one));
    if (!/^[a-z_][a-z0-9_-]*$/.test(name) || targets.length === 0 || !plain)
      throw fail("config.bad-argument", `mail for ${name} cannot go to ${JSON.stringify(to)}`);
    return `${name}: ${targets.join(", ")}\n`;
  });
  return `# Managed by Slipway.\n${lines.join("")}`;
}
