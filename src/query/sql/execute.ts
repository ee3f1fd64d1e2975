/** Runs what was authorised and streams Arrow. */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import {
  FractalError,
  asFractalError,
  internalError,
  invariant,
  unavailableError,
} from '../../base/index.ts';
import {
  toArrowMessages,
  streamOn,
  toIpcStream,
  wholeResult,
  type ArrowMessages,
  type ArrowSource,
  type OpenStream,
  type Parameters,
  type Store,
  type ViewLease,
} from '../../store/index.ts';
import { answerSites, type Federation, type SiteReport } from '../federation/run.ts';
import type { ReadableTable } from '../ports.ts';
import type { AuthorizedQuery } from './authorize.ts';
import { UNREAD, deskOf } from './desk/desk.ts';
import { droppable } from './desk/droppable.ts';
import { IPC, keptMessagesOr, keptOr } from './desk/kept.ts';
import type { DomainScope } from './domain.ts';
import { named } from './named.ts';
import { drawPlan, drawRun } from './plan.ts';
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
  /** The connection itself, for a statement that takes several steps. */
  take(signal: AbortSignal): Promise<TakenConnection>;
}

export interface TakenConnection {
  readonly connection: DuckDBConnection;
  /** Must be called once, when nothing runs on it. */
  readonly release: () => void;
}

/** An Arrow IPC stream. Everything it holds is given back when the stream ends, fails or is dropped. */
export async function executeQuery(
  store: Store,
  query: AuthorizedQuery,
  signal: AbortSignal,
  federation?: Federation,
): Promise<AsyncIterable<Uint8Array>> {
  return await keptOr(store, query, IPC, async () => {
    const open = await openQuery(store, query, signal, { federation });
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
    readonly federation?: Federation | undefined;
  },
): Promise<ArrowMessages> {
  const { signal, batchBytes, pinned } = options;
  const run = async (): Promise<ArrowMessages> => {
    const open = await openQuery(store, query, signal, options);
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

export interface QueryOptions {
  /** The transaction it belongs to. */
  readonly pinned?: PinnedViews | undefined;
  /** The engines beside the database. */
  readonly federation?: Federation | undefined;
}

/** Runs the statement on a connection that sees the principal's views alone; throws `sql.rights_changed` if `pinned` has others. */
export async function openQuery(
  store: Store,
  query: AuthorizedQuery,
  signal: AbortSignal,
  options: QueryOptions = {},
): Promise<OpenQuery> {
  const { sql, params, limits, explain } = query.statement;
  const { pinned } = options;
  const ticket = await deskOf(store).enter(query.principal, query.statement.text, signal);
  let lease: ViewLease | undefined;
  try {
    checkRights(query, pinned);
    const held = (lease = await leaseViews(store, query));
    const { catalogue } = held;
    const where = { ...options, catalogue, signal: ticket.signal };
    const plain = async (text: string, values: Parameters): Promise<OpenStream> =>
      await (pinned?.stream(text, values, ticket.signal) ??
        store.stream(text, values, ticket.signal, catalogue));
    const open = explain
      ? await plain(EXPLAIN_ROW, [await planText(store, query, where)])
      : query.statement.federated === undefined
        ? await plain(sql, params)
        : await openFederated(store, query, where);
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

/** Where a statement runs. */
interface Where extends QueryOptions {
  readonly catalogue: string;
  readonly signal: AbortSignal;
}

/** The other engines' answers first, then the statement over them, all in one transaction. */
async function openFederated(
  store: Store,
  query: AuthorizedQuery,
  where: Where,
  prefix = '',
): Promise<OpenStream & { readonly reports: readonly SiteReport[] }> {
  const { statement } = query;
  const { connection, release } = await transaction(store, where);
  try {
    const federation = engines(where);
    const run = { store, connection, query, federation, signal: where.signal };
    const reports = await answerSites(run);
    const sql = prefix + (statement.federated?.sql ?? statement.sql);
    const open = await streamOn(connection, sql, statement.params, where.signal, release);
    return { ...open, reports };
  } catch (error) {
    // An open stream has released it.
    release();
    throw error;
  }
}

function engines({ federation }: QueryOptions): Federation {
  if (federation !== undefined) return federation;
  throw internalError('sql.federation', 'a statement asks engines that this caller does not have');
}

/** A connection that sees one state of the data until it is released; what it holds of its own goes with that. */
export async function transaction(
  store: Store,
  { pinned, catalogue, signal }: Omit<Where, 'federation'>,
): Promise<TakenConnection> {
  const taken = await (pinned?.take(signal) ?? begin(store, catalogue, signal));
  let released = false;
  return {
    connection: taken.connection,
    release() {
      if (!released) taken.release();
      released = true;
    },
  };
}

async function begin(store: Store, catalogue: string, signal: AbortSignal): Promise<TakenConnection> {
  const { connection, release } = await store.lease(signal, catalogue);
  // The temporary tables are of the transaction and end with it.
  const end = (): void => {
    void connection
      .run('ROLLBACK')
      .catch(() => undefined)
      .finally(release);
  };
  try {
    await store.pin(connection);
    return { connection, release: end };
  } catch (error) {
    end();
    throw error;
  }
}

/**
 * The plan as text. The engine's own plan tells how many rows it expects to read and which filters it pushes down, so
 * it is shown only where policy hides nothing; otherwise what policy makes of the statement is.
 */
export async function explainQuery(
  store: Store,
  query: AuthorizedQuery,
  signal: AbortSignal,
  federation?: Federation,
): Promise<string> {
  // What other engines are asked for is run, to tell what came of it: it takes a place like any statement.
  const ticket =
    query.statement.federated === undefined
      ? undefined
      : await deskOf(store).enter(query.principal, query.statement.text, signal);
  let lease: ViewLease | undefined;
  try {
    lease = await leaseViews(store, query);
    const where = { catalogue: lease.catalogue, signal: ticket?.signal ?? signal, federation };
    const text = await planText(store, query, where);
    ticket?.end();
    return text;
  } catch (error) {
    const shown = await named(store, error, query);
    ticket?.end(shown.code);
    throw shown;
  } finally {
    lease?.release();
  }
}

async function planText(store: Store, query: AuthorizedQuery, where: Where): Promise<string> {
  if (query.statement.federated !== undefined) {
    const limited = query.reads.filter(isLimited);
    const isOpen = limited.length === 0;
    const open = await openFederated(store, query, where, isOpen ? 'explain (analyze, format json) ' : '');
    try {
      const text = await readPlan(open.result, isOpen);
      const parts = open.reports.map((report) => partText(report, isOpen));
      return [
        ...parts,
        ...(isOpen ? ['DuckDB: the statement over these answers', text] : limits(limited)),
      ].join('\n');
    } finally {
      open.close();
    }
  }
  return await plainPlan(store, query, where.catalogue);
}

/** The plan of a statement that no other engine answers a part of. */
export async function plainPlan(store: Store, query: AuthorizedQuery, catalogue: string): Promise<string> {
  const { sql, params } = query.statement;
  const plan = await store.rowsOfViews<{ explain_value: string }>(
    catalogue,
    `explain (format json) ${sql}`,
    params,
  );
  const limited = query.reads.filter(isLimited);
  return limited.length === 0
    ? plan.map((row) => drawPlan(row.explain_value)).join('\n')
    : limits(limited).join('\n');
}

/** The engine's plan, with rows and time of each step; read to its end in any case, so that it has run. */
async function readPlan(result: DuckDBResult, isShown: boolean): Promise<string> {
  const lines: string[] = [];
  for await (const chunk of wholeResult(result))
    if (isShown) for (const row of chunk.getRows()) lines.push(drawRun(String(row[1])));
  return lines.join('\n');
}

/**
 * How long something took, how much it read and which conditions could be met early may hang on hidden rows: these are
 * for those from whom none are hidden.
 */
function partText({ engine, what, pushed, calls, rows, ms }: SiteReport, isOpen: boolean): string {
  const counted = isOpen
    ? [
        ...(calls === undefined ? [] : [`${calls} ${calls === 1 ? 'call' : 'calls'}`]),
        `${rows} rows`,
        `${ms.toFixed(1)} ms`,
      ].join(', ')
    : undefined;
  const first = pushed.length === 0 || !isOpen ? undefined : `first: ${pushed.join(', ')}`;
  return `${engine}: ${[what, first, counted].filter((part) => part !== undefined).join('; ')}`;
}

function limits(limited: readonly ReadableTable[]): string[] {
  const lines = limited.map((table) => {
    const columns = table.columns.filter((column) => column.shown !== 'plain').map((column) => column.name);
    const masked = columns.length === 0 ? '' : `; masked: ${columns.join(', ')}`;
    const rows = table.where === undefined ? 'all rows' : 'some rows';
    return `${table.schema}.${table.name}: ${rows}, ${table.columns.length} columns, by ${table.rules.join(', ')}${masked}`;
  });
  return ['The plan is not shown: policy limits what you read here.', ...lines];
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

export async function leaseViews(
  store: Store,
  { scope }: { readonly scope: DomainScope },
): Promise<ViewLease> {
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
