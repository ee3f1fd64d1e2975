/** Arrow batches into a table, by the engine's appender. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import duckdb from '@duckdb/node-bindings';
import { DuckDBDataChunk, type DuckDBAppender, type DuckDBType } from '@duckdb/node-api';
import { RecordBatchReader, type RecordBatch, type Schema } from 'apache-arrow';
import { DEFAULT_LIMITS, FractalError, badInputError } from '../../../base/index.ts';
import { malformedError } from '../failures.ts';
import { checkedIpc } from './ipc-input.ts';
import { makeWriter } from './make.ts';
import type { Writer } from './writer.ts';

export interface AppendOptions {
  /**
   * Names of the table's columns, in order. Given, Arrow columns are matched by name and every one must be there;
   * else they are matched by place.
   */
  readonly columns?: readonly string[];
}

/** One column of the table: where it is in the batch, and how it is written. */
interface Plan {
  readonly source: number;
  readonly name: string;
  readonly writer: Writer;
}

/**
 * Checks types once for each schema and then copies rows, 2048 at a time. Nothing is in the table before the appender
 * is flushed; after an error the appender must be cleared or closed by its owner, for a part of the batch is in it.
 */
export class ArrowAppender {
  readonly #appender: DuckDBAppender;
  readonly #types: readonly DuckDBType[];
  readonly #columns: readonly string[] | undefined;
  readonly #chunk: DuckDBDataChunk;
  #schema: Schema | undefined;
  #plan: readonly Plan[] = [];

  constructor(appender: DuckDBAppender, options: AppendOptions = {}) {
    this.#appender = appender;
    this.#types = Array.from({ length: appender.columnCount }, (_, i) => appender.columnType(i));
    this.#columns = options.columns;
    this.#chunk = DuckDBDataChunk.create(this.#types);
  }

  /** Throws `arrow.columns` or `arrow.type` when batches of this schema do not fit the table. */
  check(schema: Schema): void {
    if (schema === this.#schema) return;
    const { fields } = schema;
    if (fields.length !== this.#types.length)
      throw badInputError(
        'arrow.columns',
        `the Arrow data has ${fields.length} columns, the table ${this.#types.length}`,
        'Send the columns of the table.',
      );
    this.#plan = this.#types.map((type, i) => {
      const source =
        this.#columns === undefined ? i : fields.findIndex(({ name }) => name === this.#columns?.[i]);
      const field = fields[source];
      if (field === undefined)
        throw badInputError(
          'arrow.columns',
          `the Arrow data lacks column ${JSON.stringify(this.#columns?.[i] ?? i)}`,
          'Send the columns of the table.',
        );
      return { source, name: field.name, writer: makeWriter(field, type, field.name) };
    });
    this.#schema = schema;
  }

  /** Gives the number of rows. */
  append(batch: RecordBatch): number {
    this.check(batch.schema);
    const rows = batch.numRows;
    if (!Number.isSafeInteger(rows) || rows < 0)
      throw malformedError('*', 'a batch has no sensible number of rows');
    const step = Math.min(DEFAULT_LIMITS.append_rows, duckdb.vector_size());
    const { chunk } = this.#chunk;
    for (let from = 0; from < rows; from += step) {
      const count = Math.min(step, rows - from);
      this.#chunk.reset();
      this.#plan.forEach(({ source, name, writer }, i) => {
        const data = batch.data.children[source];
        if (data === undefined) throw malformedError(name, 'the column is missing from the batch');
        writer.write(duckdb.data_chunk_get_vector(chunk, i), data, from, count, undefined);
      });
      this.#chunk.rowCount = count;
      this.#appender.appendDataChunk(this.#chunk);
    }
    // Its strings are copied; let go of their memory now.
    this.#chunk.reset();
    return rows;
  }
}

/** A checked stream of batches. End `batches`, or call `close` when it was never begun. */
export interface OpenIpc {
  readonly schema: Schema;
  readonly batches: AsyncGenerator<RecordBatch, void, undefined>;
  close(): Promise<void>;
}

/** Reads the schema of an Arrow IPC stream from outside. */
export async function openIpcStream(bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<OpenIpc> {
  const reader = await reading(async () => {
    // Asynchronous sources give promises, whatever the typings say.
    const opened = await Promise.resolve(RecordBatchReader.from(checkedIpc(bytes)));
    return opened.open();
  });
  // Without rows there is still a schema.
  if ((reader.schema as Schema | undefined) === undefined) throw notArrow(undefined);
  const close = async (): Promise<void> => {
    await Promise.resolve(reader.cancel());
  };
  async function* batches(): AsyncGenerator<RecordBatch, void, undefined> {
    try {
      for (;;) {
        const item = await reading(async () => reader.next());
        if (item.done === true) return;
        yield item.value;
        await nextTurn();
      }
    } finally {
      await close();
    }
  }
  return { schema: reader.schema, batches: batches(), close };
}

/** Appends an Arrow IPC stream; gives the number of rows. The caller flushes the appender. */
export async function appendIpcStream(
  appender: DuckDBAppender,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  options: AppendOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<number> {
  const target = new ArrowAppender(appender, options);
  const { signal } = options;
  const open = await openIpcStream(bytes);
  try {
    await reading(async () => target.check(open.schema));
    let rows = 0;
    for await (const batch of open.batches) {
      signal?.throwIfAborted();
      rows += target.append(batch);
    }
    return rows;
  } finally {
    await open.close();
  }
}

/** What apache-arrow throws over bytes it cannot read is the sender's fault; our own errors pass. */
async function reading<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw error instanceof FractalError ? error : notArrow(error);
  }
}

function notArrow(cause: unknown): FractalError {
  return badInputError(
    'arrow.malformed',
    'the bytes are not an Arrow IPC stream',
    'Send an Arrow IPC stream.',
    {
      cause,
    },
  );
}
