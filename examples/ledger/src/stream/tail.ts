import { type FileHandle, open } from "node:fs/promises";
import { decode, type Stored } from "./event.ts";

/** Follows an event file that another process may be writing. */
export interface Tail {
  /** Offset of the last event read; 0 before the first. */
  readonly offset: number;
  /** Byte after the last complete line read. */
  readonly position: number;
  /** The events that are complete since the last call. A line without its end is left for later. Calls run one after another. */
  read(): Promise<readonly Stored[]>;
  close(): Promise<void>;
}

const newline = 10;

/** Starts before the first event. The file need not exist yet. */
export const followFile = (path: string): Tail => {
  let offset = 0;
  let position = 0;
  let file: FileHandle | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const readMore = async (): Promise<readonly Stored[]> => {
    file ??= await openIfThere(path);
    if (file === undefined) return [];
    const events: Stored[] = [];
    let rest = Buffer.alloc(0);
    const chunk = Buffer.alloc(1 << 18);
    let at = position;
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) return events;
      at += bytesRead;
      rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      for (let end = rest.indexOf(newline); end !== -1; end = rest.indexOf(newline)) {
        events.push(decode(rest.toString("utf8", 0, end), offset + 1));
        offset += 1;
        position += end + 1;
        rest = rest.subarray(end + 1);
      }
    }
  };

  return {
    get offset() {
      return offset;
    },
    get position() {
      return position;
    },
    read() {
      const result = turn.then(readMore);
      turn = result.catch(() => {});
      return result;
    },
    async close() {
      await turn;
      await file?.close();
    },
  };
};

const openIfThere = async (path: string): Promise<FileHandle | undefined> => {
  try {
    return await open(path, "r");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
};
