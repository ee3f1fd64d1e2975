/** A column of rows into a data chunk: texts all at once, other values one by one. */
import duckdb from '@duckdb/node-bindings';
import { DuckDBTypeId, type DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api';
import { putTexts } from './arrow/index.ts';

/** `typeId` is that of the chunk's column, `values` one for each row of the chunk. */
export function setColumn(
  chunk: DuckDBDataChunk,
  index: number,
  typeId: DuckDBTypeId,
  values: readonly DuckDBValue[],
): void {
  if (typeId === DuckDBTypeId.VARCHAR)
    putTexts(duckdb.data_chunk_get_vector(chunk.chunk, index), values as readonly (string | null)[]);
  else chunk.setColumnValues(index, values);
}
