import {
  type Command,
  type DebianLike,
  debianLike,
  property,
  type Revertable,
  type Secret,
  secretText,
  together,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { account as accountFact, groups as groupsFact, password as passwordFact } from "../facts/accounts.ts";
import { checkedUser } from "../text/names.ts";

export { acceptsUsersOf, authorizedKeys, type Key, type KeyOptions, type KeysOptions, keyPair } from "./user-keys.ts";

export interface AccountOptions {
  /** Supplementary groups; they must exist. Others that the user is in are left, unless `exactly`. */
  readonly groups?: readonly string[];
  /** The user is in no other groups than `groups` and its own. Default false. */
  readonly exactly?: boolean;
  /** Default for a new user: `/bin/bash`, for a system account `/usr/sbin/nologin`. One that exists keeps its own. */
  readonly shell?: string;
  /** Default `/home/<name>`. */
  readonly home?: string;
  /** An account of a service: a low number, no expiry, no password. */
  readonly system?: boolean;
}

const checkedShell = (shell: string): string => {
  if (!/^\/[A-Za-z0-9/._-]+$/.test(shell)) throw fail("config.bad-argument", `"${shell}" is not the path of a shell`);
  return shell;
};

/** A user with this home, in these groups, without a password. Its opposite removes the user and leaves the home folder. */
export function account(name: string, options: AccountOptions = {}): Revertable<DebianLike> {
  checkedUser(name);
  const wanted = options.groups ?? [];
  for (const group of wanted) checkedUser(group, "group");
  const exactly = options.exactly ?? false;
  const shell = checkedShell(options.shell ?? (options.system === true ? "/usr/sbin/nologin" : "/bin/bash"));
  const home = options.home ?? `/home/${name}`;
  return property(`user ${name} exists`, {
    on: debianLike,
    about: `user:${name}`,
    detail: [wanted, exactly, options.shell ?? null, home, options.system ?? false],
    observe: together({ user: accountFact(name), groups: groupsFact }),
    plan: ({ user, groups }) => {
      if (user === undefined) {
        return [
          [
            "useradd",
            ...(options.system === true ? ["--system"] : []),
            // A group of this name that is there already becomes its own.
            ...(groups.has(name) ? ["--gid", name] : ["--user-group"]),
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
      const isIn = [...groups]
        .filter(([group, members]) => group !== name && members.includes(name))
        .map(([one]) => one);
      const missing = wanted.filter((group) => !isIn.includes(group));
      const extra = isIn.filter((group) => !wanted.includes(group));
      if (options.shell !== undefined && user.shell !== shell) commands.push(["usermod", "--shell", shell, "--", name]);
      if (user.home !== home) commands.push(["usermod", "--home", home, "--", name]);
      if (exactly && (missing.length > 0 || extra.length > 0))
        commands.push(["usermod", "--groups", wanted.join(","), "--", name]);
      else if (missing.length > 0) commands.push(["usermod", "--append", "--groups", missing.join(","), "--", name]);
      return commands;
    },
    writes: [`user:${name}`, "group:*", `file:${home}*`],
    revert: {
      title: `user ${name} does not exist`,
      plan: ({ user }) => (user === undefined ? [] : [["userdel", "--", name]]),
    },
  });
}

/** A user who exists logs in with this shell. Its opposite gives back `/bin/sh`. */
export function shell(name: string, path: string): Revertable<DebianLike> {
  checkedUser(name);
  checkedShell(path);
  return property(`the shell of ${name} is ${path}`, {
    on: debianLike,
    about: `user:${name} shell`,
    detail: path,
    observe: accountFact(name),
    plan: (seen) => (seen?.shell === path ? [] : [["usermod", "--shell", path, "--", name]]),
    writes: [`user:${name}`],
    revert: {
      title: `the shell of ${name} is not ${path}`,
      plan: (seen) => (seen?.shell === path ? [["usermod", "--shell", "/bin/sh", "--", name]] : []),
    },
  });
}

/**
 * Nobody logs in with the user's password; keys still work. Its opposite unlocks it: then the password of before counts again, where
 * there was one.
 */
export function locked(name: string): Revertable<DebianLike> {
  checkedUser(name);
  return property(`the password of ${name} is locked`, {
    on: debianLike,
    about: `user:${name} password`,
    detail: "locked",
    observe: passwordFact(name),
    plan: (seen) => (seen?.state === "locked" || seen?.state === "none" ? [] : [["usermod", "--lock", "--", name]]),
    writes: [`user:${name}`],
    revert: {
      title: `the password of ${name} is not locked`,
      plan: (seen) => (seen?.state === "locked" ? [["usermod", "--unlock", "--", name]] : []),
    },
  });
}

// chpasswd -e would store anything, a plaintext password too. The hash comes and goes by pipes and builtins alone.
const changed = `IFS= read -r l
if IFS= read -r more || [ -n "$more" ]; then echo "the secret is more than one line: store the hash without a line break" >&2; exit 1; fi
case \${l#*:} in
*:*) ;;
'$y$'?*|'$6$'?*|'$5$'?*|'$gy$'?*|'$7$'?*|'$2b$'?*) printf '%s\\n' "$l" | chpasswd -e; exit ;;
esac
echo "the secret is no hash of crypt(5), such as mkpasswd --method=yescrypt prints" >&2
exit 1`;

/**
 * The user has the password that this hash of crypt(5) belongs to: the secret holds what `mkpasswd` prints (`$y$…` or `$6$…`), never the
 * password. It is set through an input and compared by its digest, so it shows nowhere. Its opposite leaves no password.
 */
export function password(name: string, hash: Secret): Revertable<DebianLike> {
  checkedUser(name);
  return property(`${name} has its password`, {
    on: debianLike,
    about: `user:${name} password`,
    detail: hash.name,
    observe: passwordFact(name),
    plan: (seen, known) =>
      seen?.state === "set" && seen.sha256 === known.digest(hash)
        ? []
        : [{ run: ["sh", "-c", changed, "password"], input: secretText`${name}:${hash}\n` }],
    diff: (seen) => (seen?.state === "set" ? "~ [secret]" : "+ [secret]"),
    writes: [`user:${name}`],
    secrets: [hash],
    revert: {
      title: `${name} has no password`,
      plan: (seen) =>
        seen?.state === "set" || seen?.state === "locked" ? [["usermod", "--password", "!", "--", name]] : [],
    },
  });
}
