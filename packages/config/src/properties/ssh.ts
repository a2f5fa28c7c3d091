import { type DebianLike, debianLike, type Property, property, type Revertable, revertable } from "@slipway/model";
import { absent, content } from "./file.ts";
import { reloaded } from "./systemd.ts";

// First among the drop-ins: sshd keeps the first value it reads, so nothing that comes later weakens it.
const path = "/etc/ssh/sshd_config.d/00-slipway.conf";
const text = `PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
PermitRootLogin prohibit-password
PubkeyAuthentication yes
X11Forwarding no
MaxAuthTries 4
`;

// Tried before the configuration there is, where it will stand.
const tried = `set -e
c=$(mktemp)
trap 'rm -f "$c"' EXIT
cat -- "$1" /etc/ssh/sshd_config >"$c"
mkdir -p /run/sshd
sshd -t -f "$c"`;

const wanted = [
  "passwordauthentication no",
  "kbdinteractiveauthentication no",
  "permitrootlogin without-password",
  "pubkeyauthentication yes",
];

/** sshd itself says what is in force, whatever other files hold. */
const inForce: Property<DebianLike> = property("sshd takes keys only", {
  on: debianLike,
  about: "sshd settings",
  observe: {
    read: ["sshd", "-T"],
    reads: [`file:${path}`],
    parse: (stdout) => {
      const lines = stdout.replaceAll("prohibit-password", "without-password").split("\n");
      return wanted.filter((one) => !lines.includes(one));
    },
  },
  plan: (missing) =>
    missing.length === 0
      ? []
      : [
          [
            "sh",
            "-c",
            'echo "sshd -T does not say: $1; is sshd_config.d included?" >&2; exit 1',
            "sh",
            missing.join(", "),
          ],
        ],
  writes: [],
});

/** Nobody logs in with a password, root by key alone. Tried with `sshd -t` first; running sessions stay. */
export const hardened: Revertable<DebianLike> = revertable(
  inForce
    .requires(content(path, text, { validate: ["sh", "-c", tried, "sh", "{}"] }).onChange(reloaded("ssh")))
    .describe("ssh is hardened"),
  absent(path).onChange(reloaded("ssh")).describe("ssh is as the distribution has it"),
);
