/**
 * Raw reads of DuckDB vectors. What comes back are views of the engine's own memory: they are good as long as the data
 * chunk is held, and must be read in the same synchronous stretch, never kept.
 */
import duckdb from '@duckdb/node-bindings';
import { missingBuffer } from './failures.ts';

export type Vector = duckdb.Vector;

/** The first `rows` fixed-width values, `width` bytes each. */
export function readData(vector: Vector, rows: number, width: number): Uint8Array {
  const data = duckdb.vector_get_data(vector, rows * width);
  if (data.byteLength !== rows * width) throw missingBuffer('vector data');
  return data;
}

/** One bit a row, set for a value, clear for NULL; undefined when no row is NULL. */
export function readValidity(vector: Vector, rows: number): Uint8Array | undefined {
  // The typings do not tell that a vector without NULLs has no mask.
  const mask = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null | undefined;
  return mask ?? undefined;
}

export const listChild = (vector: Vector): Vector => duckdb.list_vector_get_child(vector);
export const structChild = (vector: Vector, index: number): Vector =>
  duckdb.struct_vector_get_child(vector, index);
export const arrayChild = (vector: Vector): Vector => duckdb.array_vector_get_child(vector);
