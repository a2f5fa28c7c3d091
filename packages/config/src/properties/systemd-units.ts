import {
  type Change,
  type DebianLike,
  debianLike,
  type Property,
  property,
  type Revertable,
  revertable,
  together,
} from "@slipway/model";
import { file } from "../facts/files.ts";
import { type UnitSeen, unit as unitFact, unitName } from "../facts/units.ts";
import { absent, content, directory } from "./file.ts";

const isEnabled = (state: string): boolean => ["enabled", "alias", "static", "generated", "indirect"].includes(state);
const isActive = (state: string): boolean => state === "active" || state === "reloading";
/** Neither runs nor will by itself: a unit that waits to be started again after it failed is `activating`. */
const isStopped = (state: string): boolean => state === "inactive" || state === "failed";

const disabling = (full: string): Change => ["systemctl", "disable", "--now", "--", full];
const planDisabled =
  (full: string) =>
  ({ active, enabled }: UnitSeen): readonly Change[] =>
    isStopped(active) && enabled !== "enabled" ? [] : [disabling(full)];

/** A unit starts with the machine. Units without an [Install] section count when something else starts them. */
export function enabled(name: string): Revertable<DebianLike> {
  const full = unitName(name);
  return property(`${full} starts with the machine`, {
    on: debianLike,
    about: `unit:${full} at boot`,
    observe: unitFact(full),
    plan: (seen) => (isEnabled(seen.enabled) ? [] : [["systemctl", "enable", "--", full]]),
    writes: [`unit:${full}`],
    revert: {
      title: `${full} does not start with the machine`,
      plan: (seen) => (seen.enabled === "enabled" ? [["systemctl", "disable", "--", full]] : []),
    },
  });
}

/** A unit runs. */
export function started(name: string): Revertable<DebianLike> {
  const full = unitName(name);
  return property(`${full} runs`, {
    on: debianLike,
    about: `unit:${full} now`,
    observe: unitFact(full),
    plan: (seen) => (isActive(seen.active) ? [] : [["systemctl", "start", "--", full]]),
    writes: [`unit:${full}`],
    revert: {
      title: `${full} is stopped`,
      plan: (seen) => (isStopped(seen.active) ? [] : [["systemctl", "stop", "--", full]]),
    },
  });
}

/** A unit runs and starts with the machine. */
export function running(name: string): Revertable<DebianLike> {
  const full = unitName(name);
  return property(`${full} runs and starts with the machine`, {
    on: debianLike,
    about: `unit:${full}`,
    observe: unitFact(full),
    plan: (seen) =>
      isActive(seen.active) && isEnabled(seen.enabled) ? [] : [["systemctl", "enable", "--now", "--", full]],
    writes: [`unit:${full}`],
    revert: {
      title: `${full} is disabled`,
      plan: planDisabled(full),
    },
  });
}

/** A unit neither runs nor starts with the machine. */
export function disabled(name: string): Property<DebianLike> {
  const full = unitName(name);
  return property(`${full} is disabled`, {
    on: debianLike,
    about: `unit:${full}`,
    detail: "disabled",
    observe: unitFact(full),
    plan: planDisabled(full),
    writes: [`unit:${full}`],
  });
}

/** An action, for `onChange`: the unit is started anew when it runs. A restart that fails is a failure. */
export const restarted = (name: string): Property<DebianLike> =>
  action(`${unitName(name)} is restarted`, name, "try-restart");
/** An action, for `onChange`: the unit reads its configuration again, without an interruption where it can. */
export const reloaded = (name: string): Property<DebianLike> =>
  action(`${unitName(name)} is reloaded`, name, "try-reload-or-restart");

function action(title: string, name: string, verb: string): Property<DebianLike> {
  const full = unitName(name);
  return property(title, {
    on: debianLike,
    observe: unitFact(full),
    plan: (seen) => [
      ...(seen.needsReload ? ([["systemctl", "daemon-reload"]] as const) : []),
      ...(seen.load === "not-found" ? [] : ([["systemctl", verb, "--", full]] as const)),
    ],
    writes: [`unit:${full}`],
    action: true,
  });
}

/** An action, for `onChange`: systemd reads its units again. */
export const daemonReloaded: Property<DebianLike> = property("systemd has read its units again", {
  on: debianLike,
  observe: { read: ["true"], reads: [], parse: () => undefined },
  plan: () => [["systemctl", "daemon-reload"]],
  writes: ["unit:*"],
  action: true,
});

/** A unit cannot be started, by nobody and nothing. Its opposite lets it be started again, and leaves it stopped. */
export function masked(name: string): Revertable<DebianLike> {
  const full = unitName(name);
  return property(`${full} is masked`, {
    on: debianLike,
    about: `unit:${full}`,
    detail: "masked",
    observe: unitFact(full),
    plan: (seen) =>
      seen.enabled === "masked" && isStopped(seen.active) ? [] : [["systemctl", "mask", "--now", "--", full]],
    writes: [`unit:${full}`],
    revert: {
      title: `${full} is not masked`,
      plan: (seen) => (seen.enabled === "masked" ? [["systemctl", "unmask", "--", full]] : []),
    },
  });
}

/** A unit of one's own, a file in /etc/systemd/system, is neither there nor running. One of that name from a package stays. */
export function noUnit(name: string): Property<DebianLike> {
  const full = unitName(name);
  const path = `/etc/systemd/system/${full}`;
  return property(`${full} is no unit`, {
    on: debianLike,
    about: `file:${path}`,
    detail: "absent",
    observe: together({ unit: unitFact(full), file: file(path) }),
    plan: (seen) => {
      const absent = seen.file.kind === "absent" && !seen.file.link;
      // A file that is gone though systemd still knows its unit: a run was interrupted in between.
      if (absent && !(seen.unit.load === "loaded" && seen.unit.needsReload)) return [];
      return [...(absent ? [] : [disabling(full), { remove: path }]), ["systemctl", "daemon-reload"]];
    },
    writes: [`unit:${full}`, `file:${path}`],
  });
}

/** A unit of one's own with this text; when it changes systemd reads it, and a running one is restarted. */
export function unit(name: string, text: string): Revertable<DebianLike> {
  const full = unitName(name);
  const present = content(`/etc/systemd/system/${full}`, text).onChange(daemonReloaded.before(restarted(full)));
  return revertable(present.describe(`${full} is this unit`), noUnit(full));
}

/**
 * A unit has these settings besides its own, from `<unit>.d/slipway.conf` in /etc/systemd/system. When they change systemd reads them, and a
 * running unit is restarted. Its opposite takes them away, with a restart again.
 */
export function override(name: string, text: string): Revertable<DebianLike> {
  const full = unitName(name);
  const folder = `/etc/systemd/system/${full}.d`;
  const path = `${folder}/slipway.conf`;
  const effective = daemonReloaded.before(restarted(full));
  return revertable(
    content(path, text).requires(directory(folder)).onChange(effective).describe(`${full} has settings of its own`),
    absent(path).onChange(effective),
  );
}
