/** A column under construction: takes rows of DuckDB vectors, gives the buffers of one Arrow batch. */
import type { BodyBuffer } from '../buffers.ts';
import type { Ranges } from '../ranges.ts';
import type { Vector } from '../vector.ts';

/** Field nodes and body buffers of one record batch, in Arrow's depth-first order. */
export interface BatchParts {
  readonly rows: number;
  readonly nodes: { readonly rows: number; readonly nulls: number }[];
  readonly buffers: BodyBuffer[];
}

export interface Column {
  /** Bytes that `append` would add, nearly; at least the bytes of strings and 4 for each list element. */
  measure(vector: Vector, ranges: Ranges): number;
  append(vector: Vector, ranges: Ranges): void;
  /** Gives away what was appended and starts anew. */
  finish(parts: BatchParts): void;
}
