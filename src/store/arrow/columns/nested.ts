/** STRUCT, ARRAY, UNION and the NULL type: columns that are mostly their children. */
import { bitAt } from '../bits.ts';
import { GrowBuffer } from '../buffers.ts';
import type { Ranges } from '../ranges.ts';
import { Validity } from '../validity.ts';
import { arrayChild, readData, readValidity, structChild, type Vector } from '../vector.ts';
import type { BatchParts, Column } from './column.ts';

export class StructColumn implements Column {
  readonly #children: readonly Column[];
  readonly #validity = new Validity();

  constructor(children: readonly Column[]) {
    this.#children = children;
  }

  measure(vector: Vector, ranges: Ranges): number {
    return this.#children.reduce(
      (sum, child, i) => sum + child.measure(structChild(vector, i), ranges),
      ranges.rows >> 3,
    );
  }

  append(vector: Vector, ranges: Ranges): void {
    this.#validity.append(readValidity(vector, ranges.end), ranges);
    this.#children.forEach((child, i) => child.append(structChild(vector, i), ranges));
  }

  finish(parts: BatchParts): void {
    const { rows, nulls, buffer } = this.#validity.take();
    parts.nodes.push({ rows, nulls });
    parts.buffers.push(buffer);
    for (const child of this.#children) child.finish(parts);
  }
}

/** ARRAY: `size` child rows for each row, also where the row is NULL, in both worlds. */
export class FixedListColumn implements Column {
  readonly #size: number;
  readonly #child: Column;
  readonly #validity = new Validity();

  constructor(size: number, child: Column) {
    this.#size = size;
    this.#child = child;
  }

  measure(vector: Vector, ranges: Ranges): number {
    return (ranges.rows >> 3) + this.#child.measure(arrayChild(vector), ranges.times(this.#size));
  }

  append(vector: Vector, ranges: Ranges): void {
    this.#validity.append(readValidity(vector, ranges.end), ranges);
    this.#child.append(arrayChild(vector), ranges.times(this.#size));
  }

  finish(parts: BatchParts): void {
    const { rows, nulls, buffer } = this.#validity.take();
    parts.nodes.push({ rows, nulls });
    parts.buffers.push(buffer);
    this.#child.finish(parts);
  }
}

/**
 * UNION to a sparse union: DuckDB keeps it as a struct of a tag and every member, as long as the union itself. An Arrow
 * union has no validity of its own: a NULL union becomes a NULL of the first member, as in DuckDB's own export.
 */
export class UnionColumn implements Column {
  readonly #members: readonly Column[];
  readonly #tags = new GrowBuffer();

  constructor(members: readonly Column[]) {
    this.#members = members;
  }

  measure(vector: Vector, ranges: Ranges): number {
    return this.#members.reduce(
      (sum, member, i) => sum + member.measure(structChild(vector, i + 1), ranges),
      ranges.rows,
    );
  }

  append(vector: Vector, ranges: Ranges): void {
    const tagVector = structChild(vector, 0);
    const data = readData(tagVector, ranges.end, 1);
    const whole = readValidity(vector, ranges.end);
    const tagged = readValidity(tagVector, ranges.end);
    this.#tags.reserve(ranges.rows);
    for (let r = 0; r < ranges.count; r++)
      for (let row = ranges.starts[r]!; row < ranges.ends[r]!; row++) {
        const isNull =
          (whole !== undefined && !bitAt(whole, row)) || (tagged !== undefined && !bitAt(tagged, row));
        this.#tags.bytes[this.#tags.length++] = isNull ? 0 : data[row]!;
      }
    this.#members.forEach((member, i) => member.append(structChild(vector, i + 1), ranges));
  }

  finish(parts: BatchParts): void {
    parts.nodes.push({ rows: this.#tags.length, nulls: 0 });
    parts.buffers.push(this.#tags.take());
    for (const member of this.#members) member.finish(parts);
  }
}

/** The type of a bare NULL: a length, no buffers. */
export class NullColumn implements Column {
  #rows = 0;

  measure(): number {
    return 0;
  }

  append(_vector: Vector, ranges: Ranges): void {
    this.#rows += ranges.rows;
  }

  finish(parts: BatchParts): void {
    parts.nodes.push({ rows: this.#rows, nulls: this.#rows });
    this.#rows = 0;
  }
}
