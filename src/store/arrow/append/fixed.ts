/** Values of a fixed width: copied as they are, or through a conversion into a scratch buffer. */
import type { Data } from 'apache-arrow';
import { bitAt } from '../bits.ts';
import { swapUuids } from '../columns/uuid.ts';
import type { DecimalBytes } from '../columns/decimal.ts';
import { malformedError, rangeError } from '../failures.ts';
import type { Vector } from '../vector.ts';
import { bytesIn, checkRows, fixedBytes, maskBytes, putBytes, putValidity, rowMask } from './raw.ts';
import type { Writer } from './writer.ts';

/** Looks at the values before they are copied; `mask` says which ones count. */
export type Check = (bytes: Uint8Array, mask: Uint8Array | undefined, count: number) => void;

export function copyWriter(path: string, width: number, check?: Check): Writer {
  return {
    rows: (data) => Math.floor(bytesIn(data) / width),
    write(vector, data, from, count, parent) {
      const bytes = fixedBytes(data, path, from, count, width);
      const mask = rowMask(data, path, from, count, parent);
      check?.(bytes, mask, count);
      putBytes(vector, bytes);
      putValidity(vector, mask);
    },
  };
}

/** `convert` gives the bytes for DuckDB; it must look only at rows that `mask` lets through. */
export function convertingWriter(
  path: string,
  width: number,
  convert: (bytes: Uint8Array, mask: Uint8Array | undefined, count: number) => Uint8Array,
): Writer {
  return {
    rows: (data) => Math.floor(bytesIn(data) / width),
    write(vector, data, from, count, parent) {
      const bytes = fixedBytes(data, path, from, count, width);
      const mask = rowMask(data, path, from, count, parent);
      putBytes(vector, convert(bytes, mask, count));
      putValidity(vector, mask);
    },
  };
}

export function booleanWriter(path: string): Writer {
  return {
    rows: (data) => bytesIn(data) * 8 - data.offset,
    write(vector: Vector, data: Data, from: number, count: number, parent: Uint8Array | undefined) {
      checkRows(data, path, from, count);
      const bits = data.values as Uint8Array;
      const start = data.offset + from;
      if (bits.length * 8 < start + count) throw malformedError(path, 'the values are shorter than the rows');
      const bytes = new Uint8Array(count);
      for (let i = 0; i < count; i++) bytes[i] = bitAt(bits, start + i) ? 1 : 0;
      putBytes(vector, bytes);
      putValidity(vector, rowMask(data, path, from, count, parent));
    },
  };
}

/** A column without values. Nothing stands behind the number of rows that it claims, so within a list it has none. */
export function nullWriter(path: string): Writer {
  return {
    rows: () => 0,
    write(vector, data, from, count) {
      checkRows(data, path, from, count);
      putValidity(vector, new Uint8Array(maskBytes(count)));
    },
  };
}

/** A time of day in `perSecond` parts of a second; the engine trusts it to lie within 24 hours. */
export function timeWriter(path: string, perSecond: bigint): Writer {
  const max = 86_400n * perSecond;
  return copyWriter(path, 8, (bytes, mask, count) => {
    const values = longs(bytes);
    for (let i = 0; i < count; i++)
      if (holds(mask, i) && (values[i]! < 0n || values[i]! > max))
        throw rangeError(path, 'a time of day outside 0 to 24 hours', 'Correct the source.');
  });
}

/** TIMETZ: 40 bits of microseconds, then 24 bits of offset in seconds, counted down from +15:59:59. */
export function timeTzWriter(path: string): Writer {
  const micros = 86_400_000_000n;
  const offsets = 2n * 57_599n;
  return copyWriter(path, 8, (bytes, mask, count) => {
    const values = longs(bytes);
    for (let i = 0; i < count; i++) {
      if (!holds(mask, i)) continue;
      const value = BigInt.asUintN(64, values[i]!);
      if (value >> 24n > micros || (value & 0xffffffn) > offsets)
        throw rangeError(path, 'a time of day or an offset that does not exist', 'Correct the source.');
    }
  });
}

/** Seconds or milliseconds to microseconds. */
export function scaledTimestampWriter(path: string, factor: bigint): Writer {
  return convertingWriter(path, 8, (bytes, mask, count) => {
    const values = longs(bytes);
    const out = new BigInt64Array(count);
    for (let i = 0; i < count; i++) {
      if (!holds(mask, i)) continue;
      const micros = values[i]! * factor;
      if (BigInt.asIntN(64, micros) !== micros)
        throw rangeError(path, 'a time that microseconds cannot count', 'Correct the source.');
      out[i] = micros;
    }
    return new Uint8Array(out.buffer);
  });
}

export function uuidWriter(path: string): Writer {
  return convertingWriter(path, 16, (bytes, _mask, count) => {
    const out = new Uint8Array(count * 16);
    swapUuids(bytes, 0, out, 0, count, false);
    return out;
  });
}

/** Month-day-nano to months, days and microseconds. */
export function intervalWriter(path: string): Writer {
  return convertingWriter(path, 16, (bytes, mask, count) => {
    const copy = bytes.slice();
    const times = longs(copy);
    for (let i = 0; i < count; i++) {
      if (!holds(mask, i)) continue;
      const nanos = times[i * 2 + 1]!;
      if (nanos % 1000n !== 0n)
        throw rangeError(path, 'an interval with a part of a microsecond', 'Round it in the source.');
      times[i * 2 + 1] = nanos / 1000n;
    }
    return copy;
  });
}

/** decimal128 to the 2, 4, 8 or 16 bytes in which DuckDB keeps `digits`. */
export function decimalWriter(path: string, digits: number, bytes: DecimalBytes): Writer {
  const limit = 10n ** BigInt(digits);
  const near = 10 ** digits * (1 - 1e-9);
  const tooLarge = () =>
    rangeError(path, `a decimal of more than ${digits} digits`, 'Widen the column, or round in the source.');
  return convertingWriter(path, 16, (source, mask, count) => {
    const words = aligned(source, 4, (b) => new Int32Array(b.buffer, b.byteOffset, count * 4));
    const out = new Uint8Array(count * bytes);
    const narrow =
      bytes === 2 ? new Int16Array(out.buffer) : bytes === 16 ? undefined : new Int32Array(out.buffer);
    for (let i = 0, k = 0; i < count; i++, k += 4) {
      if (!holds(mask, i)) continue;
      const low = words[k]!;
      const high = words[k + 1]!;
      const sign = high >> 31;
      const wide = words[k + 2] !== sign || words[k + 3] !== sign;
      if (wide || Math.abs(high * 4294967296 + (low >>> 0)) >= near) {
        const value = int128(words, k);
        if (value >= limit || value <= -limit) throw tooLarge();
      }
      if (narrow === undefined) out.set(source.subarray(i * 16, i * 16 + 16), i * 16);
      else if (bytes === 8) {
        narrow[i * 2] = low;
        narrow[i * 2 + 1] = high;
      } else narrow[i] = low;
    }
    return out;
  });
}

/** decimal128(_, 0) to a 128-bit integer: the same bytes. */
export function hugeintWriter(path: string, signed: boolean): Writer {
  return copyWriter(path, 16, (bytes, mask, count) => {
    if (signed) return;
    for (let i = 0; i < count; i++)
      if (holds(mask, i) && (bytes[i * 16 + 15]! & 0x80) !== 0)
        throw rangeError(path, 'a negative number for an unsigned column', 'Use HUGEINT.');
  });
}

function holds(mask: Uint8Array | undefined, row: number): boolean {
  return mask === undefined || bitAt(mask, row);
}

function int128(words: Int32Array, at: number): bigint {
  const word = (i: number): bigint => BigInt(words[at + i]! >>> 0);
  return (BigInt(words[at + 3]!) << 96n) | (word(2) << 64n) | (word(1) << 32n) | word(0);
}

function longs(bytes: Uint8Array): BigInt64Array {
  return aligned(bytes, 8, (b) => new BigInt64Array(b.buffer, b.byteOffset, b.byteLength >> 3));
}

/** A view needs alignment; data that was read from the middle of a file may lack it. */
function aligned<T>(bytes: Uint8Array, width: number, view: (bytes: Uint8Array) => T): T {
  return view(bytes.byteOffset % width === 0 ? bytes : bytes.slice());
}
