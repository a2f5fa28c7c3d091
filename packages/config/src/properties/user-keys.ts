import {
  type Command,
  type DebianLike,
  debianLike,
  derived,
  guarded,
  type Os,
  type Revertable,
  revertable,
  type Secret,
  telling,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { checkedUser } from "../text/names.ts";
import { absent, content, directory } from "./file.ts";

/** What a key may do; see sshd(8), AUTHORIZED_KEYS. */
export interface KeyOptions {
  /** No forwarding, no terminal, no rc file. */
  readonly restrict?: boolean;
  /** Only this runs, whatever the client asks for. */
  readonly command?: string;
  /** Addresses, networks or names that it may be used from. */
  readonly from?: readonly string[];
}

/** A public key as in a `.pub` file, with or without options of its own. */
export type Key = string | (KeyOptions & { readonly key: string });

export interface KeysOptions {
  /** Default `/root` for root, else `/home/<name>`. */
  readonly home?: string;
  /** Of each key that has none of its own: as typed, or as text such as `restrict`. */
  readonly options?: string | KeyOptions;
  /** Root owns the file, so that the user cannot add keys. Default false. */
  readonly ownedByRoot?: boolean;
  /** Root may be left without a key. Default false: that would be the end of most hosts. */
  readonly evenNone?: boolean;
}

/** Throws `config.bad-argument`. Gives the key without blanks around it. */
export function checkedKey(key: string): string {
  if (!/^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?$/.test(key.trim())) {
    throw fail("config.bad-argument", `not a public SSH key: ${key.slice(0, 40)}`);
  }
  return key.trim();
}

const matches = `k=$(ssh-keygen -y -P '' -f "$1") || exit
[ "$(printf %s "$k" | cut -d ' ' -f 1,2)" = "$2" ] || { echo "the private key does not belong to the public one" >&2; exit 1; }`;

/** Validates a file with a private key: it has no passphrase and belongs to this public key. */
export const matchingKey = (publicKey: string): Command => [
  "sh",
  "-c",
  matches,
  "key",
  "{}",
  publicKey.split(" ").slice(0, 2).join(" "),
];

function optionsText(options: string | KeyOptions): string {
  const quoted = (text: string): string => {
    if (/[\n\r\0]/.test(text)) throw fail("config.bad-argument", "an option of an SSH key is one line");
    return `"${text.replaceAll('"', '\\"')}"`;
  };
  if (typeof options === "string") {
    if (/[\n\r\0]/.test(options)) throw fail("config.bad-argument", "the options of an SSH key are one line");
    return options;
  }
  return [
    ...(options.restrict === true ? ["restrict"] : []),
    ...(options.command === undefined ? [] : [`command=${quoted(options.command)}`]),
    ...(options.from === undefined ? [] : [`from=${quoted(options.from.join(","))}`]),
  ].join(",");
}

function lineOf(key: Key, fallback: string | KeyOptions): string {
  if (typeof key === "string") return `${`${optionsText(fallback)} `.trimStart()}${checkedKey(key)}\n`;
  return `${`${optionsText(key)} `.trimStart()}${checkedKey(key.key)}\n`;
}

const homeOf = (name: string, home: string | undefined): string =>
  home ?? (name === "root" ? "/root" : `/home/${name}`);

/**
 * Exactly these SSH keys may log in as the user. Throws `config.bad-argument` for root without a key, unless `evenNone`: a host that
 * nobody can log in to is lost.
 */
export function authorizedKeys(name: string, keys: readonly Key[], options: KeysOptions = {}): Revertable<Os> {
  checkedUser(name);
  if (name === "root" && keys.length === 0 && options.evenNone !== true) {
    throw fail("config.bad-argument", "root would have no SSH key left: say evenNone where it logs in otherwise");
  }
  const home = homeOf(name, options.home);
  const owner = options.ownedByRoot === true ? "root" : name;
  const path = `${home}/.ssh/authorized_keys`;
  const lines = [...new Set(keys.map((key) => lineOf(key, options.options ?? "")))];
  const folder = directory(`${home}/.ssh`, { mode: options.ownedByRoot === true ? "0755" : "0700", owner });
  const file = content(path, lines.join(""), { mode: options.ownedByRoot === true ? "0644" : "0600", owner });
  const guard = { title: `the keys of ${name}`, files: [path], settle: [] };
  return revertable(
    guarded(file, guard).requires(folder).describe(`${name} may log in with ${keys.length} keys`),
    guarded(absent(path), guard),
  );
}

/**
 * The user logs in elsewhere with this key pair: `~/.ssh/id_<type>`, the private key from the vault. It tells the public key, so that
 * other hosts may accept it; see {@link acceptsUsersOf}.
 */
export function keyPair(
  name: string,
  publicKey: string,
  privateKey: Secret,
  options: { home?: string } = {},
): Revertable<Os> {
  checkedUser(name);
  const key = checkedKey(publicKey);
  const type = /^(?:ssh-|sk-)?(ed25519|rsa|ecdsa)/.exec(key)?.[1];
  if (type === undefined) throw fail("config.bad-argument", `no type of key that ssh looks for: ${key.slice(0, 20)}`);
  const folder = `${homeOf(name, options.home)}/.ssh`;
  const path = `${folder}/id_${type}`;
  const own = { owner: name } as const;
  const secret = content(path, privateKey, { ...own, validate: matchingKey(key) });
  const open = content(`${path}.pub`, `${key}\n`, own);
  const pair = open.requires(secret).requires(directory(folder, { ...own, mode: "0700" }));
  return revertable(
    telling(pair, { kind: "user", user: name, keys: [key] }).describe(`${name} logs in elsewhere with its key`),
    absent(path)
      .requires(absent(`${path}.pub`))
      .describe(`${name} has no key`),
  );
}

export interface AcceptOptions extends KeysOptions {
  /** Only users of these hosts. Default: of all others. */
  readonly hosts?: readonly string[];
  /** Other keys that may log in too. */
  readonly also?: readonly Key[];
}

/**
 * Whoever is user `there` on other hosts of the platform, as {@link keyPair} tells, may log in here as `name`: how the backup user of
 * one host reaches the store on another.
 */
export function acceptsUsersOf(there: string, name: string, options: AcceptOptions = {}): Revertable<DebianLike> {
  checkedUser(there);
  checkedUser(name);
  const { hosts, also = [], ...rest } = options;
  const made = derived(`${there} of other hosts may log in as ${name}`, debianLike, ({ self, hosts: all }) => {
    const keys = all
      .filter((host) => host.name !== self.name && (hosts?.includes(host.name) ?? true))
      .flatMap((host) => host.info)
      .flatMap((info) => (info.kind === "user" && info.user === there ? info.keys : []));
    return authorizedKeys(name, [...also, ...[...new Set(keys)].sort()], rest);
  });
  return revertable(made, authorizedKeys(name, also, { ...rest, evenNone: true }).opposite);
}
