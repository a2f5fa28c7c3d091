const block = 512;
const empty = (header: Buffer): boolean => header.every((byte) => byte === 0);
const octal = (header: Buffer, at: number, width: number): number => {
  if (((header[at] ?? 0) & 0x80) !== 0) throw new RangeError("a file of 8 GiB or more in an archive");
  return Number.parseInt(
    header
      .toString("latin1", at, at + width)
      .replaceAll("\0", " ")
      .trim() || "0",
    8,
  );
};

/** Gives a ustar header another owner, with its checksum. */
function own(header: Buffer, owner: number): Buffer {
  const changed = Buffer.from(header);
  const digits = `${owner.toString(8).padStart(7, "0")}\0`;
  changed.write(digits, 108, "latin1");
  changed.write(digits, 116, "latin1");
  changed.fill(" ", 148, 156);
  let sum = 0;
  for (const byte of changed) sum += byte;
  changed.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return changed;
}

/**
 * The members of a tar archive without its end, so that several can be joined; with `owner`, all belong to that number.
 * Streams: never more than one chunk is held. Throws RangeError on an archive that is cut off.
 */
export async function* members(archive: AsyncIterable<Uint8Array>, owner?: number): AsyncGenerator<Uint8Array> {
  let held = Buffer.alloc(0);
  let body = 0;
  let ended = false;
  for await (const chunk of archive) {
    // The padding after the end is read all the same: its writer would fail otherwise.
    if (ended) continue;
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
    for (;;) {
      if (body > 0) {
        const part = held.subarray(0, body);
        if (part.length === 0) break;
        body -= part.length;
        held = held.subarray(part.length);
        yield part;
        continue;
      }
      if (held.length < block) break;
      const header = held.subarray(0, block);
      if (empty(header)) {
        ended = true;
        break;
      }
      held = held.subarray(block);
      body = Math.ceil(octal(header, 124, 12) / block) * block;
      yield owner === undefined ? header : own(header, owner);
    }
  }
  if (!ended && (body > 0 || held.length > 0)) throw new RangeError("an archive ends in the middle of a file");
}

/** The bytes that end an archive. */
export const archiveEnd = (): Uint8Array => new Uint8Array(2 * block);

/** Joins archives into one. */
export async function* joined(...archives: readonly AsyncIterable<Uint8Array>[]): AsyncGenerator<Uint8Array> {
  for (const archive of archives) yield* archive;
  yield archiveEnd();
}
