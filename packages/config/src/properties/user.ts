import {
  type Command,
  type DebianLike,
  debianLike,
  type Os,
  property,
  type Revertable,
  revertable,
  together,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { account as accountFact, groups as groupsFact } from "../facts/accounts.ts";
import { installed } from "./apt.ts";
import { absent, content, directory } from "./file.ts";

export interface AccountOptions {
  /** Supplementary groups; they must exist. Others that the user is in are left. */
  readonly groups?: readonly string[];
  /** Default `/bin/bash`, for a system account `/usr/sbin/nologin`. */
  readonly shell?: string;
  /** Default `/home/<name>`. */
  readonly home?: string;
  /** An account of a service: a low number, no expiry, no password. */
  readonly system?: boolean;
}

const checkedName = (name: string): string => {
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(name)) throw fail("config.bad-argument", `"${name}" is not the name of a user`);
  return name;
};

/** A user with this shell and home, in these groups, without a password. Its opposite removes the user and leaves the home folder. */
export function account(name: string, options: AccountOptions = {}): Revertable<DebianLike> {
  checkedName(name);
  const wanted = options.groups ?? [];
  const shell = options.shell ?? (options.system === true ? "/usr/sbin/nologin" : "/bin/bash");
  const home = options.home ?? `/home/${name}`;
  return property(`user ${name} exists`, {
    on: debianLike,
    about: `user:${name}`,
    detail: [wanted, shell, home, options.system ?? false],
    observe: together({ user: accountFact(name), groups: groupsFact }),
    plan: ({ user, groups }) => {
      if (user === undefined) {
        return [
          [
            "useradd",
            ...(options.system === true ? ["--system"] : []),
            "--user-group",
            "--create-home",
            "--home-dir",
            home,
            "--shell",
            shell,
            ...(wanted.length > 0 ? ["--groups", wanted.join(",")] : []),
            "--",
            name,
          ],
        ];
      }
      const commands: Command[] = [];
      const missing = wanted.filter((group) => !(groups.get(group) ?? []).includes(name));
      if (user.shell !== shell) commands.push(["usermod", "--shell", shell, "--", name]);
      if (user.home !== home) commands.push(["usermod", "--home", home, "--", name]);
      if (missing.length > 0) commands.push(["usermod", "--append", "--groups", missing.join(","), "--", name]);
      return commands;
    },
    writes: [`user:${name}`, "group:*", `file:${home}*`],
    revert: {
      title: `user ${name} does not exist`,
      plan: ({ user }) => (user === undefined ? [] : [["userdel", "--", name]]),
    },
  });
}

export interface KeysOptions {
  /** Default `/root` for root, else `/home/<name>`. */
  readonly home?: string;
  /** Written before each key, e.g. `restrict`. */
  readonly options?: string;
  /** Root owns the file, so that the user cannot add keys. Default false. */
  readonly ownedByRoot?: boolean;
}

/** Exactly these SSH keys may log in as the user. */
export function authorizedKeys(name: string, keys: readonly string[], options: KeysOptions = {}): Revertable<Os> {
  checkedName(name);
  const home = options.home ?? (name === "root" ? "/root" : `/home/${name}`);
  const owner = options.ownedByRoot === true ? "root" : name;
  for (const key of keys) {
    if (!/^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?$/.test(key.trim())) {
      throw fail("config.bad-argument", `not a public SSH key: ${key.slice(0, 40)}`);
    }
  }
  const lines = keys.map((key) => `${options.options === undefined ? "" : `${options.options} `}${key.trim()}\n`);
  const folder = directory(`${home}/.ssh`, { mode: options.ownedByRoot === true ? "0755" : "0700", owner });
  const file = content(`${home}/.ssh/authorized_keys`, lines.join(""), {
    mode: options.ownedByRoot === true ? "0644" : "0600",
    owner,
  });
  return revertable(
    file.requires(folder).describe(`${name} may log in with ${keys.length} keys`),
    absent(`${home}/.ssh/authorized_keys`),
  );
}

/** The user may run everything as root without a password. The rule is checked before it is installed. */
export function sudo(name: string): Revertable<DebianLike> {
  checkedName(name);
  const path = `/etc/sudoers.d/slipway-${name}`;
  const rule = content(path, `${name} ALL=(ALL:ALL) NOPASSWD: ALL\n`, {
    mode: "0440",
    validate: ["visudo", "-cqf", "{}"],
  });
  return revertable(rule.requires(installed("sudo")).describe(`${name} may use sudo`), absent(path));
}
