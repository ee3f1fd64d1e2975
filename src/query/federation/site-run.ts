/** What the answering of every kind of site has in common. */
import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { FractalError, badInputError } from '../../base/index.ts';
import { duckError, execute, type Parameters, type Store } from '../../store/index.ts';
import type { AuthorizedQuery } from '../sql/authorize.ts';
import type { Attempts } from './plan.ts';
import type { QueryText } from './tree.ts';

export interface SiteRun {
  readonly store: Store;
  /** In a transaction that sees one state of the data, standing in the principal's views. */
  readonly connection: DuckDBConnection;
  readonly query: AuthorizedQuery;
  readonly signal: AbortSignal;
}

/** What was done for one site, for `explain`. */
export interface SiteReport {
  readonly engine: string;
  readonly what: string;
  /** What was evaluated there and not afterwards. */
  readonly pushed: readonly string[];
  /** Different calls. */
  readonly calls: number | undefined;
  readonly rows: number;
  readonly ms: number;
}

export async function makeTable(
  connection: DuckDBConnection,
  name: string,
  columns: readonly string[],
): Promise<void> {
  await execute(connection, `create or replace temp table ${name} (${columns.join(', ')})`);
}

/** The first attempt that does not fail in one of the ways of `other`; by these the next one is tried. */
export async function firstThatFits<T>(
  attempts: Attempts,
  ask: (attempt: QueryText) => Promise<T>,
  other: readonly string[] = ['sql.name'],
): Promise<T> {
  let first: unknown;
  for (const attempt of attempts) {
    try {
      return await ask(attempt);
    } catch (error) {
      const isOther = !(error instanceof FractalError) || !other.includes(error.code);
      if (isOther) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** The statement's parameters that a query names. */
export function pick({ parameters }: QueryText, all: Parameters): Parameters {
  return parameters.map((number) => {
    const value = all[number - 1];
    if (value !== undefined) return value;
    throw badInputError(
      'sql.parameters',
      `the parameter $${number} has no value`,
      'Give one for each parameter.',
    );
  });
}

/** Puts rows into a temporary table. */
export async function append(
  connection: DuckDBConnection,
  table: string,
  types: readonly DuckDBType[],
  rows: readonly (readonly DuckDBValue[])[],
): Promise<void> {
  const appender = await connection.createAppender(table, 'main', 'temp');
  try {
    for (const row of rows) {
      types.forEach((type, i) => {
        const value = row[i] ?? null;
        if (value === null) appender.appendNull();
        else appender.appendValue(value, type);
      });
      appender.endRow();
    }
    appender.flushSync();
  } catch (error) {
    throw duckError(error);
  } finally {
    appender.closeSync();
  }
}
