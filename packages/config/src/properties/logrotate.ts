import { type Command, commandLine, type DebianLike, type Revertable, revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import { installed } from "./apt.ts";
import { absent, content } from "./file.ts";

export interface RuleOptions {
  /** Absolute paths of logs; `*` stands for anything. */
  readonly logs: string | readonly string[];
  /** How often a log is put aside. Default weekly. */
  readonly every?: "day" | "week" | "month";
  /** How many old ones are kept. Default 12. */
  readonly keep?: number;
  /** Put aside before its time when it is larger, looked at once a day. */
  readonly atMost?: `${number}${"k" | "M" | "G"}`;
  /** Default true, from the second oldest on. */
  readonly compress?: boolean;
  /** A new log is made at once with this mode, owner and group. */
  readonly create?: { readonly mode: string; readonly owner: string; readonly group: string };
  /** The log is copied, then emptied, for programs that cannot open it anew; what is written meanwhile is lost. */
  readonly emptied?: boolean;
  /** In whose name it is done, needed where others than root may write into the folder. */
  readonly as?: { readonly user: string; readonly group: string };
  /** Run once after logs were put aside, such as a reload. */
  readonly afterwards?: Command;
}

const frequencies = { day: "daily", week: "weekly", month: "monthly" } as const;
const plainName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

function ruleText(name: string, how: RuleOptions): string {
  const refuse = (what: string) => fail("config.bad-argument", `the rule ${name} for logs has ${what}`);
  const logs = typeof how.logs === "string" ? [how.logs] : how.logs;
  const bad = logs.find((log) => !/^\/[^\u0000-\u001f"{}\\]*$/.test(log));
  if (logs.length === 0 || bad !== undefined) throw refuse(`no absolute path of a log: ${JSON.stringify(bad ?? "")}`);
  const { every = "week", keep = 12, compress = true, create, as, afterwards } = how;
  if (!Number.isInteger(keep) || keep < 0) throw refuse(`no number of logs to keep: ${keep}`);
  if (how.atMost !== undefined && !/^[1-9]\d*[kMG]$/.test(how.atMost)) throw refuse(`no size: ${how.atMost}`);
  if (create !== undefined && how.emptied === true) throw refuse("a log that is both emptied and made anew");
  const names = [create?.owner, create?.group, as?.user, as?.group].filter((one) => one !== undefined);
  if (names.some((one) => !plainName.test(one))) throw refuse("no name of a user or group");
  if (create !== undefined && !/^0?[0-7]{3}$/.test(create.mode)) throw refuse(`no octal mode: ${create.mode}`);
  const script = afterwards === undefined ? undefined : commandLine(afterwards);
  if (script !== undefined && /[\n\r]/.test(script)) throw refuse("a command that is not one line");
  const lines = [
    frequencies[every],
    `rotate ${keep}`,
    "missingok",
    "notifempty",
    ...(how.atMost === undefined ? [] : [`maxsize ${how.atMost}`]),
    ...(compress ? ["compress", "delaycompress"] : ["nocompress"]),
    ...(how.emptied === true ? ["copytruncate"] : []),
    ...(create === undefined ? [] : [`create ${create.mode} ${create.owner} ${create.group}`]),
    ...(as === undefined ? [] : [`su ${as.user} ${as.group}`]),
    ...(script === undefined ? [] : ["sharedscripts", "postrotate", `  ${script}`, "endscript"]),
  ];
  return `${logs.map((log) => `"${log}"`).join(" ")} {\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
}

// With what /etc/logrotate.conf says for all rules, but without the other rules. On Ubuntu it names whom logrotate becomes, and /var/log belongs
// to a group that may write there: logrotate refuses to do anything in such a folder as root.
const tried = `set -e
d=$(mktemp -d -p /run)
trap 'rm -rf "$d"' EXIT
sed '/^[[:space:]]*include[[:space:]]/d' /etc/logrotate.conf >"$d/rule"
echo >>"$d/rule"
cat -- "$1" >>"$d/rule"
logrotate --debug "$d/rule"`;

/**
 * Logs are put aside in time and old ones go; tried by logrotate before it is installed. A log that is missing or empty is passed over. Its
 * opposite leaves the logs. Throws `config.bad-argument`.
 */
export function rule(name: string, how: RuleOptions): Revertable<DebianLike> {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name))
    throw fail("config.bad-argument", `"${name}" is not a name for a rule: letters, digits, - and _`);
  const path = `/etc/logrotate.d/${name}`;
  const file = content(path, ruleText(name, how), { validate: ["sh", "-c", tried, "sh", "{}"] });
  return revertable(file.requires(installed("logrotate")).describe(`logs of ${name} are rotated`), absent(path));
}
