import { type DebianLike, type Revertable, revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import { checkedUser } from "../text/names.ts";
import { installed } from "./apt.ts";
import { absent, content } from "./file.ts";

export interface SudoOptions {
  /** Programs by their absolute path, with arguments when only these are allowed. Default: everything. */
  readonly commands?: readonly string[];
  /** Whom they run as. Default: anybody, root too. */
  readonly as?: string;
  /** Whether the user is asked for its own password. Default false. */
  readonly password?: boolean;
}

/** In sudoers(5) these end a command or an argument unless they are escaped; `*` and `?` match anything there. */
const escaped = (command: string): string => {
  if (!/^\/[^\s*?[\]!]+( [^\n\r\0]*)?$/.test(command))
    throw fail("config.bad-argument", `"${command}" is not a program by its absolute path`);
  return command.replace(/[\\,:=#]/g, "\\$&");
};

/**
 * The user, or with `%` every user of a group, may run these as somebody else; everything and without a password when nothing else is
 * said. The rule is tried with `visudo` before it is installed.
 */
export function allows(user: string, options: SudoOptions = {}): Revertable<DebianLike> {
  checkedUser(user.replace(/^%/, ""));
  const { commands, as, password = false } = options;
  if (as !== undefined) checkedUser(as);
  if (commands?.length === 0) throw fail("config.bad-argument", `sudo would allow ${user} nothing`);
  const path = `/etc/sudoers.d/slipway-${user.replace("%", "group-")}`;
  const what = commands?.map(escaped).join(", ") ?? "ALL";
  const rule = content(path, `${user} ALL=(${as ?? "ALL:ALL"}) ${password ? "" : "NOPASSWD: "}${what}\n`, {
    mode: "0440",
    validate: ["visudo", "-cqf", "{}"],
  });
  return revertable(rule.requires(installed("sudo")).describe(`${user} may use sudo`), absent(path));
}
