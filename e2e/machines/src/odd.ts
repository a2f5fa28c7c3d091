import type { Command, Connection } from "@slipway/model";

/** Hosts that are unlike the one in the manual. Each function takes a connection as root, and rejects when the oddity was not brought about. */

async function must(root: Connection, command: Command, stdin?: string): Promise<string> {
  const { status, stdout, stderr } = await root.exec(command, {
    timeoutMs: 300_000,
    ...(stdin === undefined ? {} : { stdin }),
  });
  if (status !== 0) throw new Error(`${command.at(-1)} on ${root.host}: status ${status}\n${stdout}${stderr}`);
  return stdout;
}
const script = (root: Connection, text: string, ...args: string[]): Promise<string> =>
  must(root, ["sh", "-ec", text, "sh", ...args]);

/** Shell text: `install` with the package lists read once. */
const apt = `export DEBIAN_FRONTEND=noninteractive
install() {
ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 || apt-get -qq update
apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}
`;

export interface LoginOptions {
  /** What `sudo -n` does: run anything, refuse for want of a password, or refuse as nothing is allowed. Default: run. */
  readonly sudo?: "runs" | "asks for a password" | "refuses";
  /** `fish` is installed for it. Default bash. */
  readonly shell?: "bash" | "fish" | "dash";
}

/** A user that logs in with root's key. */
export async function loginUser(root: Connection, name: string, options: LoginOptions = {}): Promise<void> {
  const shell = options.shell ?? "bash";
  const rule = { runs: "NOPASSWD: ALL", "asks for a password": "ALL", refuses: undefined }[options.sudo ?? "runs"];
  if (shell === "fish") await script(root, `${apt}install fish`);
  await script(
    root,
    `useradd -m -s "$2" -- "$1"
install -d -o "$1" -g "$1" -m 700 "/home/$1/.ssh"
install -o "$1" -g "$1" -m 600 /root/.ssh/authorized_keys "/home/$1/.ssh/authorized_keys"
[ -z "$3" ] || { echo "$1 ALL=(ALL:ALL) $3" >"/etc/sudoers.d/$1" && visudo -cqf "/etc/sudoers.d/$1"; }`,
    name,
    shell === "fish" ? "/usr/bin/fish" : `/bin/${shell}`,
    rule ?? "",
  );
}

/** A banner before the login, a message of the day, and start files of every shell that print on both outputs, whoever asks. */
export async function talkative(root: Connection, user: string): Promise<void> {
  await script(
    root,
    `printf '%s\\n' '*** Authorised use only. ***' '\${PATH} $(reboot) %s' >/etc/issue.net
cp /etc/issue.net /etc/motd
echo 'Banner /etc/issue.net' >/etc/ssh/sshd_config.d/banner.conf
systemctl restart ssh
home=$(getent passwd "$1" | cut -d : -f 6)
noise='echo "Welcome back, it is $(date)"; printf "\\n\\033[31mmind the gap\\033[0m" >&2'
# Before the line by which Debian's own file leaves when nobody types.
{ echo "$noise"; cat "$home/.bashrc" 2>/dev/null || true; } >"$home/.bashrc.new"
mv "$home/.bashrc.new" "$home/.bashrc"
echo "$noise" >>"$home/.profile"
echo "$noise" >/etc/profile.d/noise.sh
mkdir -p "$home/.config/fish"
echo 'echo "Welcome back, it is "(date); printf "\\nmind the gap" >&2' >"$home/.config/fish/config.fish"
chown -R "$1:" "$home/.bashrc" "$home/.profile" "$home/.config"`,
    user,
  );
}

/** What the host's programs say is German, for every login. */
export async function germanLocale(root: Connection): Promise<void> {
  // The host image leaves translations out, so what has them is unpacked again.
  await script(
    root,
    `${apt}sed -i '/locale/d' /etc/dpkg/dpkg.cfg.d/90slipway
install locales
apt=$(dpkg-query -W -f '\${db:Status-Status} \${Package}\n' 'libapt-pkg*' | sed -n 's/^installed //p')
apt-get -qq install -y --reinstall coreutils libc-l10n apt dpkg sudo bash passwd $apt >/dev/null
echo 'de_DE.UTF-8 UTF-8' >/etc/locale.gen
locale-gen >/dev/null
for file in default/locale environment; do printf 'LANG=de_DE.UTF-8\\nLANGUAGE=de:en\\nLC_ALL=de_DE.UTF-8\\n' >"/etc/$file"; done`,
  );
  const said = await root.exec(["env", "-u", "LC_ALL", "LANGUAGE=de", "LANG=de_DE.UTF-8", "ls", "/nix"]);
  if (!/nicht gefunden/.test(said.stderr)) throw new Error(`ls on ${root.host} speaks no German: ${said.stderr}`);
}

/** /etc cannot be written until this is disposed. */
export async function readOnlyEtc(root: Connection): Promise<AsyncDisposable> {
  await script(root, "mount --bind /etc /etc; mount -o remount,bind,ro /etc; ! touch /etc/x 2>/dev/null");
  return {
    async [Symbol.asyncDispose]() {
      await script(root, "umount /etc");
    },
  };
}

/** An apt-get of somebody else that holds dpkg's locks until this is disposed; it then gives up and has changed nothing. */
export async function heldApt(root: Connection): Promise<AsyncDisposable> {
  const hook = "DPkg::Pre-Invoke::=echo held; read -r _; exit 1";
  const other = await root.spawn(["apt-get", "-y", "-o", hook, "remove", "curl"]);
  other.stderr.resume();
  await new Promise<void>((resolve, reject) => {
    other.stdout.on("data", (chunk: Buffer) => chunk.includes("held\n") && resolve());
    other.exit.then(({ status }) => reject(new Error(`apt-get ended with ${status} and held nothing`)), reject);
  });
  return {
    async [Symbol.asyncDispose]() {
      other.stdin.end("\n");
      await other.exit;
    },
  };
}

/** dpkg was killed while it configured a package: apt refuses everything until `dpkg --configure -a`. */
export async function interruptedDpkg(root: Connection): Promise<void> {
  await script(
    root,
    `cd "$(mktemp -d)"
mkdir -p cut/DEBIAN
printf 'Package: cut-short\\nVersion: 1\\nArchitecture: all\\nMaintainer: nobody <n@example.org>\\nDescription: test\\n' >cut/DEBIAN/control
printf '#!/bin/sh\\n[ -e /var/lib/cut-short ] || { touch /var/lib/cut-short; kill -9 "$PPID"; }\\n' >cut/DEBIAN/postinst
chmod 755 cut/DEBIAN/postinst
dpkg-deb -b cut cut.deb >/dev/null
dpkg -i cut.deb >/dev/null 2>&1 || true
apt-get check 2>&1 | grep -q 'dpkg --configure -a'`,
  );
}
