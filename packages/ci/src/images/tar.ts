import { createReadStream } from "node:fs";

/** One member of an archive. Everything that could differ between two runs (time, owner names, order) is fixed or given. */
export type TarEntry = {
  /** Relative, without leading "/": `usr/bin/node`. */
  readonly path: string;
  readonly mode: number;
  /** Numeric owner; group the same. Default 0. */
  readonly owner?: number;
} & TarContent;

export type TarContent =
  | { readonly kind: "folder" }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "copy"; readonly from: string; readonly sizeBytes: number };

const block = 512;

const sizeOf = (entry: TarEntry): number =>
  entry.kind === "bytes" ? entry.bytes.length : entry.kind === "copy" ? entry.sizeBytes : 0;

/** Bytes that an archive of these entries takes, end marker included. */
export const tarSize = (entries: readonly TarEntry[]): number =>
  entries.reduce((sum, entry) => sum + block + Math.ceil(sizeOf(entry) / block) * block, 2 * block);

const typeFlag = { folder: "5", link: "2", bytes: "0", copy: "0" } as const;

/** One ustar header (POSIX.1-1988). Throws on a path over 100 bytes or a file of 8 GiB and more: no image here needs them. */
export const tarHeader = (entry: TarEntry): Uint8Array => {
  const header = new Uint8Array(block);
  const put = (at: number, text: string) => header.set(Buffer.from(text, "latin1"), at);
  const octal = (at: number, width: number, value: number) => put(at, value.toString(8).padStart(width - 1, "0"));
  const name = entry.kind === "folder" ? `${entry.path}/` : entry.path;
  const target = entry.kind === "link" ? entry.target : "";
  if (Buffer.byteLength(name) > 100 || Buffer.byteLength(target) > 100 || sizeOf(entry) >= 8 ** 11) {
    throw new RangeError(`${entry.path} does not fit a ustar header`);
  }
  header.set(Buffer.from(name), 0);
  octal(100, 8, entry.mode);
  octal(108, 8, entry.owner ?? 0);
  octal(116, 8, entry.owner ?? 0);
  octal(124, 12, sizeOf(entry));
  octal(136, 12, 0);
  put(148, "        ");
  put(156, typeFlag[entry.kind]);
  header.set(Buffer.from(target), 157);
  put(257, "ustar\u000000");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\u0000 `);
  return header;
};

/** The archive, chunk by chunk: files are read while they are sent. Entries keep their order. */
export async function* tar(entries: readonly TarEntry[]): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    yield tarHeader(entry);
    const size = sizeOf(entry);
    if (entry.kind === "bytes") yield entry.bytes;
    if (entry.kind === "copy") {
      let sent = 0;
      for await (const chunk of createReadStream(entry.from, { highWaterMark: 1 << 20 })) {
        sent += chunk.length;
        yield chunk;
      }
      if (sent !== size) throw new Error(`${entry.from} changed while it was read`);
    }
    if (size % block !== 0) yield new Uint8Array(block - (size % block));
  }
  yield new Uint8Array(2 * block);
}

/** Adds the folders that the entries need and sorts by path, so that equal contents make equal bytes. Later entries win. */
export const complete = (entries: readonly TarEntry[]): readonly TarEntry[] => {
  const byPath = new Map<string, TarEntry>();
  for (const entry of entries) {
    const parts = entry.path.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const path = parts.slice(0, depth).join("/");
      if (!byPath.has(path)) byPath.set(path, { path, kind: "folder", mode: 0o755 });
    }
    byPath.set(entry.path, entry);
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
};
