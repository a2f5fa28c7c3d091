import { exitCodes } from "@slipway/model";
import type { Finding } from "@slipway/trust";
import { agree } from "../../cli/confirm.ts";
import type { Context } from "../../cli/context.ts";
import { openVaultRoom, type VaultRoom } from "../../platform/session.ts";
import { missingSecrets } from "./list.ts";
import { sweep } from "./memory.ts";
import { recipientsTable } from "./recipients.ts";

export interface CheckOptions {
  readonly context?: string;
  /** Sign the folder as it is. */
  readonly resign: boolean;
  /** Believe it as it is. */
  readonly accept: boolean;
}

const marks = { tampered: "✗", bad: "✗", soon: "!", note: "·" } as const;

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

async function findingsOf(room: VaultRoom): Promise<readonly Finding[]> {
  const findings = await room.vault.check();
  if (findings.some(({ level }) => level === "tampered")) return findings;
  const missing = (await missingSecrets(room)).map(
    ({ name, usedBy }): Finding => ({
      level: "bad",
      what: `${name} is missing, which ${usedBy.join(", ")} needs`,
      hint: `ops secrets set ${name}`,
    }),
  );
  return [...findings, ...missing];
}

export async function checkSecrets(context: Context, options: CheckOptions): Promise<number> {
  const { out } = context;
  const room = await openVaultRoom(context, options.context);
  const { vault } = room;
  if (await sweep()) out.mark("note", "what an edit that was killed had left in memory is wiped");
  if (options.accept) {
    for (const { what } of await vault.check()) out.mark("note", what);
    await agree(context, `Believe the vault in ${vault.dir} as it is now?`);
    await vault.accept();
  }
  if (options.resign) {
    for (const { what } of await vault.check()) out.mark("note", what);
    await vault.resign(async (recipients) => {
      out.say(recipientsTable(recipients));
      await agree(context, `Sign everything in ${vault.dir} as it is now, for these recipients?`);
    });
  }
  const findings = await findingsOf(room);
  const tampered = findings.some(({ level }) => level === "tampered");
  const ok = findings.every(({ level }) => level === "soon" || level === "note");
  const lines = findings.flatMap(({ level, what, hint }) => [
    `${marks[level]} ${what}`,
    ...(hint === undefined ? [] : [`    ${hint}`]),
  ]);
  if (ok) {
    const [secrets, recipients] = [await vault.entries(), await vault.recipients().catch(() => [])];
    lines.push(`✓ ${count(secrets.length, "secret")}, ${count(recipients.length, "recipient")}: in order`);
  }
  out.result(lines.join("\n"), { ok, findings });
  if (tampered) return exitCodes.refused;
  return ok ? exitCodes.done : exitCodes.failed;
}
