/**
 * DuckDB as Fractal uses it. The rules here were each a measured failure (see SPEC.md, D1–D6).
 */
import {
  BIGINT,
  DuckDBListValue,
  LIST,
  VARCHAR,
  DuckDBInstance,
  type DuckDBConnection,
  type DuckDBResult,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import {
  asFractalError,
  badInputError,
  internalError,
  unavailableError,
  FractalError,
  type Limits,
} from '../base/index.ts';
import { toParameter, type RowValue } from './values.ts';

export type Parameters = readonly RowValue[];

/** A stream of chunks and the connection it lives on. `close` must be called; it gives the connection back. */
export interface OpenStream {
  readonly result: DuckDBResult;
  close(): void;
}

/** What DuckDB says, without the data it may quote: the class of error and, for syntax and names, the message. */
export function duckError(error: unknown): FractalError {
  const text = (error instanceof Error ? error.message : '').replace(/^Failed to extract statements: /, '');
  const name = /^(\w+(?: \w+)*) Error: /.exec(text)?.[1];
  if (name === undefined || error instanceof FractalError) return asFractalError(error);
  const firstLine = text.split('\n', 1)[0] ?? '';
  switch (name) {
    case 'Parser':
      return badInputError(
        'sql.syntax',
        firstLine,
        'Correct the statement; the position is in the message.',
        { cause: error },
      );
    case 'Binder':
    case 'Catalog':
      return badInputError('sql.name', firstLine, 'Use names that `select * from duckdb_columns()` lists.', {
        cause: error,
      });
    case 'INTERRUPT':
      return unavailableError(
        'sql.interrupted',
        'the statement was stopped',
        'Give it more time with --timeout, or ask for less.',
        { cause: error },
      );
    case 'Out of Memory':
      return unavailableError(
        'sql.memory',
        'the statement needs more memory than DuckDB may use',
        'Ask for less, or raise duckdb_memory_bytes in fractal.json.',
        { cause: error },
      );
    case 'Conversion':
    case 'Invalid Input':
    case 'Out of Range':
      // These quote the value.
      return badInputError(
        'sql.value',
        `${name.toLowerCase()}: a value in the statement or the data does not fit`,
        'Use TRY_CAST, or filter the rows first.',
        { cause: error },
      );
    case 'Permission':
      return badInputError(
        'sql.forbidden',
        'the statement reaches outside the node',
        'Files, other databases and settings are not open to SQL; use `fractal import`.',
        { cause: error },
      );
    case 'Not implemented':
      return badInputError('sql.unsupported', firstLine, 'DuckDB does not support this.', { cause: error });
    case 'TransactionContext':
      return internalError('store.transaction', 'DuckDB refused a transaction step', { cause: error });
    default:
      return internalError('store.duckdb', `DuckDB answered with ${name} error`, { cause: error });
  }
}

/** Whether trying again may help: another transaction touched the same rows. */
export function isWriteConflict(error: unknown): boolean {
  return (
    error instanceof Error &&
    /Conflict on (update|tuple deletion)|write-write conflict|Transaction conflict/i.test(
      error.cause instanceof Error ? error.cause.message : error.message,
    )
  );
}

/** Rule D3: the thread pool must be sized before anything runs, so only the launcher can do it. */
export function checkThreadPool(limits: Limits): void {
  const size = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
  if (!(size >= limits.thread_pool_threads))
    throw unavailableError(
      'store.thread_pool',
      `libuv's thread pool has ${size} threads; at least ${limits.thread_pool_threads} are needed`,
      `Start with UV_THREADPOOL_SIZE=${limits.thread_pool_threads}; the fractal command does so itself.`,
    );
}

export class DuckDb {
  readonly path: string;
  readonly #instance: DuckDBInstance;
  readonly #limits: Limits;
  readonly #idle: DuckDBConnection[] = [];
  /** Connections somebody holds. */
  readonly #used = new Set<DuckDBConnection>();
  readonly #waiting = new Set<{
    take(connection: DuckDBConnection): void;
    refuse(error: unknown): void;
  }>();
  #open = 0;
  #closed = false;
  #stop: (() => void) | undefined;

  private constructor(path: string, instance: DuckDBInstance, limits: Limits) {
    this.path = path;
    this.#instance = instance;
    this.#limits = limits;
  }

  /**
   * Opens the file, replaying its write-ahead log. Throws what DuckDB throws; `wal-salvage.ts` knows what to do.
   * From then on this process must not open the file by itself: closing a descriptor gives up the lock on it (POSIX).
   */
  static async open(
    path: string,
    tempFolder: string,
    limits: Limits,
    access: 'READ_WRITE' | 'READ_ONLY' = 'READ_WRITE',
  ): Promise<DuckDb> {
    const MiB = 1024 * 1024;
    // Locked: nothing that arrives as SQL can reach files, settings, extensions or other databases.
    const instance = await DuckDBInstance.fromCache(path, {
      memory_limit: `${Math.floor(limits.duckdb_memory_bytes / MiB)}MiB`,
      threads: String(limits.duckdb_threads),
      temp_directory: tempFolder,
      enable_external_access: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      preserve_insertion_order: 'true',
      lock_configuration: 'true',
      access_mode: access,
    });
    return new DuckDb(path, instance, limits);
  }

  /** A connection of one's own until `release`. Waits when all are taken. */
  async acquire(signal?: AbortSignal): Promise<DuckDBConnection> {
    if (this.#closed) throw closedError();
    const connection = this.#idle.pop() ?? (await this.#connect(signal));
    this.#used.add(connection);
    return connection;
  }

  async #connect(signal: AbortSignal | undefined): Promise<DuckDBConnection> {
    if (this.#open >= this.#limits.duckdb_connections) return await this.#wait(signal);
    this.#open++;
    try {
      return await this.#instance.connect();
    } catch (error) {
      this.#open--;
      throw error;
    }
  }

  async #wait(signal: AbortSignal | undefined): Promise<DuckDBConnection> {
    return await new Promise((take, refuse) => {
      const waiter = { take, refuse };
      this.#waiting.add(waiter);
      signal?.addEventListener('abort', () => {
        if (this.#waiting.delete(waiter)) refuse(signal.reason as Error);
      });
    });
  }

  release(connection: DuckDBConnection): void {
    this.#used.delete(connection);
    if (this.#used.size === 0) this.#stop?.();
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      next.take(connection);
    } else if (this.#idle.length < this.#limits.duckdb_connections_idle && !this.#closed)
      this.#idle.push(connection);
    else {
      this.#open--;
      connection.closeSync();
    }
  }

  /** Runs `body` on a connection that nothing else uses (rule D4). */
  async with<T>(body: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.acquire();
    try {
      return await body(connection);
    } catch (error) {
      throw duckError(error);
    } finally {
      this.release(connection);
    }
  }

  /** All rows as objects of plain JavaScript values. For small answers. */
  async rows<T>(sql: string, params: Parameters = []): Promise<T[]> {
    return await this.with((connection) => readRows<T>(connection, sql, params));
  }

  /** A stream on its own connection. The signal and the timeout interrupt the statement. */
  async stream(sql: string, params: Parameters, signal: AbortSignal): Promise<OpenStream> {
    signal.throwIfAborted();
    const connection = await this.acquire(signal);
    let stop: (() => void) | undefined;
    const onAbort = (): void => {
      stop ??= keepInterrupting([connection]);
    };
    let closed = false;
    const close = (): void => {
      if (closed) return;
      closed = true;
      signal.removeEventListener('abort', onAbort);
      stop?.();
      this.release(connection);
    };
    signal.addEventListener('abort', onAbort);
    try {
      // It may have come while this waited for a connection.
      signal.throwIfAborted();
      return { result: await openStream(connection, sql, params), close };
    } catch (error) {
      close();
      throw error === signal.reason ? error : duckError(error);
    }
  }

  async checkpoint(): Promise<void> {
    await this.with((connection) => connection.run('CHECKPOINT'));
  }

  /** Stops what runs. A connection in use is closed when it comes back, and the file's lock goes with the last. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const waiter of this.#waiting) waiter.refuse(closedError());
    this.#waiting.clear();
    for (const connection of this.#idle.splice(0)) connection.closeSync();
    if (this.#used.size > 0) this.#stop = keepInterrupting(this.#used);
    this.#instance.closeSync();
  }
}

const INTERRUPT_MS = 20;

/** DuckDB forgets an interrupt that comes just before a statement begins, so it is said again until it is heard. */
function keepInterrupting(connections: Iterable<DuckDBConnection>): () => void {
  const interrupt = (): void => {
    for (const connection of connections) connection.interrupt();
  };
  interrupt();
  const timer = setInterval(interrupt, INTERRUPT_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function closedError(): FractalError {
  return unavailableError('store.closed', 'the node is stopping', 'Start it again.');
}

/** Values and types by number. Left alone, the driver sends every bigint as HUGEINT, which few functions take. */
function bind(params: Parameters): [Record<string, DuckDBValue>, Record<string, DuckDBType>] {
  const values: Record<string, DuckDBValue> = {};
  const types: Record<string, DuckDBType> = {};
  params.map(toParameter).forEach((value, i) => {
    values[String(i + 1)] = value;
    if (typeof value === 'bigint') types[String(i + 1)] = BIGINT;
    // The only lists there are; an empty one does not tell its type.
    if (value instanceof DuckDBListValue) types[String(i + 1)] = LIST(VARCHAR);
  });
  return [values, types];
}

/** A stream on a connection that nobody else uses until it is read to its end. */
export async function openStream(
  connection: DuckDBConnection,
  sql: string,
  params: Parameters,
): Promise<DuckDBResult> {
  return await connection.stream(sql, ...bind(params));
}

export async function readRows<T>(
  connection: DuckDBConnection,
  sql: string,
  params: Parameters = [],
): Promise<T[]> {
  try {
    const reader = await connection.runAndReadAll(sql, ...bind(params));
    return reader.getRowObjectsJS() as T[];
  } catch (error) {
    throw duckError(error);
  }
}

/** Runs a statement that answers nothing, and gives the number of rows it changed. */
export async function execute(
  connection: DuckDBConnection,
  sql: string,
  params: Parameters = [],
): Promise<number> {
  try {
    const result = await connection.run(sql, ...bind(params));
    return result.rowsChanged;
  } catch (error) {
    throw duckError(error);
  }
}
