import { file, systemd, user } from "@slipway/config";
import { debian, everyOs, type Host, host, property } from "@slipway/model";
import type { Watched } from "./support.ts";

const sleeper = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";

/** Takes a moment and counts how often it was done. */
const counted = (name: string) =>
  property(`step ${name} was done`, {
    on: everyOs,
    about: `step ${name}`,
    observe: {
      read: ["cat", `/srv/steps/${name}`],
      reads: [`file:/srv/steps/${name}`],
      parse: (stdout: string) => stdout,
    },
    plan: (seen) =>
      seen === ""
        ? [["sh", "-c", 'mkdir -p /srv/steps; echo "$1" >>/srv/log; sleep 0.2; echo done >"/srv/steps/$1"', "sh", name]]
        : [],
    writes: [`file:/srv/steps/${name}`],
  });

/** A host of many small changes of every kind, which say what was done and how often. */
export const stepped: Host = host("stepped", {
  os: debian("12"),
  on: { provider: "trial", spec: {} },
  has: [
    counted("first"),
    file.content("/srv/steps.conf", "text of a file\n".repeat(200)),
    user.account("app", { system: true }),
    counted("second").onChange(
      property("the second step is noted", {
        on: everyOs,
        about: "note",
        observe: { read: ["true"], reads: [], parse: () => 0 },
        plan: () => [["sh", "-c", "echo noted >>/srv/log"]],
        writes: [],
        action: true,
      }),
    ),
    systemd.running("sleeper").requires(systemd.unit("sleeper", sleeper)),
    counted("third"),
  ],
});

/** What the host's script says when all of {@link stepped} is true, each step done once. */
export const settled = "noted first second third app active 3000 pending: lock: free";

export const look = (host: Watched): Promise<string> =>
  host.run(
    `printf '%s ' $(sort /srv/log 2>/dev/null | sed 's/^noted$/0noted/' | sort | sed 's/^0//')
printf '%s ' "$(id -un app 2>/dev/null)" "$(systemctl is-active sleeper)" "$(stat -c %s /srv/steps.conf 2>/dev/null)"
printf 'pending: %s' "$(ls /var/lib/slipway/config/pending 2>/dev/null | tr '\\n' ' ')"
flock -n /var/lib/slipway/config/lock true && printf 'lock: free' || printf 'lock: held'`,
  );

/** As if nothing had ever been applied. */
export const forget = (host: Watched): Promise<string> =>
  host.run(
    `systemctl -q disable --now sleeper 2>/dev/null
userdel app 2>/dev/null
rm -rf /srv/log /srv/steps /srv/steps.conf /etc/systemd/system/sleeper.service /var/lib/slipway/config
systemctl daemon-reload`,
  );
