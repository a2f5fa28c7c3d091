/** Starts each part of the reply. */
export const partMark = "@@slipway ";

/**
 * Reads everything that is measured on a host, in one go: POSIX sh, given on standard input. Each part may fail by itself. What could
 * hang (a stale network mount, an engine that is stuck) is bounded where the host has `timeout`.
 */
export const collectScript = `
export LC_ALL=C
part() { printf '\\n${partMark}%s\\n' "$1"; }
bounded() { if command -v timeout >/dev/null 2>&1; then timeout 5 "$@"; else "$@"; fi </dev/null 2>/dev/null; }
part stat; grep '^cpu' /proc/stat
part loadavg; cat /proc/loadavg
part meminfo; cat /proc/meminfo
part uptime; cat /proc/uptime
part ticks; getconf CLK_TCK 2>/dev/null || echo 100
part init; cat /proc/1/stat
part disk; bounded df -P -k
part inodes; bounded df -P -i
if command -v systemctl >/dev/null 2>&1; then part failed; bounded systemctl list-units --state=failed --no-legend --plain --no-pager; fi
if command -v docker >/dev/null 2>&1; then
  # An engine that does not answer is not an engine without containers.
  if containers=$(bounded docker ps -a --format '{{.State}} {{.Names}}'); then part docker; printf '%s\\n' "$containers"; fi
fi
part end
`;
