/** Runs what was authorised and streams Arrow. */
import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import { FractalError, asFractalError, invariant, unavailableError } from '../../base/index.ts';
import {
  toArrowMessages,
  toIpcStream,
  wholeResult,
  type ArrowMessages,
  type ArrowSource,
  type OpenStream,
  type Parameters,
  type Store,
  type ViewLease,
} from '../../store/index.ts';
import type { ReadScope, ReadableTable } from '../ports.ts';
import type { AuthorizedQuery } from './authorize.ts';
import { UNREAD, deskOf } from './desk/desk.ts';
import { droppable } from './desk/droppable.ts';
import { IPC, keptMessagesOr, keptOr } from './desk/kept.ts';
import { named } from './named.ts';
import { drawPlan } from './plan.ts';
import { viewStatements } from './views.ts';

/** A running query. `close` must be called: it gives back the connection, the views and the principal's place. */
export interface OpenQuery {
  readonly source: ArrowSource;
  /** Also fires when somebody cancels the statement. */
  readonly signal: AbortSignal;
  /** With the code of the error that ended it, if one did. */
  close(code?: string): void;
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
  return await keptOr(store, query, IPC, async () => {
    const open = await openQuery(store, query, signal);
    return closing(open, toIpcStream(open.source, { signal: open.signal }), signal);
  });
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
  const { signal, batchBytes, pinned } = options;
  const run = async (): Promise<ArrowMessages> => {
    const open = await openQuery(store, query, signal, pinned);
    try {
      const { schema, messages } = toArrowMessages(open.source, { signal: open.signal, batchBytes });
      return { schema, messages: closing(open, messages, signal) };
    } catch (error) {
      open.close(asFractalError(error).code);
      throw error;
    }
  };
  // What a transaction sees is not what the last commit left.
  return pinned === undefined ? await keptMessagesOr(store, query, batchBytes, run) : await run();
}

/** What it holds is given back also when nobody begins to read. */
const closing = <T>(open: OpenQuery, items: AsyncIterable<T>, signal: AbortSignal): Stream<T> =>
  droppable(untilClosed(open, items, signal), () => open.close(UNREAD));

type Stream<T> = AsyncGenerator<T, void, undefined>;

async function* untilClosed<T>(open: OpenQuery, items: AsyncIterable<T>, signal: AbortSignal): Stream<T> {
  let code: string | undefined = UNREAD;
  try {
    yield* items;
    code = undefined;
  } catch (error) {
    // The clock's or the caller's own reason for stopping says nothing about the statement; a canceller's does.
    const reason: unknown = open.signal.reason;
    const shown =
      !signal.aborted && open.signal.aborted && reason instanceof FractalError
        ? reason
        : signal.aborted && !(error instanceof FractalError)
          ? interrupted(error)
          : error;
    code = asFractalError(shown).code;
    throw shown;
  } finally {
    open.close(code);
  }
}

/** Small answers as objects, over the principal's views. */
export async function queryRows<T>(store: Store, query: AuthorizedQuery): Promise<T[]> {
  const { sql, params } = query.statement;
  const lease = await leaseViews(store, query);
  try {
    return await store.rowsOfViews<T>(lease.catalogue, sql, params);
  } catch (error) {
    throw await named(store, error, query);
  } finally {
    lease.release();
  }
}

export const EXPLAIN_ROW = `select 'plan' as explain_key, $1::varchar as explain_value`;

/** Runs the statement on a connection that sees the principal's views alone; throws `sql.rights_changed` if `pinned` has others. */
export async function openQuery(
  store: Store,
  query: AuthorizedQuery,
  signal: AbortSignal,
  pinned?: PinnedViews,
): Promise<OpenQuery> {
  const { sql, params, limits, explain } = query.statement;
  const ticket = await deskOf(store).enter(query.principal, query.statement.text, signal);
  let lease: ViewLease | undefined;
  try {
    checkRights(query, pinned);
    const held = (lease = await leaseViews(store, query));
    const { catalogue } = held;
    const run = explain ? EXPLAIN_ROW : sql;
    const values = explain ? [await planText(store, query, catalogue)] : params;
    const open = await (pinned?.stream(run, values, ticket.signal) ??
      store.stream(run, values, ticket.signal, catalogue));
    return {
      source: capped(open.result, limits.sql_rows, (rows) => {
        ticket.read(rows);
        query.tally.rows += rows;
      }),
      signal: ticket.signal,
      close(code) {
        open.close();
        held.release();
        ticket.end(code);
      },
    };
  } catch (error) {
    lease?.release();
    const shown = await named(store, error, query);
    ticket.end(shown.code);
    throw shown;
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
    throw await named(store, error, query);
  } finally {
    lease.release();
  }
}

export async function planText(store: Store, query: AuthorizedQuery, catalogue: string): Promise<string> {
  const { sql, params } = query.statement;
  const plan = await store.rowsOfViews<{ explain_value: string }>(
    catalogue,
    `explain (format json) ${sql}`,
    params,
  );
  const limited = query.tables.filter(isLimited);
  if (limited.length === 0) return plan.map((row) => drawPlan(row.explain_value)).join('\n');
  const lines = limited.map((table) => {
    const columns = table.columns.filter((column) => column.shown !== 'plain').map((column) => column.name);
    const masked = columns.length === 0 ? '' : `; masked: ${columns.join(', ')}`;
    const rows = table.where === undefined ? 'all rows' : 'some rows';
    return `${table.schema}.${table.name}: ${rows}, ${table.columns.length} columns, by ${table.rules.join(', ')}${masked}`;
  });
  return ['The plan is not shown: policy limits what you read here.', ...lines].join('\n');
}

export const isLimited = (table: ReadableTable): boolean =>
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

/** The result, ended with an error when it grows beyond the bound. */
function capped(result: DuckDBResult, most: number, read: (rows: number) => void): ArrowSource {
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
      read(chunk.rowCount);
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

export function interrupted(cause: unknown): FractalError {
  return unavailableError(
    'sql.interrupted',
    'the statement was stopped',
    'Give it more time with --timeout, or ask for less.',
    { cause },
  );
}
