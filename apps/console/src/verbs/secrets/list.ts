import { exitCodes } from "@slipway/model";
import type { Entry } from "@slipway/trust";
import type { Context } from "../../cli/context.ts";
import { ownSecretNames } from "../../platform/identity.ts";
import { neededSecrets } from "../../platform/needed.ts";
import { openVaultRoom, type VaultRoom } from "../../platform/session.ts";
import type { InContext } from "./values.ts";

export interface Missing {
  readonly name: string;
  readonly usedBy: readonly string[];
}

/** What ops.config.ts uses and the vault has not, except for what the next command makes by itself. */
export async function missingSecrets({ project, vault }: VaultRoom): Promise<readonly Missing[]> {
  const there = new Set([...(await vault.list()), ...ownSecretNames(project)]);
  const missing = [...neededSecrets(project)].filter(([name]) => !there.has(name));
  return missing.map(([name, usedBy]) => ({ name, usedBy }));
}

/** Columns as wide as their widest cell, without spaces at the end. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const when = (at: string | undefined): string => (at === undefined ? "" : `${at.slice(0, 10)} ${at.slice(11, 16)}`);

export async function listSecrets(context: Context, options: InContext): Promise<number> {
  const room = await openVaultRoom(context, options.context);
  const { vault, project } = room;
  const all = await vault.entries();
  const entries =
    options.context === undefined
      ? all
      : all.filter((one) => one.context === undefined || one.context === vault.context);
  const uses = neededSecrets(project);
  const missing = await missingSecrets(room);
  const row = (entry: Entry): readonly string[] => [
    entry.name,
    entry.context ?? "all",
    `${entry.recipients.join(",")}${entry.restricted ? " only" : ""}`,
    when(entry.at),
    entry.by ?? "",
    uses.get(entry.name)?.join(",") ?? "",
  ];
  const lines = [
    entries.length === 0
      ? "The vault is empty: ops secrets set NAME"
      : table([["NAME", "CONTEXT", "READERS", "CHANGED", "BY", "USED BY"], ...entries.map(row)]),
    ...missing.map(({ name, usedBy }) => `missing: ${name}, for ${usedBy.join(", ")}: ops secrets set ${name}`),
  ];
  context.out.result(lines.join("\n"), { ok: true, secrets: await vault.list(), entries, missing });
  return exitCodes.done;
}
