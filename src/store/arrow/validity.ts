/** The validity bitmap of one column in one batch. A batch without NULLs has none. */
import { bitAt, copyBits, countClear, fillOnes } from './bits.ts';
import { EMPTY_BUFFER, GrowBuffer, type BodyBuffer } from './buffers.ts';
import type { Ranges } from './ranges.ts';

export class Validity {
  /** Rows so far. */
  rows = 0;
  /** NULLs among them. */
  nulls = 0;
  readonly #bits = new GrowBuffer();

  /** Adds the rows of `ranges`; true when any of them is NULL. */
  append(mask: Uint8Array | undefined, ranges: Ranges): boolean {
    let nulls = 0;
    if (mask !== undefined)
      for (let r = 0; r < ranges.count; r++) nulls += countClear(mask, ranges.starts[r]!, ranges.ends[r]!);
    if (nulls === 0) {
      this.#ones(ranges.rows);
      return false;
    }
    if (this.nulls === 0) this.#start();
    this.#room(ranges.rows);
    for (let r = 0; r < ranges.count; r++) {
      const from = ranges.starts[r]!;
      const count = ranges.ends[r]! - from;
      copyBits(this.#bits.bytes, this.rows, mask!, from, count);
      this.rows += count;
    }
    this.nulls += nulls;
    return true;
  }

  take(): { rows: number; nulls: number; buffer: BodyBuffer } {
    const { rows, nulls } = this;
    let buffer = EMPTY_BUFFER;
    if (nulls > 0) {
      // Bits behind the last row share its byte; they are cleared so that equal batches are equal bytes.
      if ((rows & 7) !== 0) this.#bits.bytes[rows >> 3]! &= (1 << (rows & 7)) - 1;
      buffer = this.#bits.take();
    }
    this.rows = 0;
    this.nulls = 0;
    return { rows, nulls, buffer };
  }

  #ones(count: number): void {
    if (this.nulls > 0) {
      this.#room(count);
      fillOnes(this.#bits.bytes, this.rows, count);
    }
    this.rows += count;
  }

  /** The first NULL of a batch: the rows before it get their bits. */
  #start(): void {
    this.#bits.length = 0;
    const bytes = (this.rows + 7) >> 3;
    this.#bits.reserve(bytes);
    fillOnes(this.#bits.bytes, 0, this.rows);
    this.#bits.length = bytes;
  }

  #room(more: number): void {
    const bytes = (this.rows + more + 7) >> 3;
    this.#bits.reserve(bytes - this.#bits.length);
    this.#bits.length = bytes;
  }
}

/**
 * Zeros what stands in NULL places. DuckDB leaves there whatever the expression last computed, possibly the very value
 * that a policy turned into NULL, and Arrow would carry it along. `at` is the place of the first value in `bytes`.
 */
export function clearNulls(
  bytes: Uint8Array,
  at: number,
  width: number,
  mask: Uint8Array,
  ranges: Ranges,
): void {
  let to = at;
  for (let r = 0; r < ranges.count; r++) {
    const end = ranges.ends[r]!;
    for (let row = ranges.starts[r]!; row < end;) {
      if ((row & 7) === 0 && mask[row >> 3] === 255 && row + 8 <= end) {
        row += 8;
        to += 8 * width;
        continue;
      }
      if (!bitAt(mask, row)) bytes.fill(0, to, to + width);
      row++;
      to += width;
    }
  }
}
