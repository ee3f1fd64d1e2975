/**
 * Arrow data as bytes, with every bound checked: what follows are raw memory copies into the engine, and the data may
 * come from a peer. Positions count rows of the (possibly sliced) data.
 */
import type { Data } from 'apache-arrow';
import duckdb from '@duckdb/node-bindings';
import { bitAt, copyBits, setBit } from '../bits.ts';
import { malformedError } from '../failures.ts';
import type { Vector } from '../vector.ts';

/** `count` values of `width` bytes from row `from` on. */
export function fixedBytes(data: Data, path: string, from: number, count: number, width: number): Uint8Array {
  checkRows(data, path, from, count);
  const values = data.values as ArrayBufferView | undefined;
  const start = from * width;
  const end = start + count * width;
  if (values === undefined || values.byteLength < end)
    throw malformedError(path, 'the values are shorter than the rows');
  return new Uint8Array(values.buffer, values.byteOffset + start, count * width);
}

export function bytesIn(data: Data): number {
  return (data.values as ArrayBufferView | undefined)?.byteLength ?? 0;
}

/** Rows that the data's offsets span. */
export function offsetRows(data: Data): number {
  return Math.max(0, ((data.valueOffsets as ArrayLike<unknown> | undefined)?.length ?? 0) - 1);
}

export function checkRows(data: Data, path: string, from: number, count: number): void {
  if (from < 0 || from + count > data.length) throw malformedError(path, 'it has fewer rows than the batch');
}

/** The `count + 1` offsets from row `from` on, increasing and within `limit`. */
export function offsetsOf(data: Data, path: string, from: number, count: number, limit: number): Int32Array {
  checkRows(data, path, from, count);
  const all = data.valueOffsets as unknown as Int32Array | BigInt64Array | undefined;
  if (all === undefined || all.length < from + count + 1) throw malformedError(path, 'offsets are missing');
  const offsets =
    all instanceof BigInt64Array
      ? Int32Array.from({ length: count + 1 }, (_, i) => Number(all[from + i]!))
      : all.subarray(from, from + count + 1);
  let last = 0;
  for (let i = 0; i <= count; i++) {
    const offset = offsets[i]!;
    if (offset < last) throw malformedError(path, 'offsets run backwards');
    last = offset;
  }
  if (last > limit) throw malformedError(path, 'offsets point behind the values');
  return offsets;
}

/**
 * Validity of `count` rows from row `from` on, first row in bit 0: the rows' own and that of the rows that hold them.
 * Undefined when none is NULL.
 */
export function rowMask(
  data: Data,
  path: string,
  from: number,
  count: number,
  parent: Uint8Array | undefined,
): Uint8Array | undefined {
  const bits = data.nullBitmap;
  if (bits === undefined || bits.length === 0) return parent;
  const start = data.offset + from;
  if (bits.length * 8 < start + count)
    throw malformedError(path, 'the validity bitmap is shorter than the rows');
  const mask = new Uint8Array(maskBytes(count));
  copyBits(mask, 0, bits, start, count);
  if (parent !== undefined) for (let i = 0; i < mask.length; i++) mask[i]! &= parent[i]!;
  return mask;
}

/** Whole words, as the engine keeps them. */
export const maskBytes = (rows: number): number => ((rows + 63) >> 6) * 8;

/** Each bit `times` over: the validity of an array's rows for its elements. */
export function repeatBits(mask: Uint8Array, rows: number, times: number): Uint8Array {
  const out = new Uint8Array(maskBytes(rows * times));
  for (let row = 0; row < rows; row++)
    if (bitAt(mask, row)) for (let i = row * times; i < (row + 1) * times; i++) setBit(out, i, true);
  return out;
}

export function putBytes(vector: Vector, bytes: Uint8Array): void {
  duckdb.copy_data_to_vector(vector, 0, bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

export function putValidity(vector: Vector, mask: Uint8Array | undefined): void {
  if (mask === undefined) return;
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(
    vector,
    0,
    mask.buffer as ArrayBuffer,
    mask.byteOffset,
    mask.byteLength,
  );
}
