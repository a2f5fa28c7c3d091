import {
  all,
  type DebianLike,
  debianLike,
  derived,
  giving,
  type Property,
  perOs,
  type Revertable,
  revertable,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { timer } from "../text/units.ts";
import * as apt from "./apt.ts";
import { mtuFollowsNetwork } from "./docker-settings.ts";
import {
  besideDocker,
  type DockerRepository,
  engine,
  ofDebian,
  ofDocker,
  pinnedAmong,
  source,
} from "./docker-source.ts";
import { symlink } from "./file.ts";
import { running, unit } from "./systemd.ts";

export { type RegistryLogin, registryLogin } from "./docker-login.ts";
export { type DockerSettings, type Json, mtuFollowsNetwork, settings } from "./docker-settings.ts";
export { type DockerRepository, pinned } from "./docker-source.ts";

const packages = derived<DebianLike, "docker">("docker's packages are Debian's", debianLike, ({ self }) =>
  giving(
    engine(`${ofDebian(self).join(", ")} from the distribution`, ofDebian(self)).requires(mtuFollowsNetwork),
    "docker",
  ),
);

/** Debian's Docker engine runs, now and after a reboot. */
export const installed: Property<DebianLike, "docker"> = giving(
  running("docker").requires(packages).describe("docker is installed"),
  "docker",
);

// Ubuntu's package of the name docker-compose is version 1, which its Python cannot run; that of version 2 has no command of its own.
const composeOfUbuntu = symlink(
  "/usr/local/bin/docker-compose",
  "/usr/libexec/docker/cli-plugins/docker-compose",
).requires(apt.installed("docker-compose-v2"));

/** `docker-compose` is there; Debian 12 has version 1, Debian 13 and Ubuntu version 2, which is `docker compose` too. */
export const composeInstalled: Property<DebianLike, "docker" | "docker-compose"> = giving(
  perOs("docker-compose is installed", { debian: apt.installed("docker-compose"), ubuntu: composeOfUbuntu })
    .requires(installed)
    .describe("docker-compose is installed"),
  "docker",
  "docker-compose",
);

export interface FromOptions {
  /** As {@link pinned} takes it. Default: the newest, and upgrades follow. */
  readonly version?: string;
}

/**
 * Docker's own engine runs, now and after a reboot, with `docker compose` and `docker buildx`. It contradicts {@link installed}. The
 * packages of Debian's engine go in the same step; images and containers stay.
 */
export function from(
  repository: "docker.com" | DockerRepository,
  options: FromOptions = {},
): Property<DebianLike, "docker"> {
  const { version } = options;
  const listed = source(repository);
  const first = version === undefined ? listed : pinnedAmong(version, ["docker-ce", "docker-ce-cli"]).requires(listed);
  const own = engine("docker's packages are docker.com's", ofDocker, besideDocker)
    .requires(first)
    .requires(mtuFollowsNetwork);
  const name = repository === "docker.com" ? repository : repository.url;
  return giving(
    running("docker")
      .requires(own)
      .describe(`docker ${version ?? "of any version"} from ${name} is installed`),
    "docker",
  );
}

export interface PruneOptions {
  /** Younger ones stay. Default 168h: a week. */
  readonly olderThan?: `${number}h`;
  /** `dangling`, the default: images without a name. `unused`: also those that no container uses, such as the ones of earlier releases. */
  readonly images?: "dangling" | "unused";
  /** When, as systemd's OnCalendar has it. Default weekly. */
  readonly at?: string;
}

/** Images that nobody needs and the cache of builds are removed regularly. Containers, networks and volumes stay. */
export function prunes(options: PruneOptions = {}): Revertable<DebianLike> {
  const { olderThan = "168h", images = "dangling", at = "weekly" } = options;
  if (!/^[1-9]\d*h$/.test(olderThan)) throw fail("config.bad-argument", `"${olderThan}" is not a time: 168h`);
  const service = `[Unit]
Description=Remove images that nobody needs
Requires=docker.service
After=docker.service
[Service]
Type=oneshot
ExecStart=/usr/bin/docker image prune ${images === "unused" ? "--all " : ""}--force --filter until=${olderThan}
ExecStart=/usr/bin/docker builder prune --force --filter until=${olderThan}
`;
  const units = [
    unit("slipway-docker-prune.service", service),
    unit("slipway-docker-prune.timer", timer("Remove images that nobody needs", at, "1h")),
  ] as const;
  const clock = running("slipway-docker-prune.timer");
  return revertable(
    clock.requires(all("docker is pruned by a timer", [...units])).describe(`docker is pruned ${at}`),
    all("docker is not pruned", [units[1].opposite, units[0].opposite]),
  );
}
