/** DECIMAL of 2, 4, 8 or 16 bytes to decimal128: the sign is carried through the upper bytes. */
import { unreachable } from '../../../base/index.ts';
import type { Widening } from './widened.ts';

export type DecimalBytes = 2 | 4 | 8 | 16;

/** Bytes in which DuckDB keeps a decimal of `width` digits. */
export function decimalBytes(width: number): DecimalBytes {
  if (width <= 4) return 2;
  if (width <= 9) return 4;
  return width <= 18 ? 8 : 16;
}

export function decimal(bytes: DecimalBytes): Widening {
  switch (bytes) {
    case 2:
      return {
        width: 2,
        convert: (s, from, t, to, n) => extend(new Int16Array(s.buffer, s.byteOffset + from, n), t, to),
      };
    case 4:
      return {
        width: 4,
        convert: (s, from, t, to, n) => extend(new Int32Array(s.buffer, s.byteOffset + from, n), t, to),
      };
    case 8:
      return { width: 8, convert: extend64 };
    case 16:
      return { width: 16, convert: (s, from, t, to, n) => t.set(s.subarray(from, from + n * 16), to) };
    default:
      return unreachable(bytes);
  }
}

function extend(values: Int16Array | Int32Array, target: Uint8Array, to: number): void {
  const out = new Int32Array(target.buffer, target.byteOffset + to, values.length * 4);
  for (let i = 0, k = 0; i < values.length; i++, k += 4) {
    const value = values[i]!;
    const sign = value >> 31;
    out[k] = value;
    out[k + 1] = sign;
    out[k + 2] = sign;
    out[k + 3] = sign;
  }
}

function extend64(source: Uint8Array, from: number, target: Uint8Array, to: number, count: number): void {
  const values = new Int32Array(source.buffer, source.byteOffset + from, count * 2);
  const out = new Int32Array(target.buffer, target.byteOffset + to, count * 4);
  for (let i = 0, k = 0; i < values.length; i += 2, k += 4) {
    const high = values[i + 1]!;
    const sign = high >> 31;
    out[k] = values[i]!;
    out[k + 1] = high;
    out[k + 2] = sign;
    out[k + 3] = sign;
  }
}
