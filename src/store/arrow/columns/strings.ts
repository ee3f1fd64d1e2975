/** VARCHAR and BLOB: int32 offsets and the bytes one after the other. */
import { bitAt } from '../bits.ts';
import { GrowBuffer } from '../buffers.ts';
import type { Ranges } from '../ranges.ts';
import { Validity } from '../validity.ts';
import { readData, readValidity, type Vector } from '../vector.ts';
import type { BatchParts, Column } from './column.ts';
import { Offsets } from './offsets.ts';
import { HEADER, INLINE, Stretch, address, type Headers } from './string-memory.ts';

/** Short texts are written as three whole words, so up to this many bytes behind the last one are touched. */
const SLACK = INLINE;

export class StringColumn implements Column {
  readonly #offsets: Offsets;
  readonly #text = new GrowBuffer();
  readonly #validity = new Validity();
  readonly #stretch = new Stretch();
  /** What `measure` read: `append` of the same rows follows in the same synchronous stretch. */
  #measured: Measured | undefined;

  constructor(column: string) {
    this.#offsets = new Offsets(column);
  }

  measure(vector: Vector, ranges: Ranges): number {
    this.#measured = measured(vector, ranges);
    return ranges.rows * 4 + this.#measured.total;
  }

  append(vector: Vector, ranges: Ranges): void {
    if (ranges.rows === 0) return;
    const known = this.#measured;
    const { rows, total } = known?.ranges === ranges ? known : measured(vector, ranges);
    this.#measured = undefined;
    const offsets = this.#offsets.extend(ranges.rows, total);
    this.#text.reserve(total + SLACK);
    let at = 0;
    for (let r = 0; r < ranges.count; r++)
      at = this.#copy(rows, ranges.starts[r]!, ranges.ends[r]!, offsets, at);
    this.#stretch.clear();
    this.#validity.append(rows.mask, ranges);
  }

  finish(parts: BatchParts): void {
    const { rows, nulls, buffer } = this.#validity.take();
    parts.nodes.push({ rows, nulls });
    parts.buffers.push(buffer, this.#offsets.take(), this.#text.take());
  }

  /** Copies the text of rows `[from, to)`; writes the end of each to `offsets` from `at` on; gives the place after. */
  #copy(rows: Headers, from: number, to: number, offsets: Int32Array, at: number): number {
    const { words, mask } = rows;
    const text = this.#text.bytes;
    const view = new DataView(text.buffer, text.byteOffset, text.byteLength);
    const stretch = this.#stretch;
    let end = this.#text.length;
    let place = at;
    let row = from;
    while (row < to) {
      if (mask !== undefined && !bitAt(mask, row)) {
        offsets[place++] = end;
        row++;
        continue;
      }
      const word = row * 4;
      const length = words[word]!;
      if (length <= INLINE) {
        view.setUint32(end, words[word + 1]!, true);
        if (length > 4) {
          view.setUint32(end + 4, words[word + 2]!, true);
          view.setUint32(end + 8, words[word + 3]!, true);
        }
        end += length;
        offsets[place++] = end;
        row++;
        continue;
      }
      const start = address(words, row);
      if (!stretch.holds(start, length)) stretch.open(rows, row, to);
      // Texts that follow each other in memory without a gap are one copy.
      let stop = start + length;
      const shift = end - start;
      offsets[place++] = end + length;
      for (row++; row < to; row++) {
        if (mask !== undefined && !bitAt(mask, row)) {
          offsets[place++] = stop + shift;
          continue;
        }
        const next = words[row * 4]!;
        if (next <= INLINE || address(words, row) !== stop || stop + next > stretch.end) break;
        stop += next;
        offsets[place++] = stop + shift;
      }
      const first = start - stretch.start;
      text.set(stretch.bytes.subarray(first, first + stop - start), end);
      end += stop - start;
    }
    this.#text.length = end;
    return place;
  }
}

interface Measured {
  /** By identity: the rows of one vector, which lives as long as they are read. */
  readonly ranges: Ranges;
  readonly rows: Headers;
  /** Bytes of text. */
  readonly total: number;
}

function measured(vector: Vector, ranges: Ranges): Measured {
  const rows = headers(vector, ranges.end);
  return { ranges, rows, total: textBytes(rows, ranges) };
}

function headers(vector: Vector, rows: number): Headers {
  const data = readData(vector, rows, HEADER);
  return {
    words: new Uint32Array(data.buffer, data.byteOffset, rows * 4),
    mask: readValidity(vector, rows),
  };
}

/** Bytes of text in the rows that are not NULL. */
function textBytes({ words, mask }: Headers, ranges: Ranges): number {
  let total = 0;
  for (let r = 0; r < ranges.count; r++) {
    const end = ranges.ends[r]!;
    for (let row = ranges.starts[r]!; row < end; row++)
      if (mask === undefined || bitAt(mask, row)) total += words[row * 4]!;
  }
  return total;
}
