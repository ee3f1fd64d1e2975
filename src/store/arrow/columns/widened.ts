/**
 * Values of a fixed width that change their form on the way: decimals to 16 bytes, UUIDs to network order, intervals to
 * nanoseconds. `convert` writes whole rows; what it finds in NULL places is zeroed afterwards.
 */
import { GrowBuffer } from '../buffers.ts';
import type { Ranges } from '../ranges.ts';
import { Validity, clearNulls } from '../validity.ts';
import { readData, readValidity, type Vector } from '../vector.ts';
import type { BatchParts, Column } from './column.ts';

/** Bytes of every Arrow value this column makes. */
const WIDTH = 16;

export interface Widening {
  /** Bytes of a value in DuckDB. */
  readonly width: number;
  /** Writes `count` values of 16 bytes to `target` at byte `to`; `source` is at byte `from`. Both are aligned. */
  convert(source: Uint8Array, from: number, target: Uint8Array, to: number, count: number): void;
  /** Looks at the finished values, NULLs zeroed; throws when one does not fit. */
  check?(values: Uint8Array, from: number, count: number): void;
}

export class WidenedColumn implements Column {
  readonly #widening: Widening;
  readonly #values = new GrowBuffer();
  readonly #validity = new Validity();

  constructor(widening: Widening) {
    this.#widening = widening;
  }

  measure(_vector: Vector, ranges: Ranges): number {
    return ranges.rows * WIDTH;
  }

  append(vector: Vector, ranges: Ranges): void {
    const { width } = this.#widening;
    const values = this.#values;
    const data = readData(vector, ranges.end, width);
    values.reserve(ranges.rows * WIDTH);
    const first = values.length;
    for (let r = 0; r < ranges.count; r++) {
      const from = ranges.starts[r]!;
      const count = ranges.ends[r]! - from;
      this.#widening.convert(data, from * width, values.bytes, values.length, count);
      values.advance(count * WIDTH);
    }
    const mask = readValidity(vector, ranges.end);
    if (this.#validity.append(mask, ranges)) clearNulls(values.bytes, first, WIDTH, mask!, ranges);
    this.#widening.check?.(values.bytes, first, ranges.rows);
  }

  finish(parts: BatchParts): void {
    const { rows, nulls, buffer } = this.#validity.take();
    parts.nodes.push({ rows, nulls });
    parts.buffers.push(buffer, this.#values.take());
  }
}
