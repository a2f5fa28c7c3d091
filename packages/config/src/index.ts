export * from "./apply.ts";
export * from "./configure.ts";
export { diffLines } from "./diff.ts";
export * from "./drift.ts";
export { hasProperty } from "./engine/chosen.ts";
export type { Reply, Seen } from "./engine/evaluate.ts";
export { alone } from "./engine/items.ts";
export { type AccountSeen, account, type GroupSeen, groupNamed, groups } from "./facts/accounts.ts";
export { type FileSeen, file as fileAt } from "./facts/files.ts";
export { type MountSeen, mounts, swaps } from "./facts/mounts.ts";
export {
  alpinePackages,
  held,
  listsAge,
  packageStates,
  packages,
  type Upgrade,
  unneeded,
  upgrades,
} from "./facts/packages.ts";
export * as facts from "./facts/ready.ts";
export { type TextSeen, text as textAt } from "./facts/texts.ts";
export { type UnitSeen, unit } from "./facts/units.ts";
export * from "./fleet/apply-all.ts";
export { each } from "./fleet/each.ts";
export { formatFleet } from "./fleet/format.ts";
export { type Prepared, preflight } from "./fleet/preflight.ts";
export type { RolloutOptions } from "./fleet/rollout.ts";
export { countOf, type Share, type Wave, type WaveOptions, waves } from "./fleet/waves.ts";
export * from "./look.ts";
export * from "./mask.ts";
export * from "./observe.ts";
export * from "./plan.ts";
export * as apk from "./properties/apk.ts";
export * as apt from "./properties/apt.ts";
export * as certificate from "./properties/certificate.ts";
export * as clock from "./properties/clock.ts";
export * as collectd from "./properties/collectd.ts";
export * as command from "./properties/command.ts";
export * as cron from "./properties/cron.ts";
export * as dns from "./properties/dns.ts";
export * as docker from "./properties/docker.ts";
export * as fail2ban from "./properties/fail2ban.ts";
export * as file from "./properties/file.ts";
export * as firewall from "./properties/firewall.ts";
export * as git from "./properties/git.ts";
export * as group from "./properties/group.ts";
export * as hostname from "./properties/hostname.ts";
export * as hosts from "./properties/hosts.ts";
export * as journald from "./properties/journald.ts";
export * as locale from "./properties/locale.ts";
export * as logrotate from "./properties/logrotate.ts";
export * as mail from "./properties/mail.ts";
export * as mount from "./properties/mount.ts";
export * as network from "./properties/network.ts";
export * as nginx from "./properties/nginx.ts";
export * as reboot from "./properties/reboot.ts";
export * as restic from "./properties/restic.ts";
export * as ssh from "./properties/ssh.ts";
export * as sudo from "./properties/sudo.ts";
export * as swap from "./properties/swap.ts";
export * as swarm from "./properties/swarm.ts";
export * as sysctl from "./properties/sysctl.ts";
export * as systemd from "./properties/systemd.ts";
export * as timezone from "./properties/timezone.ts";
export * as user from "./properties/user.ts";
export * from "./report.ts";
export { type HostPlan, hostPlan, planToSave, refuseStale } from "./saved-plan.ts";
