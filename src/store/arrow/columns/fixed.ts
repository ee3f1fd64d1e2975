/** Values of a fixed width whose bytes are the same in DuckDB and Arrow: one copy a range. */
import { GrowBuffer } from '../buffers.ts';
import type { Ranges } from '../ranges.ts';
import { Validity, clearNulls } from '../validity.ts';
import { readData, readValidity, type Vector } from '../vector.ts';
import type { BatchParts, Column } from './column.ts';

export class FixedColumn implements Column {
  readonly #width: number;
  readonly #values = new GrowBuffer();
  readonly #validity = new Validity();

  /** `width` in bytes. */
  constructor(width: number) {
    this.#width = width;
  }

  measure(_vector: Vector, ranges: Ranges): number {
    return ranges.rows * this.#width;
  }

  append(vector: Vector, ranges: Ranges): void {
    const width = this.#width;
    const values = this.#values;
    const data = readData(vector, ranges.end, width);
    values.reserve(ranges.rows * width);
    const first = values.length;
    for (let r = 0; r < ranges.count; r++) {
      const slice = data.subarray(ranges.starts[r]! * width, ranges.ends[r]! * width);
      values.bytes.set(slice, values.length);
      values.advance(slice.length);
    }
    const mask = readValidity(vector, ranges.end);
    if (this.#validity.append(mask, ranges)) clearNulls(values.bytes, first, width, mask!, ranges);
  }

  finish(parts: BatchParts): void {
    const { rows, nulls, buffer } = this.#validity.take();
    parts.nodes.push({ rows, nulls });
    parts.buffers.push(buffer, this.#values.take());
  }
}
