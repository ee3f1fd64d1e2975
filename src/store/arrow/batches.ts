/** Data chunks of a running query become the parts of Arrow batches. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import duckdb from '@duckdb/node-bindings';
import { DuckDBResult, type DuckDBDataChunk } from '@duckdb/node-api';
import { DEFAULT_LIMITS, invariant, freeYoungMemory } from '../../base/index.ts';
import { wholeResult } from './chunks.ts';
import type { BatchParts, Column } from './columns/column.ts';
import { makeColumn } from './columns/make.ts';
import { Ranges } from './ranges.ts';
import { arrowShape, type ArrowShape, type SourceColumn } from './schema.ts';
import type { Vector } from './vector.ts';

/** What is converted: chunks that fit the columns. A DuckDBResult is one. */
export interface ArrowSource {
  readonly columns: readonly SourceColumn[];
  readonly chunks: AsyncIterable<DuckDBDataChunk>;
  /**
   * The chunks are ours to empty once converted. Their strings are then freed at once rather than when the garbage
   * collector, which sees only a small handle, comes by.
   */
  readonly disposable?: boolean;
}

export interface ArrowOptions {
  /**
   * Ends the conversion with its reason. Whoever interrupts the connection should abort it first: an interrupt alone
   * ends the conversion with `arrow.incomplete`, which does not tell why.
   */
  readonly signal?: AbortSignal | undefined;
  /** Interrupted when the signal aborts or the reader stops early, so that a long query stops at once. */
  readonly connection?: { interrupt(): void } | undefined;
  /** Rows of a batch; the last one has fewer. */
  readonly batchRows?: number;
  /** Body bytes after which a batch ends early; a single row may be larger. */
  readonly batchBytes?: number;
  /** Metadata of the schema. */
  readonly metadata?: ReadonlyMap<string, string>;
}

/**
 * Garbage of this many bytes of batches is freed at a time. Measured over 163 MiB in batches of 1 MiB: from 1 to 8 MiB all
 * the same; at 16 MiB buffers grow old before they are freed, and V8 then marks its whole heap ten times per answer.
 */
const FREE_BYTES = 4 * 1024 * 1024;

/** Most bytes of one batch, unless a single row is larger: bounds memory when rows are long documents. */
export const BATCH_BYTES = 32 * 1024 * 1024;

export interface Conversion extends ArrowShape {
  readonly batches: () => AsyncGenerator<BatchParts, void, undefined>;
}

/** Throws at once when a column has a type without a place in Arrow. */
export function convert(input: DuckDBResult | ArrowSource, options: ArrowOptions = {}): Conversion {
  const source = input instanceof DuckDBResult ? sourceOf(input) : input;
  const shape = arrowShape(source.columns, options.metadata);
  const columns = source.columns.map(({ name, type }) => makeColumn(type, name));
  return { ...shape, batches: () => batches(source, columns, options) };
}

function sourceOf(result: DuckDBResult): ArrowSource {
  const types = result.columnTypes();
  return {
    columns: result.columnNames().map((name, i) => ({ name, type: types[i]! })),
    chunks: wholeResult(result),
    disposable: true,
  };
}

async function* batches(
  source: ArrowSource,
  columns: readonly Column[],
  options: ArrowOptions,
): AsyncGenerator<BatchParts, void, undefined> {
  const { signal, connection } = options;
  const interrupt = (): void => connection?.interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    const builder = new BatchBuilder(columns, options);
    let made = 0;
    for await (const chunk of oneAhead(source.chunks, signal, interrupt)) {
      for (const parts of builder.add(chunk)) {
        yield parts;
        signal?.throwIfAborted();
        made += bytesOf(parts);
        if (made >= FREE_BYTES) {
          freeYoungMemory();
          made = 0;
        }
        // Conversion is synchronous; between batches others have their turn.
        await nextTurn();
        signal?.throwIfAborted();
      }
      if (source.disposable === true) chunk.reset();
    }
    signal?.throwIfAborted();
    const rest = builder.finish();
    if (rest !== undefined) yield rest;
  } catch (error) {
    // An interrupted fetch fails with the engine's words; the reason is the signal's.
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', interrupt);
  }
}

const bytesOf = (parts: BatchParts): number => parts.buffers.reduce((sum, { length }) => sum + length, 0);

/** Asks for the next chunk before the current one is used: the engine works while we convert. */
async function* oneAhead<T>(
  items: AsyncIterable<T>,
  signal: AbortSignal | undefined,
  interrupt: () => void,
): AsyncGenerator<T, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<T>> => {
    signal?.throwIfAborted();
    const next = iterator.next();
    // It may fail while nobody waits for it; the failure is met when it is awaited.
    next.catch(() => undefined);
    return next;
  };
  let next: Promise<IteratorResult<T>> | undefined;
  try {
    next = ask();
    for (;;) {
      const item = await next;
      next = undefined;
      if (item.done === true) return;
      next = ask();
      yield item.value;
    }
  } finally {
    // The engine must not be left in the middle of a fetch: the connection is about to be used again.
    if (next !== undefined) {
      interrupt();
      await next.catch(() => undefined);
    }
    await iterator.return?.();
  }
}

class BatchBuilder {
  readonly #columns: readonly Column[];
  readonly #rowsMax: number;
  readonly #bytesMax: number;
  #rows = 0;
  #bytes = 0;

  constructor(columns: readonly Column[], options: ArrowOptions) {
    this.#columns = columns;
    this.#rowsMax = options.batchRows ?? DEFAULT_LIMITS.arrow_batch_rows;
    this.#bytesMax = options.batchBytes ?? BATCH_BYTES;
  }

  /** Adds a chunk; gives the batches that it completes. */
  *add(chunk: DuckDBDataChunk): Generator<BatchParts, void, undefined> {
    const rows = chunk.rowCount;
    invariant(
      chunk.columnCount === this.#columns.length || rows === 0,
      'a chunk has the columns of its result',
    );
    const vectors = this.#columns.map((_, i) => duckdb.data_chunk_get_vector(chunk.chunk, i));
    for (let from = 0; from < rows;) {
      const { ranges, bytes } = this.#fit(vectors, from, Math.min(rows, from + this.#rowsMax - this.#rows));
      if (ranges !== undefined) {
        this.#columns.forEach((column, i) => column.append(vectors[i]!, ranges));
        this.#rows += ranges.rows;
        this.#bytes += bytes;
        from = ranges.end;
      }
      if (from < rows || this.#rows === this.#rowsMax || this.#bytes >= this.#bytesMax) yield this.#take();
    }
    // Also keeps the chunk, and so the memory behind the vectors, alive until here.
    invariant(chunk.rowCount === rows, 'a chunk stays as it is while it is read');
  }

  /** What is left, if anything. */
  finish(): BatchParts | undefined {
    return this.#rows > 0 ? this.#take() : undefined;
  }

  /** How many of the rows `[from, to)` fit: all, a part, or none when the batch must end first. */
  #fit(vectors: readonly Vector[], from: number, to: number): { ranges: Ranges | undefined; bytes: number } {
    for (let end = to; ; end = from + ((end - from) >> 1)) {
      const ranges = Ranges.of(from, end);
      const bytes = this.#columns.reduce((sum, column, i) => sum + column.measure(vectors[i]!, ranges), 0);
      if (this.#bytes + bytes <= this.#bytesMax) return { ranges, bytes };
      // Too much: end the batch that has begun; if there is none, halve, down to a single row.
      if (this.#rows > 0) return { ranges: undefined, bytes: 0 };
      if (end - from === 1) return { ranges, bytes };
    }
  }

  #take(): BatchParts {
    const parts: BatchParts = { rows: this.#rows, nodes: [], buffers: [] };
    for (const column of this.#columns) column.finish(parts);
    this.#rows = 0;
    this.#bytes = 0;
    return parts;
  }
}
