import type { Reading } from "@slipway/model";

/** How systemd sees a unit. */
export interface UnitSeen {
  readonly load: string;
  readonly active: string;
  readonly enabled: string;
  readonly needsReload: boolean;
}

/** `ssh` → `ssh.service`; a name with a type stays. */
export const unitName = (name: string): string =>
  /\.(service|socket|timer|mount|path|target|slice)$/.test(name) ? name : `${name}.service`;

/** How systemd sees one unit; an unknown one has `load: "not-found"`. */
export const unit = (name: string): Reading<UnitSeen> => {
  const full = unitName(name);
  return {
    read: ["systemctl", "show", "-p", "Names,LoadState,ActiveState,UnitFileState,NeedDaemonReload", "--"],
    of: [full],
    reads: [`unit:${full}`],
    parse: (stdout) => {
      for (const block of stdout.trim().split("\n\n")) {
        const fields = new Map(
          block.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
        );
        if (!fields.get("Names")?.split(" ").includes(full)) continue;
        return {
          load: fields.get("LoadState") ?? "",
          active: fields.get("ActiveState") ?? "",
          enabled: fields.get("UnitFileState") ?? "",
          needsReload: fields.get("NeedDaemonReload") === "yes",
        };
      }
      throw new Error(`systemctl showed nothing of ${full}`);
    },
  };
};
