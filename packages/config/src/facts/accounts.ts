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

/** Members of every group, by group. */
export const groups: Reading<ReadonlyMap<string, readonly string[]>> = {
  read: ["getent", "group"],
  reads: ["group:*"],
  parse: (stdout) =>
    new Map(
      stdout
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => {
          const [name = "", , , members = ""] = line.split(":");
          return [name, members.split(",").filter((one) => one !== "")] as const;
        }),
    ),
};
