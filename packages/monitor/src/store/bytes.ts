/** Bytes that grow, with the two codes that chunks use. */
export interface ByteWriter {
  byte(value: number): void;
  /** A whole number of at most 2^53 in size, small ones in few bytes: zigzag, then 7 bits a byte. */
  varint(value: number): void;
  /** The lowest `count` (1 to 32) bits of `value`, highest first. */
  bits(value: number, count: number): void;
  /** Fills the last byte begun by `bits`. */
  align(): void;
  bytes(): Uint8Array;
}

export function byteWriter(): ByteWriter {
  let buffer = new Uint8Array(256);
  let length = 0;
  let current = 0;
  let free = 8;
  const byte = (value: number): void => {
    if (length === buffer.length) {
      const bigger = new Uint8Array(length * 2);
      bigger.set(buffer);
      buffer = bigger;
    }
    buffer[length] = value;
    length += 1;
  };
  return {
    byte,
    varint(value) {
      // Not with bit operators: those cut to 32 bits.
      let rest = value >= 0 ? value * 2 : -value * 2 - 1;
      while (rest >= 128) {
        byte((rest % 128) + 128);
        rest = Math.floor(rest / 128);
      }
      byte(rest);
    },
    bits(value, count) {
      let left = count;
      while (left > 0) {
        const taken = Math.min(left, free);
        const part = (value >>> (left - taken)) & (2 ** taken - 1);
        current |= part << (free - taken);
        free -= taken;
        left -= taken;
        if (free === 0) {
          byte(current);
          current = 0;
          free = 8;
        }
      }
    },
    align() {
      if (free === 8) return;
      byte(current);
      current = 0;
      free = 8;
    },
    bytes: () => buffer.slice(0, length),
  };
}

export interface ByteReader {
  byte(): number;
  varint(): number;
  bits(count: number): number;
  align(): void;
}

/** Reads what {@link byteWriter} wrote. Throws RangeError beyond the end. */
export function byteReader(bytes: Uint8Array): ByteReader {
  let at = 0;
  let current = 0;
  let left = 0;
  const byte = (): number => {
    const value = bytes[at];
    if (value === undefined) throw new RangeError("chunk is cut short");
    at += 1;
    return value;
  };
  return {
    byte,
    varint() {
      let value = 0;
      let scale = 1;
      for (;;) {
        const next = byte();
        value += (next & 127) * scale;
        if (next < 128) break;
        scale *= 128;
      }
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    },
    bits(count) {
      let value = 0;
      let wanted = count;
      while (wanted > 0) {
        if (left === 0) {
          current = byte();
          left = 8;
        }
        const taken = Math.min(wanted, left);
        value = value * 2 ** taken + ((current >>> (left - taken)) & (2 ** taken - 1));
        left -= taken;
        wanted -= taken;
      }
      return value;
    },
    align() {
      left = 0;
    },
  };
}
