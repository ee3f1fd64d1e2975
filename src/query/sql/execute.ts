/** Runs what was authorised and streams Arrow. */
import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import {
  FractalError,
  asFractalError,
  badInputError,
  invariant,
  nearest,
  unavailableError,
} from '../../base/index.ts';
import {
  toArrowMessages,
  toIpcStream,
  wholeResult,
  withoutSecretNames,
  type ArrowMessages,
  type ArrowSource,
  type OpenStream,
  type Parameters,
  type Store,
  type ViewLease,
} from '../../store/index.ts';
import type { ReadScope, ReadableTable } from '../ports.ts';
import type { AuthorizedQuery } from './authorize.ts';
import { viewStatements } from './views.ts';

/** A running query. `close` must be called: it gives back the connection, the views and the principal's place. */
export interface OpenQuery {
  readonly source: ArrowSource;
  close(): void;
}

/** One state of the data, seen by the views of one scope: where the statements of a transaction run. */
export interface PinnedViews {
  readonly scopeKey: string;
  stream(sql: string, params: Parameters, signal: AbortSignal): Promise<OpenStream>;
}

/** An Arrow IPC stream. Everything it holds is given back when the stream ends, fails or is dropped. */
export async function executeQuery(
  store: Store,
  query: AuthorizedQuery,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const open = await openQuery(store, query, signal);
  return closing(open, toIpcStream(open.source, { signal }), signal);
}

/** The same as Arrow messages, for Flight. Read them to the end, or end the generator: a connection waits. */
export async function executeMessages(
  store: Store,
  query: AuthorizedQuery,
  options: {
    readonly signal: AbortSignal;
    readonly batchBytes: number;
    readonly pinned?: PinnedViews | undefined;
  },
): Promise<ArrowMessages> {
  const { signal, batchBytes } = options;
  const open = await openQuery(store, query, signal, options.pinned);
  try {
    const { schema, messages } = toArrowMessages(open.source, { signal, batchBytes });
    return { schema, messages: closing(open, messages, signal) };
  } catch (error) {
    open.close();
    throw error;
  }
}

async function* closing<T>(
  open: OpenQuery,
  items: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* items;
  } catch (error) {
    // The clock's or the caller's own reason for stopping says nothing about the statement.
    throw signal.aborted && !(error instanceof FractalError) ? interrupted(error) : error;
  } finally {
    open.close();
  }
}

/** Small answers as objects, over the principal's views. */
export async function queryRows<T>(store: Store, query: AuthorizedQuery): Promise<T[]> {
  const { sql, params } = query.statement;
  const lease = await leaseViews(store, query);
  try {
    return await store.rowsOfViews<T>(lease.catalogue, sql, params);
  } catch (error) {
    throw named(error, query);
  } finally {
    lease.release();
  }
}

const EXPLAIN_ROW = `select 'plan' as explain_key, $1::varchar as explain_value`;

/** Runs the statement on a connection that sees the principal's views alone; throws `sql.rights_changed` if `pinned` has others. */
export async function openQuery(
  store: Store,
  query: AuthorizedQuery,
  signal: AbortSignal,
  pinned?: PinnedViews,
): Promise<OpenQuery> {
  const { sql, params, limits, explain } = query.statement;
  const leave = enter(store, query.principal.id, limits.sql_running);
  let lease: ViewLease | undefined;
  try {
    checkRights(query, pinned);
    const held = (lease = await leaseViews(store, query));
    const { catalogue } = held;
    const run = explain ? EXPLAIN_ROW : sql;
    const values = explain ? [await planText(store, query, catalogue)] : params;
    const open = await (pinned?.stream(run, values, signal) ?? store.stream(run, values, signal, catalogue));
    return {
      source: capped(open.result, limits.sql_rows),
      close() {
        open.close();
        held.release();
        leave();
      },
    };
  } catch (error) {
    lease?.release();
    leave();
    throw named(error, query);
  }
}

/**
 * The plan as text. The engine's own plan tells how many rows it expects to read and which filters it pushes down, so
 * it is shown only where policy hides nothing; otherwise what policy makes of the statement is.
 */
export async function explainQuery(store: Store, query: AuthorizedQuery): Promise<string> {
  const lease = await leaseViews(store, query);
  try {
    return await planText(store, query, lease.catalogue);
  } catch (error) {
    throw named(error, query);
  } finally {
    lease.release();
  }
}

async function planText(store: Store, query: AuthorizedQuery, catalogue: string): Promise<string> {
  const { sql, params } = query.statement;
  const plan = await store.rowsOfViews<{ explain_value: string }>(catalogue, `explain ${sql}`, params);
  const limited = query.tables.filter(isLimited);
  if (limited.length === 0) return withoutSecretNames(plan.map((row) => row.explain_value).join('\n'));
  const lines = limited.map((table) => {
    const columns = table.columns.filter((column) => column.shown !== 'plain').map((column) => column.name);
    const masked = columns.length === 0 ? '' : `; masked: ${columns.join(', ')}`;
    const rows = table.where === undefined ? 'all rows' : 'some rows';
    return `${table.schema}.${table.name}: ${rows}, ${table.columns.length} columns, by ${table.rules.join(', ')}${masked}`;
  });
  return ['The plan is not shown: policy limits what you read here.', ...lines].join('\n');
}

const isLimited = (table: ReadableTable): boolean =>
  table.where !== undefined ||
  table.hidden.length > 0 ||
  table.columns.some((column) => column.shown !== 'plain');

/** What a transaction began to see must not outlive the right to see it; nor may rights it gained mix two sights. */
function checkRights({ scope }: AuthorizedQuery, pinned: PinnedViews | undefined): void {
  if (pinned !== undefined && pinned.scopeKey !== scope.key)
    throw unavailableError(
      'sql.rights_changed',
      'what you may read has changed since the transaction began',
      'Roll it back and begin again.',
    );
}

export async function leaseViews(store: Store, { scope }: { readonly scope: ReadScope }): Promise<ViewLease> {
  return await store.leaseViews(scope.key, (catalogue, data) => viewStatements(scope, catalogue, data));
}

/** Statements that run, by principal. */
const running = new WeakMap<Store, Map<string, number>>();

/** Takes one of the principal's places; the answer gives it back. */
function enter(store: Store, principal: string, most: number): () => void {
  const counts = running.get(store) ?? new Map<string, number>();
  running.set(store, counts);
  const count = (counts.get(principal) ?? 0) + 1;
  if (count > most)
    throw unavailableError(
      'sql.running',
      `${principal} already runs ${most} statements`,
      'Wait until one has ended, or read the answers that are open to their end.',
    );
  counts.set(principal, count);
  let left = false;
  return () => {
    if (left) return;
    left = true;
    const now = (counts.get(principal) ?? 1) - 1;
    if (now === 0) counts.delete(principal);
    else counts.set(principal, now);
  };
}

/** The result, ended with an error when it grows beyond the bound. */
function capped(result: DuckDBResult, most: number): ArrowSource {
  const types = result.columnTypes();
  const columns = result.columnNames().map((name, i) => {
    const type = types[i];
    invariant(type, 'a column has a type');
    return { name, type };
  });
  async function* chunks(): AsyncGenerator<DuckDBDataChunk, void, undefined> {
    let rows = 0;
    for await (const chunk of wholeResult(result)) {
      rows += chunk.rowCount;
      if (rows > most)
        throw unavailableError(
          'sql.rows',
          `the answer has more than ${most} rows`,
          'Ask for less, or raise sql_rows in fractal.json.',
        );
      yield chunk;
    }
  }
  return { columns, chunks: chunks(), disposable: true };
}

const MISSING_COLUMN = /(?:Referenced column|have a column named) "([^"]+)"/;

/** An unknown column with the nearest one that the principal sees; the engine knows no other. */
export function named(error: unknown, query: AuthorizedQuery): FractalError {
  const known = asFractalError(error);
  const column = known.code === 'sql.name' ? MISSING_COLUMN.exec(known.message)?.[1] : undefined;
  if (column === undefined) return known;
  const near = nearest(
    column,
    query.tables.flatMap((table) => table.columns.map((one) => one.name)),
  );
  return badInputError(
    known.code,
    known.message,
    `${near === undefined ? '' : `Did you mean ${near}? `}${known.cure}`,
    { cause: error },
  );
}

function interrupted(cause: unknown): FractalError {
  return unavailableError(
    'sql.interrupted',
    'the statement was stopped',
    'Give it more time with --timeout, or ask for less.',
    { cause },
  );
}
