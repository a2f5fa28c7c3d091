import { errorsOf } from "@slipway/model";

/** Every error of this package. */
export const fail = errorsOf({
  "journal.corrupt": {
    exitCode: 1,
    hint: "The disk or somebody changed the file. Keep it for inspection, and go on from a backup or a new journal.",
  },
  "journal.locked": { exitCode: 5, hint: "Wait for the other process to end; its lock ends with it." },
  "journal.conflict": { exitCode: 5, hint: "Somebody else appended; read the journal again and decide anew." },
  "journal.write": { exitCode: 1, hint: "Check the free space and the disk; the record was not kept." },
  "journal.broken": { exitCode: 1, hint: "Open the journal again; what it acknowledged is on the disk." },
  "journal.closed": { exitCode: 1, hint: "The journal was disposed before this call." },
  "journal.missing": { exitCode: 1, hint: "Check the path." },
});
