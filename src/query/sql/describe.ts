/** What a statement takes and answers, over the views that would run it, without running it. */
import {
  DuckDBTypeId,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBType,
} from '@duckdb/node-api';
import { duckError, type SourceColumn, type Store } from '../../store/index.ts';
import { declareSites, type Federation } from '../federation/run.ts';
import type { AuthorizedQuery } from './authorize.ts';
import { leaseViews, transaction } from './execute.ts';
import { named } from './named.ts';

export interface StatementShape {
  /** Undefined while types of parameters are open: the answer's types depend on them. */
  readonly columns: readonly SourceColumn[] | undefined;
  /** In order; without a type where the statement leaves it open. */
  readonly parameters: readonly { readonly name: string; readonly type: DuckDBType | undefined }[];
}

/** What `explain` answers, whatever it is asked of. */
export const EXPLAINED: readonly SourceColumn[] = [
  { name: 'explain_key', type: VARCHAR },
  { name: 'explain_value', type: VARCHAR },
];

export async function describeQuery(
  store: Store,
  query: AuthorizedQuery,
  federation?: Federation,
): Promise<StatementShape> {
  const { sql, federated, explain } = query.statement;
  const lease = await leaseViews(store, query);
  try {
    const shape = await (federated === undefined || federation === undefined
      ? store.withConnection((connection) => prepare(connection, sql), lease.catalogue)
      : describeFederated(store, query, lease.catalogue, federation));
    return explain ? { ...shape, columns: EXPLAINED } : shape;
  } catch (error) {
    throw await named(store, duckError(error), query);
  } finally {
    lease.release();
  }
}

/** Over tables that are made and empty: nobody is asked. */
async function describeFederated(
  store: Store,
  query: AuthorizedQuery,
  catalogue: string,
  federation: Federation,
): Promise<StatementShape> {
  const { signal } = new AbortController();
  const { connection, release } = await transaction(store, { catalogue, signal });
  try {
    await declareSites({ store, connection, query, federation, signal });
    return await prepare(connection, query.statement.federated?.sql ?? '');
  } finally {
    release();
  }
}

async function prepare(connection: DuckDBConnection, sql: string): Promise<StatementShape> {
  const prepared = await connection.prepare(sql);
  try {
    return shapeOf(prepared);
  } finally {
    prepared.destroySync();
  }
}

function shapeOf(prepared: DuckDBPreparedStatement): StatementShape {
  const parameters = Array.from({ length: prepared.parameterCount }, (_, i) => ({
    name: prepared.parameterName(i + 1),
    type:
      prepared.parameterTypeId(i + 1) === DuckDBTypeId.INVALID ? undefined : prepared.parameterType(i + 1),
  }));
  const indexes = Array.from({ length: prepared.columnCount }, (_, i) => i);
  const open = indexes.some((i) => prepared.columnTypeId(i) === DuckDBTypeId.INVALID);
  return {
    columns: open
      ? undefined
      : indexes.map((i) => ({ name: prepared.columnName(i), type: prepared.columnType(i) })),
    parameters,
  };
}
