/** Writes rows of one Arrow column into a DuckDB vector, from the vector's first row on. */
import type { Data } from 'apache-arrow';
import type { Vector } from '../vector.ts';

export interface Writer {
  /** Rows that the data's buffers really hold; what its header says may be a lie, and memory is taken by it. */
  rows(data: Data): number;
  /** `parent` is the validity of the rows that hold these ones: a NULL struct's fields are NULL in the engine. */
  write(vector: Vector, data: Data, from: number, count: number, parent: Uint8Array | undefined): void;
}
