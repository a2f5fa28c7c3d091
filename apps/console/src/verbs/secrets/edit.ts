import { type ChildProcess, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exitCodes, SlipwayError } from "@slipway/model";
import type { Context } from "../../cli/context.ts";
import { fail } from "../../errors.ts";
import { openVaultRoom } from "../../platform/session.ts";
import { textOf } from "./ask.ts";
import { privateFolder, sweep, wipe } from "./memory.ts";
import { type InContext, placed, tellReaders } from "./values.ts";

export interface EditOptions extends InContext {
  readonly name: string;
  /** Where no memory file system is, the file may lie on the disk. */
  readonly onDisk: boolean;
}

/** Vim keeps copies elsewhere: swap, undo, and what was deleted in its history of registers. */
const vimOptions = ["-n", "-i", "NONE", "--cmd", "set nobackup nowritebackup noundofile"] as const;

/** The operator's editor with a file; its own words are read by a shell, as git does. */
function start(editor: string, folder: string, file: string): ChildProcess {
  const [program = ""] = editor.split(/\s/);
  const more = /(^|\/)n?vim$/.test(program) ? vimOptions : [];
  return spawn("sh", ["-c", 'editor=$1; shift; eval "exec $editor \\"\\$@\\""', "sh", editor, ...more, file], {
    stdio: "inherit",
    env: { ...process.env, TMPDIR: folder },
  });
}

/** Lets the editor change a text that lies in memory only while it runs, and is wiped however this ends short of kill -9. */
async function editText(folder: string, name: string, text: string, signal: AbortSignal): Promise<string> {
  const file = join(folder, name);
  let child: ChildProcess | undefined;
  const leave = (): void => wipe(folder);
  const hangUp = (): void => {
    child?.kill();
    process.exit(exitCodes.interrupted);
  };
  const stop = (): void => void child?.kill();
  process.on("exit", leave);
  process.on("SIGHUP", hangUp);
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    // Editors want a line end at the end; it is taken away again where there was none.
    const whole = text === "" || text.endsWith("\n");
    await writeFile(file, whole ? text : `${text}\n`, { mode: 0o600, flag: "wx" });
    const editor =
      [process.env.VISUAL, process.env.EDITOR, "vi"].find((one) => one !== undefined && one !== "") ?? "vi";
    child = start(editor, folder, file);
    const running = child;
    const code = await new Promise<number | null>((resolve, reject) => {
      running.once("error", reject);
      running.once("close", resolve);
    });
    signal.throwIfAborted();
    if (code !== 0) throw fail("ops.editor", `the editor ended with ${code ?? "a signal"}; nothing was set`);
    const edited = textOf(await readFile(file), name);
    return text.endsWith("\n") ? edited : edited.replace(/\r?\n$/, "");
  } finally {
    wipe(folder);
    process.off("exit", leave);
    process.off("SIGHUP", hangUp);
    signal.removeEventListener("abort", stop);
  }
}

export async function editSecret(context: Context, options: EditOptions): Promise<number> {
  const { out, signal } = context;
  const { name } = options;
  const room = await openVaultRoom(context, options.context);
  const { vault } = room;
  await sweep();
  const unlessMissing = (error: unknown): undefined => {
    if (!(error instanceof SlipwayError && error.code === "secret.missing")) throw error;
  };
  const versionBefore = await vault.version(name).catch(unlessMissing);
  const before = await vault.get(name).catch(unlessMissing);
  const folder = await privateFolder(options.onDisk);
  if (folder === undefined) throw fail("ops.no-memory", "there is no file system in memory for the value to lie in");
  const after = await editText(folder, name, before ?? "", signal);
  if (after === (before ?? "")) {
    out.result("nothing was changed", { ok: true, name, changed: false });
    return exitCodes.done;
  }
  if (after === "") throw fail("ops.empty-secret", `the value of ${name} is empty; nothing was set`);
  if ((await vault.version(name).catch(unlessMissing)) !== versionBefore)
    throw fail("ops.changed-meanwhile", `somebody else set ${name} meanwhile; nothing was set`);
  await vault.set(name, after);
  const readers = await tellReaders(context, room, name);
  out.result(`${placed(name, vault.context)} is set, for ${readers.join(", ")}`, { ok: true, name, changed: true });
  return exitCodes.done;
}
