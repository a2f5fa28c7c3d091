import { clock, hostname, locale, timezone } from "../../../src/index.ts";
import { cases } from "../harness.ts";

export default cases({
  "system: hostname.is": {
    property: hostname.is("web-1.example.org"),
    shows: { "hostname; hostname -f; hostname -s": "web-1.example.org\nweb-1.example.org\nweb-1" },
  },
  "system: locale.is": {
    property: locale.is("de_DE.UTF-8"),
    shows: { ". /etc/default/locale; unset LC_ALL; LANG=$LANG locale -k thousands_sep": 'thousands_sep="."' },
  },
  "system: timezone.is": {
    property: timezone.is("Asia/Singapore"),
    shows: { "date +%Z%z; cat /etc/timezone": "+08+0800\nAsia/Singapore" },
  },
  "system: timezone.is an old name": {
    property: timezone.is("US/Eastern"),
    shows: {
      "TZ=$(readlink /etc/localtime) date -d 2026-01-01T00:00:00Z +%Z; date -d 2026-01-01T00:00:00Z +%H%z":
        "EST\n19-0500",
    },
    cleanup: "ln -sf /usr/share/zoneinfo/UTC /etc/localtime",
  },
  "system: clock.servers": {
    property: clock.servers("192.0.2.1", "time.example.org"),
    shows: {
      "systemctl is-active systemd-timesyncd; timedatectl show-timesync -p SystemNTPServers -p FallbackNTPServers":
        "active\nSystemNTPServers=192.0.2.1 time.example.org\nFallbackNTPServers=192.0.2.1 time.example.org",
    },
    afterwards: {
      "systemctl is-active systemd-timesyncd; timedatectl show-timesync -p SystemNTPServers":
        "active\nSystemNTPServers=",
      "timedatectl show-timesync -p FallbackNTPServers": /debian/,
    },
  },
  "system: clock.chrony": {
    property: clock.chrony({ servers: ["192.0.2.1"] }),
    shows: {
      "systemctl is-active chrony systemd-timesyncd": /^active\ninactive$/,
      "chronyc -n sources | grep -c '192.0.2.1'; ss -lun | grep -c ':123 '": "1\n0",
    },
    cleanup: "apt-get purge -y -q chrony",
  },
});
