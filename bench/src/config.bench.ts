import { apt, clock, configure, file, git, hostname, locale, ssh, sudo, timezone, user } from "@slipway/config";
import { ssh as connect } from "@slipway/connection";
import { startMachine } from "@slipway/machines";
import { debian, host } from "@slipway/model";

const rounds = 21;

await using machine = await startMachine({ name: "bench" });
const { address, port, user: login, hostKey, privateKey } = machine;
await using connection = await connect(
  { host: "bench", address, port, user: login, hostKeys: [hostKey.sha256] },
  { privateKey },
);
const bench = host("bench", {
  on: { provider: "existing", spec: {} },
  os: debian("12"),
  has: [
    hostname.is("bench"),
    locale.is("en_GB.UTF-8"),
    timezone.is("Europe/London"),
    clock.synchronised,
    git.installed,
    apt.installed("curl"),
    user.account("deploy"),
    sudo.allows("deploy"),
    ssh.hardened,
    ...Array.from({ length: 16 }, (_, index) => file.content(`/etc/bench-${index}`, `${index}\n`)),
  ],
});
const first = await configure(bench, connection);
const times: number[] = [];
for (let round = 0; round < rounds; round += 1) times.push((await configure(bench, connection)).ms);
times.sort((a, b) => a - b);

const from = performance.now();
for (let index = 0; index < first.items.length; index += 1) await connection.exec(["dpkg-query", "-W", "git"]);
const oneByOne = performance.now() - from;

const whole = (span: number | undefined): string => `${Math.round(span ?? 0)} ms`;
process.stdout.write(
  `${first.items.length} claims\n` +
    `first run             ${whole(first.ms)}\n` +
    `nothing to do         ${whole(times[rounds >> 1])} median, ${whole(times[0])} least, ${whole(times.at(-1))} most of ${rounds}\n` +
    `as many single execs  ${whole(oneByOne)}\n`,
);
