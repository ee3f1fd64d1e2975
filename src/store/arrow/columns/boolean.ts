/** BOOLEAN: a byte a row in DuckDB, a bit a row in Arrow. */
import { bitAt, setBit } from '../bits.ts';
import { GrowBuffer } from '../buffers.ts';
import type { Ranges } from '../ranges.ts';
import { Validity } from '../validity.ts';
import { readData, readValidity, type Vector } from '../vector.ts';
import type { BatchParts, Column } from './column.ts';

export class BooleanColumn implements Column {
  readonly #bits = new GrowBuffer();
  readonly #validity = new Validity();

  measure(_vector: Vector, ranges: Ranges): number {
    return (ranges.rows >> 3) + 1;
  }

  append(vector: Vector, ranges: Ranges): void {
    const data = readData(vector, ranges.end, 1);
    const start = this.#validity.rows;
    const bytes = (start + ranges.rows + 7) >> 3;
    this.#bits.reserve(bytes - this.#bits.length);
    this.#bits.length = bytes;
    const bits = this.#bits.bytes;
    let at = start;
    for (let r = 0; r < ranges.count; r++) at = pack(data, ranges.starts[r]!, ranges.ends[r]!, bits, at);
    const mask = readValidity(vector, ranges.end);
    if (this.#validity.append(mask, ranges)) clear(bits, start, mask!, ranges);
  }

  finish(parts: BatchParts): void {
    const { rows, nulls, buffer } = this.#validity.take();
    if ((rows & 7) !== 0) this.#bits.bytes[rows >> 3]! &= (1 << (rows & 7)) - 1;
    parts.nodes.push({ rows, nulls });
    parts.buffers.push(buffer, this.#bits.take());
  }
}

/** Bytes `[from, to)` as bits from bit `at` on; gives the bit after. Bytes under NULLs may be anything. */
function pack(data: Uint8Array, from: number, to: number, bits: Uint8Array, at: number): number {
  let row = from;
  let bit = at;
  for (; row < to && (bit & 7) !== 0; row++, bit++) setBit(bits, bit, (data[row]! & 1) !== 0);
  for (; row + 8 <= to; row += 8, bit += 8)
    bits[bit >> 3] =
      (data[row]! & 1) |
      ((data[row + 1]! & 1) << 1) |
      ((data[row + 2]! & 1) << 2) |
      ((data[row + 3]! & 1) << 3) |
      ((data[row + 4]! & 1) << 4) |
      ((data[row + 5]! & 1) << 5) |
      ((data[row + 6]! & 1) << 6) |
      ((data[row + 7]! & 1) << 7);
  for (; row < to; row++, bit++) setBit(bits, bit, (data[row]! & 1) !== 0);
  return bit;
}

function clear(bits: Uint8Array, at: number, mask: Uint8Array, ranges: Ranges): void {
  let bit = at;
  for (let r = 0; r < ranges.count; r++)
    for (let row = ranges.starts[r]!; row < ranges.ends[r]!; row++, bit++)
      if (!bitAt(mask, row)) setBit(bits, bit, false);
}
