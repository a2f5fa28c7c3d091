import { fail } from "./errors.ts";

/** What a tar archive says of one entry. `size` bytes of content follow. */
export interface TarHeader {
  readonly name: string;
  readonly size: number;
  readonly type: "file" | "folder" | "link" | "other";
  readonly link?: string;
}

export interface TarEntry {
  readonly header: TarHeader;
  /** Content in pieces; read it before asking for the next entry, or it is skipped. */
  readonly body: AsyncIterable<Uint8Array>;
}

const block = 512;

/** Takes exact numbers of bytes from a stream of pieces. Holds one piece at most. */
class Bytes {
  readonly #source: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Up to `size` bytes; undefined at the end. */
  async some(size: number): Promise<Uint8Array | undefined> {
    while (this.#piece.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#piece = next.value;
    }
    const part = this.#piece.subarray(0, size);
    this.#piece = this.#piece.subarray(part.length);
    return part;
  }

  async *exactly(size: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let left = size; left > 0; ) {
      const part = await this.some(left);
      if (part === undefined) throw fail("deploy.tar", "the archive ends in the middle of an entry");
      left -= part.length;
      yield part;
    }
  }

  async whole(size: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const part of this.exactly(size)) parts.push(part);
    return Buffer.concat(parts);
  }

  async end(): Promise<void> {
    await this.#source.return?.();
  }
}

const padding = (size: number): number => (block - (size % block)) % block;

/**
 * Entries of a tar stream (ustar, with pax and GNU long names), in order, without holding contents in memory. Throws `deploy.tar` where
 * the bytes are no tar.
 */
export async function* tarEntries(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry, void, undefined> {
  const bytes = new Bytes(source);
  let renamed: { name?: string; link?: string; size?: number } = {};
  try {
    for (;;) {
      const first = await bytes.some(1);
      if (first === undefined) return;
      const header = Buffer.concat([first, await bytes.whole(block - 1)]);
      // The end is two empty blocks; what follows is padding, read so that the sender is not cut off.
      if (header.every((byte) => byte === 0)) {
        while ((await bytes.some(65_536)) !== undefined);
        return;
      }
      checkSum(header);
      const size = renamed.size ?? sizeOf(header);
      const kind = String.fromCharCode(header[156] ?? 0);
      if (kind === "x" || kind === "L" || kind === "K" || kind === "g") {
        if (size > 1_048_576) throw fail("deploy.tar", "a name in the archive is longer than 1 MiB");
        const content = await bytes.whole(size);
        await bytes.whole(padding(size));
        if (kind === "x") renamed = { ...renamed, ...pax(content) };
        if (kind === "L") renamed = { ...renamed, name: text(content) };
        if (kind === "K") renamed = { ...renamed, link: text(content) };
        continue;
      }
      const prefix = text(header.subarray(345, 500));
      const plain = text(header.subarray(0, 100));
      const ustar = text(header.subarray(257, 262)) === "ustar";
      const name = renamed.name ?? (ustar && prefix !== "" ? `${prefix}/${plain}` : plain);
      const link = renamed.link ?? text(header.subarray(157, 257));
      renamed = {};
      const body = bytes.exactly(size);
      const type = kind === "0" || kind === "\0" ? "file" : kind === "5" ? "folder" : kind === "2" ? "link" : "other";
      yield { header: { name, size, type, ...(type === "link" ? { link } : {}) }, body };
      for await (const _skipped of body);
      await bytes.whole(padding(size));
    }
  } finally {
    await bytes.end();
  }
}

const text = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
};

function sizeOf(header: Buffer): number {
  const field = header.subarray(124, 136);
  // GNU's base-256, for sizes that 11 octal digits cannot hold.
  if (((field[0] ?? 0) & 0x80) !== 0) return Number(field.readBigUInt64BE(4));
  const size = Number.parseInt(text(field).trim() || "0", 8);
  if (!Number.isSafeInteger(size) || size < 0) throw fail("deploy.tar", "an entry of the archive has no valid size");
  return size;
}

function checkSum(header: Buffer): void {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (Number.parseInt(text(header.subarray(148, 156)).trim(), 8) !== sum)
    throw fail("deploy.tar", "these bytes are no tar archive: a header's checksum is wrong");
}

function pax(content: Buffer): { name?: string; link?: string; size?: number } {
  const found: { name?: string; link?: string; size?: number } = {};
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(32, at);
    const length = Number(content.subarray(at, space).toString());
    if (space < 0 || !(length > 0)) throw fail("deploy.tar", "an extended header of the archive is damaged");
    const [key, value] = split(content.subarray(space + 1, at + length - 1).toString("utf8"));
    if (key === "path") found.name = value;
    if (key === "linkpath") found.link = value;
    if (key === "size") found.size = Number(value);
    at += length;
  }
  return found;
}

function split(line: string): [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

/** The 512 bytes before an entry's content. Names have at most 100 bytes. */
export function tarHeader(entry: { readonly name: string; readonly size: number; readonly link?: string }): Uint8Array {
  if (Buffer.byteLength(entry.name) > 100 || Buffer.byteLength(entry.link ?? "") > 100)
    throw fail("deploy.tar", `the name ${entry.name} is too long for the archive`);
  const header = Buffer.alloc(block);
  header.write(entry.name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${entry.size.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write(entry.link === undefined ? "0" : "2", 156);
  header.write(entry.link ?? "", 157);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** Zeros after an entry's content. */
export const tarPadding = (size: number): Uint8Array => new Uint8Array(padding(size));
/** The end of an archive. */
export const tarEnd: Uint8Array = new Uint8Array(2 * block);
