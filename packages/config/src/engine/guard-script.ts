import { createHash } from "node:crypto";
import { commandLine, type Guard, quote, sh } from "@slipway/model";
import { bootIdentity } from "./boot-identity.ts";

/** How long the host waits, after a change and what follows it, for somebody to come through. */
export const guardSeconds = 60;
/** How long a command may take that makes the undone files effective: one that hangs must not keep the others from being run. */
const settleSeconds = 60;
/** The longest that one change under a guard may take. */
const changeSeconds = 900;

export const guardId = (guard: Guard): string =>
  createHash("sha256").update(JSON.stringify(guard)).digest("hex").slice(0, 16);

const place = (guard: Guard): string => `"$S/guard/${guardId(guard)}"`;

/** Puts files back as they were, then makes that effective. Runs on the host by itself, so it stands on its own. */
const undoText = (guard: Guard): string => {
  const files = guard.files.map((file, index) => sh`back ${index} ${file}`.text);
  const settle = guard.settle.map((command) => `timeout -k 5 ${settleSeconds} ${commandLine(command)} || :`);
  return [
    ...files,
    ...settle,
    'mv -f "$D/firing" "$D/undone"',
    'rm -f "/etc/systemd/system/multi-user.target.wants/$U" "/etc/systemd/system/$U"',
  ].join("\n");
};

const watchText = (guard: Guard, folder: string): string => `#!/bin/sh
# Undoes a change that may have locked everybody out, unless a new login took this order away.
D=${quote(`${folder}/guard/${guardId(guard)}`)} U=slipway-guard-${guardId(guard)}.service
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
put() { cp -a -- "$1" "$2.slipway-undo" && mv -fT -- "$2.slipway-undo" "$2"; }
back() {
if [ ! -e "$D/$1" ] && [ ! -L "$D/$1" ]; then rm -f -- "$2"; return; fi
put "$D/$1" "$2"
[ ! -e "$D/$1.behind" ] || put "$D/$1.behind" "$(readlink -f -- "$2")"
}
undo() {
${undoText(guard)}
}
${bootIdentity}
[ ! -e "$D/firing" ] || undo
while [ -e "$D/armed" ]; do
read -r until was <"$D/armed" || until=0 was=
read -r now _ </proc/uptime
if [ "$was" != "$(boot)" ] || [ "\${now%.*}" -ge "$until" ]; then
# Whoever moves the order first has it: this, or the one who takes it away.
mv -f "$D/armed" "$D/firing" 2>/dev/null && undo
break
fi
sleep 1
done
`;

/** Shell text that orders the undo in so many seconds. Whole or not at all: the host looks at it meanwhile, and takes half an order for one that is due. */
const orderIn = (seconds: number): string =>
  `echo "$((\${u%.*} + ${seconds})) $B" >"$D/armed.new" && mv -fT -- "$D/armed.new" "$D/armed"`;

/**
 * Shell text that arms the host: what is there now is kept, and a service of systemd (or a process of its own) undoes the changes
 * unless it is disarmed in time, also after a reboot. Already armed, it only gets more time.
 */
export function armScript(guard: Guard, folder: string): string {
  const watch = Buffer.from(watchText(guard, folder), "utf8").toString("base64");
  const unit = `slipway-guard-${guardId(guard)}.service`;
  // A link is kept as what it is, and what stands behind it too, as a change may reach either.
  const backups = guard.files.map((file, index) => sh`keeps ${index} ${file} || exit`.text);
  return `D=${place(guard)}
read -r u _ </proc/uptime
if [ -e "$D/armed" ]; then
${orderIn(changeSeconds)}
else
keeps() {
[ ! -L "$2" ] || [ ! -e "$2" ] || cp -aL -- "$2" "$D/$1.behind" || return
if [ -e "$2" ] || [ -L "$2" ]; then cp -a -- "$2" "$D/$1"; fi
}
( umask 077
rm -rf -- "$D" && mkdir -p "$D" || exit
printf %s "$R" >"$D/run"
${backups.join("\n")}
printf %s ${watch} | base64 -d >"$D/watch" || exit
${orderIn(changeSeconds)}
if [ -d /run/systemd/system ]; then
printf '[Unit]\\nDescription=Undo of a change that may lock out\\n[Service]\\nExecStart=/bin/sh %s/watch\\n' "$D" >/etc/systemd/system/${unit}
chmod 644 /etc/systemd/system/${unit}
mkdir -p /etc/systemd/system/multi-user.target.wants
ln -sf ../${unit} /etc/systemd/system/multi-user.target.wants/${unit}
systemctl daemon-reload && systemctl start ${unit} || exit
else
setsid sh "$D/watch" </dev/null >/dev/null 2>&1 &
fi
sync "$D" )
fi`;
}

/** Shell text that gives the last minute, after a change under a guard is done. */
export const settleScript = (guard: Guard): string => `D=${place(guard)}
if [ -e "$D/armed" ]; then read -r u _ </proc/uptime; ${orderIn(guardSeconds)}; fi`;

/**
 * The command for a fresh connection: takes the order away. Status 0 when it was still standing, 3 when the host has undone
 * the changes already.
 */
export const disarmScript = `D=$1/guard/$2 U=slipway-guard-$2.service
mv -f -- "$D/armed" "$D/disarmed" 2>/dev/null || exit 3
rm -rf -- "$D" "/etc/systemd/system/multi-user.target.wants/$U" "/etc/systemd/system/$U"
[ ! -d /run/systemd/system ] || systemctl stop --no-block "$U" 2>/dev/null
exit 0`;
