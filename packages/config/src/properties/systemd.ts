import { type DebianLike, debianLike, type Property, property, type Revertable, revertable } from "@slipway/model";
import { unit as unitFact, unitName } from "../facts/units.ts";
import { content } from "./file.ts";

const isEnabled = (state: string): boolean => ["enabled", "alias", "static", "generated", "indirect"].includes(state);
const isActive = (state: string): boolean => state === "active" || state === "reloading";

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
      plan: (seen) =>
        isActive(seen.active) || seen.active === "activating" ? [["systemctl", "stop", "--", full]] : [],
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
      plan: (seen) =>
        isActive(seen.active) || seen.enabled === "enabled" ? [["systemctl", "disable", "--now", "--", full]] : [],
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
    plan: (seen) =>
      isActive(seen.active) || seen.enabled === "enabled" ? [["systemctl", "disable", "--now", "--", full]] : [],
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

/** A unit of one's own with this text; when it changes systemd reads it, and a running one is restarted. */
export function unit(name: string, text: string): Revertable<DebianLike> {
  const full = unitName(name);
  const path = `/etc/systemd/system/${full}`;
  const present = content(path, text).onChange(daemonReloaded.before(restarted(full)));
  const gone = property(`${full} is no unit`, {
    on: debianLike,
    about: `file:${path}`,
    detail: "absent",
    observe: unitFact(full),
    plan: (seen) =>
      seen.load === "not-found"
        ? []
        : [
            ["systemctl", "disable", "--now", "--", full],
            ["rm", "-f", "--", path],
            ["systemctl", "daemon-reload"],
          ],
    writes: [`unit:${full}`, `file:${path}`],
  });
  return revertable(present.describe(`${full} is this unit`), gone);
}
