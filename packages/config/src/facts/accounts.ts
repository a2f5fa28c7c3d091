import type { Reading } from "@slipway/model";

export interface AccountSeen {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** A user as the name service knows it; undefined when there is none. */
export const account = (name: string): Reading<AccountSeen | undefined> => ({
  read: ["getent", "passwd"],
  of: [name],
  reads: [`user:${name}`],
  parse: (stdout) => {
    const line = stdout.split("\n").find((one) => one.startsWith(`${name}:`));
    if (line === undefined) return undefined;
    const [, , uid, gid, , home = "", shell = ""] = line.split(":");
    return { uid: Number(uid), gid: Number(gid), home, shell };
  },
});

const everyGroup = { read: ["getent", "group"], reads: ["group:*"] } as const;

const groupLines = (stdout: string): readonly (readonly string[])[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(":"));

const membersIn = (field = ""): readonly string[] => field.split(",").filter((one) => one !== "");

/** Members of every group, by group. */
export const groups: Reading<ReadonlyMap<string, readonly string[]>> = {
  ...everyGroup,
  parse: (stdout) => new Map(groupLines(stdout).map(([name = "", , , members]) => [name, membersIn(members)] as const)),
};

export interface GroupSeen {
  readonly gid: number;
  readonly members: readonly string[];
}

/** One group; undefined when there is none. */
export const groupNamed = (name: string): Reading<GroupSeen | undefined> => ({
  ...everyGroup,
  parse: (stdout) => {
    const [, , gid, members] = groupLines(stdout).find(([first]) => first === name) ?? [];
    return gid === undefined ? undefined : { gid: Number(gid), members: membersIn(members) };
  },
});

export interface PasswordSeen {
  /** `none`: nobody can log in with a password, and there is no hash to bring back. `locked`: there is one. `empty`: anybody can. */
  readonly state: "set" | "locked" | "none" | "empty";
  /** SHA-256 of the hash, made on the host: the hash itself is not read. */
  readonly sha256: string;
}

const passwordScript = `for u do
l=$(getent shadow "$u") || continue
f=\${l#*:}
f=\${f%%:*}
case $f in
'') s=empty ;;
'!'|'!!'|'*'|'!*') s=none ;;
'!'*) s=locked ;;
*) s=set ;;
esac
printf '%s\\t%s\\t%s\\n' "$u" "$s" "$(printf %s "\${f#!}" | sha256sum | cut -c 1-64)"
done`;

/** What is known of a user's password; undefined when there is no such user. */
export const password = (name: string): Reading<PasswordSeen | undefined> => ({
  read: ["sh", "-c", passwordScript, "passwords"],
  of: [name],
  reads: [`user:${name}`],
  parse: (stdout) => {
    for (const line of stdout.split("\n")) {
      const [user, state, sha256] = line.split("\t");
      if (user === name && sha256 !== undefined) return { state: state as PasswordSeen["state"], sha256 };
    }
    return undefined;
  },
});
