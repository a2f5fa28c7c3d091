import { fail } from "../errors.ts";

type YesNo = "yes" | "no";
/** Settings of sshd_config(5) that are commonly changed; durations are in seconds. */
export interface SshdSettings {
  /** Keep the port that you connect to among them until everybody knows the other. */
  readonly Port?: number | readonly number[];
  readonly PermitRootLogin?: "no" | "prohibit-password" | "forced-commands-only" | "yes";
  readonly PasswordAuthentication?: YesNo;
  readonly KbdInteractiveAuthentication?: YesNo;
  readonly PubkeyAuthentication?: YesNo;
  readonly PermitEmptyPasswords?: YesNo;
  readonly PermitUserEnvironment?: YesNo;
  readonly AllowUsers?: readonly string[];
  readonly AllowGroups?: readonly string[];
  readonly DenyUsers?: readonly string[];
  readonly DenyGroups?: readonly string[];
  readonly AllowAgentForwarding?: YesNo;
  readonly AllowTcpForwarding?: YesNo | "local" | "remote";
  readonly AllowStreamLocalForwarding?: YesNo | "local" | "remote";
  readonly GatewayPorts?: YesNo | "clientspecified";
  readonly PermitTunnel?: YesNo | "point-to-point" | "ethernet";
  readonly X11Forwarding?: YesNo;
  readonly ClientAliveInterval?: number;
  readonly ClientAliveCountMax?: number;
  readonly LoginGraceTime?: number;
  readonly MaxAuthTries?: number;
  readonly MaxSessions?: number;
  /** `start:rate:full`, such as `"10:30:100"`. */
  readonly MaxStartups?: `${number}:${number}:${number}`;
  readonly LogLevel?: "QUIET" | "FATAL" | "ERROR" | "INFO" | "VERBOSE" | "DEBUG";
  readonly UseDNS?: YesNo;
  readonly PrintMotd?: YesNo;
  readonly Compression?: YesNo;
  /** Path of a text that is shown before the login, or `none`. */
  readonly Banner?: string;
  /** Without a sign before it: the whole list, in the order of preference. */
  readonly Ciphers?: readonly string[];
  readonly MACs?: readonly string[];
  readonly KexAlgorithms?: readonly string[];
  readonly HostKeyAlgorithms?: readonly string[];
  readonly PubkeyAcceptedAlgorithms?: readonly string[];
  /** Paths of private keys. */
  readonly HostKey?: readonly string[];
}

/** One setting: the lines of the drop-in, and those that `sshd -T` says of it. */
export interface Setting {
  readonly keyword: string;
  readonly lines: readonly string[];
  readonly inForce: readonly string[];
}

const perLine = ["Port", "HostKey"];
const perWord = ["AllowUsers", "AllowGroups", "DenyUsers", "DenyGroups"];

/** Throws `config.bad-argument`. */
export function settingsOf(given: SshdSettings): readonly Setting[] {
  const found = Object.entries(given).flatMap(([keyword, value]: [string, unknown]): readonly Setting[] => {
    if (value === undefined) return [];
    const words = (Array.isArray(value) ? value : [value]).map((word) => checked(keyword, word));
    if (words.length === 0) throw fail("config.bad-argument", `${keyword} of sshd is empty`);
    const key = keyword.toLowerCase();
    const split = perLine.includes(keyword) || perWord.includes(keyword);
    const lines = perLine.includes(keyword)
      ? words.map((word) => `${keyword} ${word}`)
      : [`${keyword} ${words.join(perWord.includes(keyword) ? " " : ",")}`];
    const inForce = split ? words.map((word) => `${key} ${word}`) : [`${key} ${words.join(",")}`];
    return [{ keyword: key, lines, inForce }];
  });
  if (found.length === 0) throw fail("config.bad-argument", "ssh.settings without a setting");
  return found;
}

function checked(keyword: string, word: unknown): string {
  const text = String(word);
  const port = keyword === "Port" && !(Number.isInteger(word) && Number(word) > 0 && Number(word) < 65_536);
  if (port || !/^[A-Za-z][A-Za-z0-9]*$/.test(keyword) || !/^[A-Za-z0-9*?/][A-Za-z0-9._@:*?/-]*$/.test(text))
    throw fail("config.bad-argument", `${keyword} ${JSON.stringify(word)} is no setting of sshd`);
  return text;
}

/** What `sshd -T` says of a keyword, in order. */
export function saidOf(keyword: string, stdout: string): readonly string[] {
  return stdout
    .replaceAll("prohibit-password", "without-password")
    .split("\n")
    .filter((line) => line.startsWith(`${keyword} `))
    .map((line) => line.trimEnd());
}
