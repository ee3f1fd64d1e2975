/**
 * Chunks of a running query, and the certainty that they are all.
 *
 * A streaming result of DuckDB 1.5 that fails half-way ends like one that is complete: an empty chunk, no error. So do
 * one that was interrupted and one whose connection ran another query. What tells them apart is the result itself,
 * which no longer says that it is a query's result; but only until it is asked for a further chunk.
 */
import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import { unavailableError } from '../../base/index.ts';

/** Throws `arrow.incomplete` when the stream ends before its time. Reads the result once. */
export async function* wholeResult(result: DuckDBResult): AsyncGenerator<DuckDBDataChunk, void, undefined> {
  const kind = result.returnType;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    yield chunk;
  }
  if (result.returnType !== kind)
    throw unavailableError(
      'arrow.incomplete',
      'the query stopped before all rows were read: it failed on a row, was interrupted, or its connection ran another query',
      'Run it again. If it stops again, the engine tells the reason when the query is run without streaming.',
    );
}
