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
  systemRandom,
  unavailableError,
  FractalError,
  type Limits,
} from '../base/index.ts';
import { TypedValue, toParameter, type RowValue } from './values.ts';

export type Parameters = readonly (RowValue | TypedValue)[];

/** A stream of chunks and the connection it lives on. `close` must be called; it gives the connection back. */
export interface OpenStream {
  readonly result: DuckDBResult;
  close(): void;
}

/** Names of catalogues are secrets: what has no name cannot be asked for (rule D7). */
const secretName = (kind: 'data' | 'view'): string =>
  `${kind}_${Buffer.from(systemRandom.bytes(16)).toString('hex')}`;
const SECRET_NAME = /"?(?:data|view)_[0-9a-f]{32}"?\.?/g;

/** A text of the engine as others may read it. */
export const withoutSecretNames = (text: string): string => text.replaceAll(SECRET_NAME, '');

const WRONG_VALUES =
  /^Failed to retrieve bind parameter index$|^Invalid Input Error: Values were not provided for the following prepared/;

/** What DuckDB says, without the data it may quote: the class of error and, for syntax and names, the message. */
export function duckError(error: unknown): FractalError {
  const text = withoutSecretNames(error instanceof Error ? error.message : '').replace(
    /^Failed to extract statements: /,
    '',
  );
  if (WRONG_VALUES.test(text))
    return badInputError(
      'sql.parameters',
      'there are more or fewer values than the statement has parameters',
      'Give one value for each of $1, $2, ….',
      { cause: error },
    );
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
      return badInputError(
        'sql.name',
        firstLine,
        '`show tables` and `describe law.sections` list the names.',
        {
          cause: error,
        },
      );
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
  /** Name of the catalogue that holds the data. */
  readonly data: string;
  readonly #instance: DuckDBInstance;
  readonly #limits: Limits;
  readonly #idle: DuckDBConnection[] = [];
  /** Connections somebody holds. */
  readonly #used = new Set<DuckDBConnection>();
  readonly #waiting = new Set<{
    take(connection: DuckDBConnection): void;
    refuse(error: unknown): void;
  }>();
  /** The default catalogue of connections that do not stand in the data. */
  readonly #stands = new WeakMap<DuckDBConnection, string>();
  #open = 0;
  #closed = false;
  #stop: (() => void) | undefined;

  private constructor(path: string, data: string, instance: DuckDBInstance, limits: Limits) {
    this.path = path;
    this.data = data;
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
      max_temp_directory_size: `${Math.floor(limits.duckdb_spill_bytes / MiB)}MiB`,
      enable_external_access: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      preserve_insertion_order: 'true',
      lock_configuration: 'true',
      access_mode: access,
    });
    return new DuckDb(path, await nameData(instance), instance, limits);
  }

  /** A connection of one's own until `release`, standing in a catalogue. Waits when all are taken. */
  async acquire(signal?: AbortSignal, catalogue = this.data): Promise<DuckDBConnection> {
    if (this.#closed) throw closedError();
    const connection = this.#takeIdle(catalogue) ?? (await this.#connect(signal));
    this.#used.add(connection);
    try {
      await this.stand(connection, catalogue);
    } catch (error) {
      this.release(connection);
      throw error;
    }
    return connection;
  }

  /** Moves a connection to a catalogue. Whoever acquires it next has it where they want it. */
  async stand(connection: DuckDBConnection, catalogue = this.data): Promise<void> {
    if (this.#standsIn(connection) === catalogue) return;
    await connection.run(`USE ${catalogue}`);
    this.#stands.set(connection, catalogue);
  }

  #standsIn(connection: DuckDBConnection): string {
    return this.#stands.get(connection) ?? this.data;
  }

  /** The idle connection that stands there already, else the one that was used longest ago. */
  #takeIdle(catalogue: string): DuckDBConnection | undefined {
    const at = this.#idle.findLastIndex((connection) => this.#standsIn(connection) === catalogue);
    return this.#idle.splice(Math.max(at, 0), 1)[0];
  }

  /**
   * Makes a catalogue in memory, by statements that see its name and that of the data, and answers its name. What
   * stands in it sees neither the other catalogues nor, unless its name is known, the data.
   */
  async makeCatalogue(statements: (name: string, data: string) => readonly string[]): Promise<string> {
    const name = secretName('view');
    await this.with(async (connection) => {
      await connection.run(`ATTACH ':memory:' AS ${name}`);
      try {
        for (const statement of statements(name, this.data)) await connection.run(statement);
      } catch (error) {
        await connection.run(`DETACH ${name}`);
        throw error;
      }
    });
    return name;
  }

  /** Drops a catalogue that no connection in use stands in. */
  async dropCatalogue(name: string): Promise<void> {
    for (const connection of this.#idle.filter((one) => this.#standsIn(one) === name)) {
      this.#idle.splice(this.#idle.indexOf(connection), 1);
      this.#open--;
      connection.closeSync();
    }
    await this.with((connection) => connection.run(`DETACH ${name}`));
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
  async with<T>(body: (connection: DuckDBConnection) => Promise<T>, catalogue = this.data): Promise<T> {
    const connection = await this.acquire(undefined, catalogue);
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
  async stream(
    sql: string,
    params: Parameters,
    signal: AbortSignal,
    catalogue = this.data,
  ): Promise<OpenStream> {
    signal.throwIfAborted();
    const connection = await this.acquire(signal, catalogue);
    return await streamOn(connection, sql, params, signal, () => this.release(connection));
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

/** Gives the data a name that nobody can guess; the engine calls it after its file. Answers the name. */
async function nameData(instance: DuckDBInstance): Promise<string> {
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll('select current_database()');
    const [[given] = []] = reader.getRowsJS() as string[][];
    // A file that is open twice in one process is one instance (rule D1): it has its name already.
    if (given?.replace(SECRET_NAME, '') === '') return given;
    const name = secretName('data');
    await connection.run(`ALTER DATABASE "${(given ?? '').replaceAll('"', '""')}" SET ALIAS TO ${name}`);
    return name;
  } finally {
    connection.closeSync();
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
  params.forEach((param, i) => {
    if (param instanceof TypedValue) {
      values[String(i + 1)] = param.value;
      types[String(i + 1)] = param.type;
      return;
    }
    const value = toParameter(param);
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

/** The same until `close`, which calls `onClose` once. The signal interrupts the statement. */
export async function streamOn(
  connection: DuckDBConnection,
  sql: string,
  params: Parameters,
  signal: AbortSignal,
  onClose: () => void,
): Promise<OpenStream> {
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
    onClose();
  };
  signal.addEventListener('abort', onAbort);
  try {
    // It may have come while the caller waited for the connection.
    signal.throwIfAborted();
    return { result: await openStream(connection, sql, params), close };
  } catch (error) {
    close();
    throw error === signal.reason ? error : duckError(error);
  }
}

/** Runs `work` on the connection; the signal interrupts it. */
export async function interruptible<T>(
  connection: DuckDBConnection,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  let stop: (() => void) | undefined;
  const onAbort = (): void => {
    stop ??= keepInterrupting([connection]);
  };
  signal.addEventListener('abort', onAbort);
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    throw error === signal.reason ? error : duckError(error);
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop?.();
  }
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
