import { type DebianLike, debianLike, property, type Revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import { groupNamed } from "../facts/accounts.ts";
import { checkedUser } from "../text/names.ts";

const checkedGroup = (name: string): string => checkedUser(name, "group");

export interface GroupOptions {
  /** Default: whatever is free. */
  readonly gid?: number;
  /** A group of a service: a low number. */
  readonly system?: boolean;
}

/** There is a group of this name. Its opposite removes it; the system refuses while it is some user's own. */
export function exists(name: string, options: GroupOptions = {}): Revertable<DebianLike> {
  checkedGroup(name);
  const { gid, system = false } = options;
  if (gid !== undefined && !(Number.isInteger(gid) && gid > 0 && gid < 65_534))
    throw fail("config.bad-argument", `${gid} is not the number of a group`);
  const number = gid === undefined ? [] : ["--gid", String(gid)];
  return property(`group ${name} exists`, {
    on: debianLike,
    about: `group:${name}`,
    detail: [gid ?? null, system],
    observe: groupNamed(name),
    plan: (seen) => {
      if (seen === undefined) return [["groupadd", ...(system ? ["--system"] : []), ...number, "--", name]];
      return gid === undefined || seen.gid === gid ? [] : [["groupmod", ...number, "--", name]];
    },
    writes: [`group:${name}`],
    revert: {
      title: `group ${name} does not exist`,
      plan: (seen) => (seen === undefined ? [] : [["groupdel", "--", name]]),
    },
  });
}

/**
 * These users, who must exist, are in a group that exists; with `exactly` nobody else is. Its opposite takes them out of it. Users whose
 * own group it is are in it anyway and are not counted.
 */
export function members(
  name: string,
  users: readonly string[],
  options: { readonly exactly?: boolean } = {},
): Revertable<DebianLike> {
  checkedGroup(name);
  for (const user of users) checkedUser(user);
  const wanted = [...new Set(users)].sort();
  const exactly = options.exactly ?? false;
  return property(`${wanted.join(", ") || "nobody"} ${wanted.length > 1 ? "are" : "is"} in group ${name}`, {
    on: debianLike,
    about: `group:${name} members`,
    detail: [wanted, exactly],
    observe: groupNamed(name),
    plan: (seen) => {
      const missing = wanted.filter((user) => seen?.members.includes(user) !== true);
      if (!exactly) return missing.map((user) => ["gpasswd", "--add", user, name] as const);
      const extra = seen?.members.some((user) => !wanted.includes(user)) === true;
      return missing.length > 0 || extra ? [["gpasswd", "--members", wanted.join(","), name]] : [];
    },
    writes: [`group:${name}`],
    revert: {
      title: `${wanted.join(", ") || "nobody"} ${wanted.length > 1 ? "are" : "is"} not in group ${name}`,
      plan: (seen) =>
        wanted
          .filter((user) => seen?.members.includes(user) === true)
          .map((user) => ["gpasswd", "--delete", user, name] as const),
    },
  });
}
