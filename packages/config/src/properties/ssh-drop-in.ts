import {
  all,
  type Command,
  type DebianLike,
  debianLike,
  type Guard,
  guarded,
  type Property,
  property,
  type Revertable,
  revertable,
} from "@slipway/model";
import { absent, content } from "./file.ts";
import { type Setting, type SshdSettings, saidOf, settingsOf } from "./ssh-settings.ts";
import { reloaded } from "./systemd.ts";

// Tried before the configuration there is, where it will stand.
const tried = `set -e
c=$(mktemp)
trap 'rm -f "$c"' EXIT
cat -- "$1" /etc/ssh/sshd_config >"$c"
mkdir -p /run/sshd
sshd -t -f "$c"`;

/** How what locks everybody out of sshd is taken back. */
export const sshdGuard = (...files: readonly string[]): Guard => ({
  title: `sshd with ${files.join(", ")}`,
  files,
  settle: [["systemctl", "reload-or-restart", "--", "ssh.service"]],
});

const unseen = (missing: string): readonly Command[] => [
  ["sh", "-c", 'echo "sshd -T does not say: $1; is sshd_config.d included?" >&2; exit 1', "sh", missing],
];

/** sshd itself says what is in force, whatever other files hold. */
function inForce({ keyword, inForce: lines }: Setting): Property<DebianLike> {
  const wanted = lines.map((line) => line.replaceAll("prohibit-password", "without-password").toLowerCase());
  return property(`sshd says ${lines.join(", ")}`, {
    on: debianLike,
    about: `sshd:${keyword}`,
    detail: wanted,
    observe: {
      read: ["sshd", "-T"],
      reads: ["file:/etc/ssh/sshd_config*"],
      parse: (stdout) => saidOf(keyword, stdout).map((line) => line.toLowerCase()),
    },
    plan: (said) => {
      const same = said.length === wanted.length && wanted.every((line) => said.includes(line));
      return same ? [] : unseen(lines.join(", "));
    },
    writes: [],
  });
}

/**
 * One drop-in. They are read before the rest of the configuration, and sshd keeps the first value that it reads, so nothing that comes later
 * weakens one.
 */
export function dropIn(name: string, title: string, settings: SshdSettings): Revertable<DebianLike> {
  const path = `/etc/ssh/sshd_config.d/00-slipway-${name}.conf`;
  const list = settingsOf(settings);
  const text = list.flatMap((one) => one.lines).map((line) => `${line}\n`);
  const guard = sshdGuard(path);
  const file = content(path, text.join(""), { validate: ["sh", "-c", tried, "sh", "{}"] });
  const made = guarded(file.onChange(reloaded("ssh")), guard);
  return revertable(
    all(
      title,
      list.map((one) => inForce(one).requires(made)),
    ),
    guarded(absent(path).onChange(reloaded("ssh")), guard).describe(`not: ${title}`),
  );
}
