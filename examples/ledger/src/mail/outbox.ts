import { readFile } from "node:fs/promises";
import { type AppendFile, openForAppend } from "../stream/log.ts";
import type { Mail } from "./mails.ts";

/** The mails sent, one JSON object a line. It is the checkpoint too: the last line says which event was told last. */
export interface Outbox {
  /** Offset of the last event told; 0 before the first. */
  readonly offset: number;
  /** Appends the mails of events after `offset` in one write, synced; earlier ones were sent before and are left out. */
  send(mails: readonly Mail[]): Promise<number>;
  close(): Promise<void>;
}

/** Opens it and cuts a torn last line: that mail is sent again, whole. */
export const openOutbox = async (path: string, now: () => string): Promise<Outbox> => {
  const content = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return Buffer.alloc(0);
    throw cause;
  });
  const whole = content.subarray(0, content.lastIndexOf(10) + 1);
  const last = whole.toString("utf8").trimEnd().split("\n").at(-1) ?? "";
  let offset = last === "" ? 0 : (JSON.parse(last) as Mail).offset;
  const file: AppendFile = await openForAppend(path, whole.length);
  return {
    get offset() {
      return offset;
    },
    async send(mails) {
      const fresh = mails.filter((mail) => mail.offset > offset);
      if (fresh.length === 0) return 0;
      await file.write(fresh.map((mail) => `${JSON.stringify({ ...mail, sentAt: now() })}\n`).join(""));
      await file.sync();
      offset = fresh.at(-1)?.offset ?? offset;
      return fresh.length;
    },
    close: () => file.close(),
  };
};
