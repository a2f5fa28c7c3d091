import {
  all,
  type Command,
  type DebianLike,
  debianLike,
  type Property,
  property,
  type Revertable,
  revertable,
  type Secret,
  SecretText,
  secretText,
  telling,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { calendar, timer } from "../text/units.ts";
import * as apt from "./apt.ts";
import { absent, content, directory } from "./file.ts";
import { running, unit } from "./systemd.ts";
import { execLine } from "./systemd-timer.ts";

export interface BackupOptions {
  /** Names the job among those of the host. Default `backup`. */
  readonly name?: string;
  /** As restic takes it: a folder, `s3:https://…`, `sftp:user@host:/path`, `rest:https://…`. One with a password in it is a {@link SecretText}. */
  readonly repository: string | SecretText;
  /** Opens the repository. Whoever loses it loses the backups. */
  readonly password: Secret;
  /** What the repository's store wants, such as AWS_ACCESS_KEY_ID. A value has no `'` and no line break. */
  readonly env?: Readonly<Record<string, Secret | string>>;
  /** Absolute paths that are backed up. */
  readonly paths: readonly string[];
  /** Patterns of restic that are left out. */
  readonly exclude?: readonly string[];
  /** When, as systemd's OnCalendar has it. Default 03:00, up to half an hour later. */
  readonly at?: string;
  /** How many stay. Default 7 daily, 4 weekly, 12 monthly. */
  readonly keep?: {
    readonly daily?: number;
    readonly weekly?: number;
    readonly monthly?: number;
    readonly yearly?: number;
  };
  /** When the repository is checked and a twentieth of its data read. Default `Sun 05:00`; false: never. */
  readonly check?: string | false;
  /** Run as root before, such as a dump of a database into one of the paths. A failure ends the backup. */
  readonly before?: readonly Command[];
  /** Run as root afterwards, also after a failure. */
  readonly after?: readonly Command[];
}

const folder = "/etc/slipway/restic";
const cache = "/var/cache/slipway-restic";

/**
 * Files are backed up by restic every day, old backups forgotten, the repository checked. When the job is set up the repository is made if there is none, and has to
 * answer; later a repository that is gone, such as a disk that is not mounted, is a failure. Its opposite removes the job and its password from the host; the backups stay.
 */
export function backs(options: BackupOptions): Revertable<DebianLike> {
  const { name = "backup", check = "Sun 05:00" } = options;
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw fail("config.bad-argument", `"${name}" is not the name of a backup`);
  if (options.paths.length === 0) throw fail("config.bad-argument", `the backup ${name} has no paths`);
  for (const path of options.paths)
    if (!path.startsWith("/")) throw fail("config.bad-argument", `${JSON.stringify(path)} is not an absolute path`);
  const env = `${folder}/${name}.env`;
  const password = `${folder}/${name}.password`;
  const job = `slipway-restic-${name}`;
  const units: (readonly [string, string])[] = [
    [`${job}.service`, backupService(name, env, options)],
    [`${job}.timer`, timer(`Back up ${name}`, options.at ?? "03:00", "30min")],
    ...(check === false
      ? []
      : ([
          [`${job}-check.service`, checkService(name, env, options.repository)],
          [`${job}-check.timer`, timer(`Check the backups of ${name}`, calendar(check), "30min")],
        ] as const)),
  ];
  const there = directory(folder, { mode: "0700" }).requires(directory("/etc/slipway"));
  const settings = all(`restic knows the repository of ${name}`, [
    content(password, options.password),
    content(env, environment(password, options), { mode: "0600" }),
  ]);
  const answers = repositoryAnswers(name, env);
  const written = units.map(([file, text]) => unit(file, text));
  const timers = units.filter(([file]) => file.endsWith(".timer")).map(([file]) => running(file));
  const present: Property<DebianLike> = all(`timers back up ${name}`, timers)
    .requires(all(`units back up ${name}`, written))
    .requires(settings.onChange(answers).requires(there).requires(apt.installed("restic", "ca-certificates")))
    .describe(`${name} is backed up`);
  return revertable(
    telling(present, { kind: "check", title: `${name} is backed up`, check: { type: "unit", unit: `${job}.service` } }),
    all(`${name} is not backed up`, [...written.map((one) => one.opposite).reverse(), absent(env), absent(password)]),
  );
}

function environment(password: string, { repository, env = {} }: BackupOptions): SecretText {
  const parts: (string | Secret)[] = [];
  const add = (name: string, value: SecretText): void => void parts.push(`${name}='`, ...value.parts, "'\n");
  if (typeof repository === "string" && (/['\u0000-\u001f]/.test(repository) || repository === ""))
    throw fail("config.bad-argument", `${JSON.stringify(repository)} is not a repository of restic`);
  if (typeof repository === "string" && /:\/\/[^/@]*:[^/@]*@/.test(repository))
    throw fail("config.bad-argument", "the repository's address has a password in it", {
      hint: "Write it as a secretText with the secret in the password's place.",
    });
  if (typeof repository === "string" && repository.startsWith("/") && !/^(\/[A-Za-z0-9._@+-]+)+$/.test(repository))
    throw fail("config.bad-argument", `${JSON.stringify(repository)} is not a plain absolute path`);
  add("RESTIC_REPOSITORY", typeof repository === "string" ? secretText`${repository}` : repository);
  add("RESTIC_PASSWORD_FILE", secretText`${password}`);
  add("RESTIC_CACHE_DIR", secretText`${cache}`);
  for (const [name, value] of Object.entries(env)) {
    if (!/^[A-Z_][A-Z0-9_]*$/.test(name) || /['\u0000-\u001f]/.test(String(value)))
      throw fail("config.bad-argument", `${name} cannot be set in the environment of restic`);
    add(name, secretText`${value}`);
  }
  return new SecretText(parts);
}

/** An action: the repository is there and the password opens it. */
function repositoryAnswers(name: string, env: string): Property<DebianLike> {
  const ask = `set -a
. "$1"
set +a
restic -q cat config >/dev/null 2>&1 || restic -q init`;
  return property(`the repository of ${name} answers`, {
    on: debianLike,
    observe: { read: ["true"], reads: [], parse: () => undefined },
    detail: env,
    plan: () => [["sh", "-c", ask, "sh", env]],
    writes: [],
    action: true,
  });
}

const restic = (name: string, ...words: readonly string[]): string =>
  `ExecStart=${execLine(["/usr/bin/flock", `${cache}/${name}.lock`, "/usr/bin/restic", "-q", ...words])}\n`;

// It reads everything and writes nothing but its cache and a repository on the host.
const confined = (env: string, repository: string | SecretText): string => {
  const local = typeof repository === "string" && repository.startsWith("/") ? `ReadWritePaths=${repository}\n` : "";
  return `Type=oneshot
EnvironmentFile=${env}
Nice=10
IOSchedulingClass=idle
CacheDirectory=slipway-restic
CacheDirectoryMode=0700
Environment=TMPDIR=${cache}
${local}ProtectSystem=strict
ProtectHome=read-only
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_DAC_READ_SEARCH
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
`;
};

function backupService(name: string, env: string, options: BackupOptions): string {
  const { keep = { daily: 7, weekly: 4, monthly: 12 }, exclude = [], before = [], after = [] } = options;
  const kept = Object.entries(keep).flatMap(([span, count]) => {
    if (!Number.isInteger(count) || count < 1)
      throw fail("config.bad-argument", `the backup ${name} cannot keep ${count} ${span} ones`);
    return [`--keep-${span}`, String(count)];
  });
  if (kept.length === 0) throw fail("config.bad-argument", `the backup ${name} keeps nothing`);
  return `[Unit]
Description=Back up ${name}
Wants=network-online.target
After=network-online.target
[Service]
${confined(env, options.repository)}ExecStartPre=/usr/bin/restic -q unlock
${before.map((command) => `ExecStartPre=+${execLine(command)}\n`).join("")}${restic(name, "backup", "--tag", name, ...exclude.flatMap((one) => ["--exclude", one]), "--", ...options.paths)}${restic(name, "forget", "--tag", name, "--group-by", "host,tags", ...kept, "--prune")}${after.map((command) => `ExecStopPost=+${execLine(command)}\n`).join("")}`;
}

const checkService = (name: string, env: string, repository: string | SecretText): string => `[Unit]
Description=Check the backups of ${name}
Wants=network-online.target
After=network-online.target
[Service]
${confined(env, repository)}${restic(name, "check", "--read-data-subset=5%")}`;
