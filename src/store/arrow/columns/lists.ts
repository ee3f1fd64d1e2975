/** LIST and MAP: int32 offsets and one child column. A map is a list of key-value structs in both worlds. */
import { bitAt } from '../bits.ts';
import { Ranges } from '../ranges.ts';
import { Validity } from '../validity.ts';
import { listChild, readData, readValidity, type Vector } from '../vector.ts';
import type { BatchParts, Column } from './column.ts';
import { Offsets } from './offsets.ts';

/** Bytes of a list entry: offset and length, uint64 each. */
const ENTRY = 16;

interface Entries {
  /** Four uint32 a row: offset low and high, length low and high. */
  readonly words: Uint32Array;
  readonly mask: Uint8Array | undefined;
}

export class ListColumn implements Column {
  readonly #child: Column;
  readonly #offsets: Offsets;
  readonly #validity = new Validity();

  constructor(column: string, child: Column) {
    this.#child = child;
    this.#offsets = new Offsets(column);
  }

  measure(vector: Vector, ranges: Ranges): number {
    const elements = elementRanges(entries(vector, ranges.end), ranges);
    // At least 4 bytes an element, so that no batch can have more elements than an offset counts.
    return ranges.rows * 4 + elements.rows * 4 + this.#child.measure(listChild(vector), elements);
  }

  append(vector: Vector, ranges: Ranges): void {
    const rows = entries(vector, ranges.end);
    const elements = elementRanges(rows, ranges);
    let end = this.#offsets.end;
    const offsets = this.#offsets.extend(ranges.rows, elements.rows);
    let place = 0;
    for (let r = 0; r < ranges.count; r++)
      for (let row = ranges.starts[r]!; row < ranges.ends[r]!; row++) {
        if (rows.mask === undefined || bitAt(rows.mask, row)) end += rows.words[row * 4 + 2]!;
        offsets[place++] = end;
      }
    this.#validity.append(rows.mask, ranges);
    if (elements.rows > 0) this.#child.append(listChild(vector), elements);
  }

  finish(parts: BatchParts): void {
    const { rows, nulls, buffer } = this.#validity.take();
    parts.nodes.push({ rows, nulls });
    parts.buffers.push(buffer, this.#offsets.take());
    this.#child.finish(parts);
  }
}

function entries(vector: Vector, rows: number): Entries {
  const data = readData(vector, rows, ENTRY);
  return {
    words: new Uint32Array(data.buffer, data.byteOffset, rows * 4),
    mask: readValidity(vector, rows),
  };
}

/**
 * The child rows in reading order. Scans give one range; entries that lie apart, overlap or run backwards give many,
 * and the child gathers them. A NULL row's entry may be anything and is not looked at.
 */
function elementRanges({ words, mask }: Entries, ranges: Ranges): Ranges {
  const elements = new Ranges();
  for (let r = 0; r < ranges.count; r++)
    for (let row = ranges.starts[r]!; row < ranges.ends[r]!; row++) {
      if (mask !== undefined && !bitAt(mask, row)) continue;
      const from = words[row * 4]!;
      elements.add(from, from + words[row * 4 + 2]!);
    }
  return elements;
}
