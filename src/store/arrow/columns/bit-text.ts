/** BIT to text of 0 and 1, the most significant bit first, as DuckDB prints it. */
import type { Ranges } from '../ranges.ts';
import type { Vector } from '../vector.ts';
import type { BatchParts, Column } from './column.ts';
import { GrowBuffer } from '../buffers.ts';
import { Offsets } from './offsets.ts';
import { StringColumn } from './strings.ts';

const ZERO = 0x30;

export class BitTextColumn implements Column {
  readonly #raw: StringColumn;
  readonly #column: string;

  constructor(column: string) {
    this.#column = column;
    this.#raw = new StringColumn(column);
  }

  measure(vector: Vector, ranges: Ranges): number {
    return this.#raw.measure(vector, ranges) * 8;
  }

  append(vector: Vector, ranges: Ranges): void {
    this.#raw.append(vector, ranges);
  }

  finish(parts: BatchParts): void {
    const inner: BatchParts = { rows: parts.rows, nodes: [], buffers: [] };
    this.#raw.finish(inner);
    const [validity, offsets, bytes] = inner.buffers;
    const rows = inner.nodes[0]!.rows;
    const ends = new Int32Array(offsets!.bytes.buffer, offsets!.bytes.byteOffset, rows + 1);
    const text = new GrowBuffer();
    const places = new Offsets(this.#column);
    for (let row = 0; row < rows; row++) {
      const length = spell(bytes!.bytes.subarray(ends[row], ends[row + 1]), text);
      places.extend(1, length)[0] = text.length;
    }
    parts.nodes.push(...inner.nodes);
    parts.buffers.push(validity!, places.take(), text.take());
  }
}

/** The first byte says how many leading bits of the second do not count. Gives the digits written. */
function spell(bits: Uint8Array, text: GrowBuffer): number {
  if (bits.length === 0) return 0;
  const skipped = bits[0]!;
  const count = (bits.length - 1) * 8 - skipped;
  text.reserve(count);
  for (let i = 0; i < count; i++) {
    const at = skipped + i;
    text.bytes[text.length + i] = ZERO + ((bits[1 + (at >> 3)]! >> (7 - (at & 7))) & 1);
  }
  text.advance(count);
  return count;
}
