/** An Arrow IPC stream read as rows, one batch in memory at a time. */
import {
  RecordBatchReader,
  type AsyncRecordBatchStreamReader,
  type DataType,
  type RecordBatch,
} from 'apache-arrow';
import { internalError } from '../base/index.ts';
import { ROWS_CHANGED } from '../node/index.ts';
import { cellReader, isNumeric, sqlTypeName, type CellReader, type JsonValue } from './arrow-values.ts';

export interface Column {
  readonly name: string;
  /** SQL spelling: `BIGINT`, `VARCHAR[]`, `DECIMAL(18,2)`. */
  readonly type: string;
  readonly numeric: boolean;
}

export interface RowReader {
  readonly columns: readonly Column[];
  /** For a statement that wrote: how many rows. */
  readonly changed: number | undefined;
  /** Rows as arrays in column order. Ending the loop early ends the source. */
  readonly rows: AsyncGenerator<readonly JsonValue[], void, undefined>;
  /** Ends the source without reading on. */
  close(): Promise<void>;
}

/** Reads the schema; errors of the source, first batch included, come out as they were thrown. */
export async function readRows(source: AsyncIterable<Uint8Array>): Promise<RowReader> {
  const bytes = source[Symbol.asyncIterator]();
  const close = async (): Promise<void> => {
    await bytes.return?.();
  };
  const input = { [Symbol.asyncIterator]: () => ({ next: () => bytes.next() }) };
  // The declared overload for plain iterables hides that the reader is an asynchronous one.
  const reader = (await (RecordBatchReader.from(input) as unknown)) as AsyncRecordBatchStreamReader;
  await reader.open();
  // apache-arrow leaves the schema undefined when the stream held no message at all.
  if ((reader.schema as unknown) === undefined) {
    await close();
    throw internalError('sql.empty_stream', 'the result stream ended before its schema');
  }
  const columns = reader.schema.fields.map((field) => ({
    name: field.name,
    type: sqlTypeName(field.type as DataType),
    numeric: isNumeric(field.type as DataType),
  }));
  const changed = reader.schema.metadata.get(ROWS_CHANGED);
  return {
    columns,
    changed: changed === undefined ? undefined : Number(changed),
    rows: rowsOf(reader, close),
    close,
  };
}

async function* rowsOf(
  batches: AsyncIterable<RecordBatch>,
  close: () => Promise<void>,
): AsyncGenerator<readonly JsonValue[], void, undefined> {
  try {
    for await (const batch of batches) {
      const readers: CellReader[] = batch.data.children.map(cellReader);
      for (let row = 0; row < batch.numRows; row++) yield readers.map((read) => read(row));
    }
  } finally {
    await close();
  }
}
