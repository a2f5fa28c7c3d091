export interface TarFile {
  /** Absolute path on the target. */
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Permission bits; default 0644. */
  readonly mode?: number;
}

/** A tar archive (ustar) of small files, owned by root; directories are left to the reader. The same files always give the same bytes. */
export function tar(files: readonly TarFile[]): Buffer {
  const parts: Buffer[] = [];
  for (const file of files) {
    const content = Buffer.from(file.content);
    parts.push(header(file.path.replace(/^\//, ""), content.length, file.mode ?? 0o644), content);
    parts.push(Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

function header(path: string, size: number, mode: number): Buffer {
  if (path.length > 100) throw new RangeError(`path too long for this archive: ${path}`);
  const block = Buffer.alloc(512);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, "0")}\0`;
  block.write(path, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write("        ", 148);
  block.write("0", 156);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
