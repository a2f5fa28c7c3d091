import { type ByteReader, type ByteWriter, byteReader, byteWriter } from "./bytes.ts";

/** Samples side by side: `columns[c][n]` was seen at `times[n]` (whole ms since 1970, in any order). */
export interface Block {
  readonly times: readonly number[];
  readonly columns: readonly (readonly number[])[];
}

const maxTime = 2 ** 50;
const maxDecimals = 4;
const asBits = 255;

/**
 * Packs a block. Times: the difference between successive differences, so that a steady interval costs one byte a sample.
 * A column whose values are short decimals: differences of whole numbers, as varints. Any other column: each value XORed with the
 * one before, as in Gorilla (Pelkonen et al., VLDB 2015, section 4.1.2). {@link unpack} gives back exactly the same bits of every number.
 */
export function pack(block: Block): Uint8Array {
  const out = byteWriter();
  out.varint(block.times.length);
  out.varint(block.columns.length);
  let last = 0;
  let lastDelta = 0;
  for (const time of block.times) {
    if (!Number.isInteger(time) || Math.abs(time) > maxTime) throw new RangeError(`not a time in whole ms: ${time}`);
    const delta = time - last;
    out.varint(delta - lastDelta);
    last = time;
    lastDelta = delta;
  }
  for (const column of block.columns) {
    if (column.length !== block.times.length) throw new RangeError("every column needs one value a time");
    const decimals = decimalsOf(column);
    out.byte(decimals ?? asBits);
    if (decimals === undefined) packBits(out, column);
    else packDecimals(out, column, 10 ** decimals);
  }
  return out.bytes();
}

/** The block that was packed. Throws RangeError for bytes that are cut short. */
export function unpack(bytes: Uint8Array): Block {
  const from = byteReader(bytes);
  const length = from.varint();
  const width = from.varint();
  const times: number[] = [];
  let last = 0;
  let delta = 0;
  for (let n = 0; n < length; n += 1) {
    delta += from.varint();
    last += delta;
    times.push(last);
  }
  const columns: number[][] = [];
  for (let c = 0; c < width; c += 1) {
    const kind = from.byte();
    columns.push(kind === asBits ? unpackBits(from, length) : unpackDecimals(from, length, 10 ** kind));
  }
  return { times, columns };
}

/** The fewest decimal places that hold every value exactly; undefined when 4 do not. */
function decimalsOf(column: readonly number[]): number | undefined {
  for (let decimals = 0; decimals <= maxDecimals; decimals += 1) {
    const scale = 10 ** decimals;
    if (column.every((value) => isWhole(value, scale))) return decimals;
  }
  return undefined;
}

function isWhole(value: number, scale: number): boolean {
  const scaled = Math.round(value * scale);
  // Whole numbers know no -0, so it is left to the bits.
  return !Object.is(value, -0) && Math.abs(scaled) < maxTime && Object.is(scaled / scale, value);
}

function packDecimals(out: ByteWriter, column: readonly number[], scale: number): void {
  let last = 0;
  for (const value of column) {
    const scaled = Math.round(value * scale);
    out.varint(scaled - last);
    last = scaled;
  }
}

function unpackDecimals(from: ByteReader, length: number, scale: number): number[] {
  const column: number[] = [];
  let last = 0;
  for (let n = 0; n < length; n += 1) {
    last += from.varint();
    column.push(last / scale);
  }
  return column;
}

interface Window {
  leading: number;
  size: number;
}

/** 0: same value. 10: the bits that differ lie in the window used last. 11: 6 bits leading zeros, 6 bits size - 1, the bits. */
function packBits(out: ByteWriter, column: readonly number[]): void {
  const view = new DataView(new ArrayBuffer(8));
  let high = 0;
  let low = 0;
  const window: Window = { leading: 0, size: 0 };
  for (const value of column) {
    view.setFloat64(0, value);
    const nowHigh = view.getUint32(0);
    const nowLow = view.getUint32(4);
    const xorHigh = (nowHigh ^ high) >>> 0;
    const xorLow = (nowLow ^ low) >>> 0;
    high = nowHigh;
    low = nowLow;
    if (xorHigh === 0 && xorLow === 0) {
      out.bits(0, 1);
      continue;
    }
    const leading = xorHigh === 0 ? 32 + Math.clz32(xorLow) : Math.clz32(xorHigh);
    const trailing = xorLow === 0 ? 32 + trailingZeros(xorHigh) : trailingZeros(xorLow);
    if (window.size > 0 && leading >= window.leading && 64 - trailing <= window.leading + window.size) {
      out.bits(0b10, 2);
    } else {
      window.leading = leading;
      window.size = 64 - leading - trailing;
      out.bits(0b11, 2);
      out.bits(leading, 6);
      out.bits(window.size - 1, 6);
    }
    bitsOf(out, xorHigh, xorLow, window);
  }
  out.align();
}

const trailingZeros = (word: number): number => 31 - Math.clz32(word & -word);

/** Writes the window's bits of a 64-bit word, given as two halves. */
function bitsOf(out: ByteWriter, high: number, low: number, window: Window): void {
  const end = window.leading + window.size;
  const inHigh = Math.min(end, 32) - window.leading;
  if (inHigh > 0) out.bits(high >>> (32 - window.leading - inHigh), inHigh);
  const lowFrom = Math.max(window.leading, 32);
  const inLow = end - lowFrom;
  if (inLow > 0) out.bits(low >>> (64 - end), inLow);
}

function unpackBits(from: ByteReader, length: number): number[] {
  const view = new DataView(new ArrayBuffer(8));
  const column: number[] = [];
  const window: Window = { leading: 0, size: 0 };
  for (let n = 0; n < length; n += 1) {
    if (from.bits(1) === 1) {
      if (from.bits(1) === 1) {
        window.leading = from.bits(6);
        window.size = from.bits(6) + 1;
      }
      const end = window.leading + window.size;
      const inHigh = Math.min(end, 32) - window.leading;
      const inLow = end - Math.max(window.leading, 32);
      const high = inHigh > 0 ? from.bits(inHigh) * 2 ** (32 - window.leading - inHigh) : 0;
      const low = inLow > 0 ? from.bits(inLow) * 2 ** (64 - end) : 0;
      view.setUint32(0, (view.getUint32(0) ^ high) >>> 0);
      view.setUint32(4, (view.getUint32(4) ^ low) >>> 0);
    }
    column.push(view.getFloat64(0));
  }
  from.align();
  return column;
}
