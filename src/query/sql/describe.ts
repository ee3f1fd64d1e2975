/** What a statement takes and answers, over the views that would run it, without running it. */
import { DuckDBTypeId, VARCHAR, type DuckDBPreparedStatement, type DuckDBType } from '@duckdb/node-api';
import type { SourceColumn, Store } from '../../store/index.ts';
import type { AuthorizedQuery } from './authorize.ts';
import { leaseViews } from './execute.ts';
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

export async function describeQuery(store: Store, query: AuthorizedQuery): Promise<StatementShape> {
  const { sql, explain } = query.statement;
  const lease = await leaseViews(store, query);
  try {
    return await store.withConnection(async (connection) => {
      const prepared = await connection.prepare(sql);
      try {
        const shape = shapeOf(prepared);
        return explain ? { ...shape, columns: EXPLAINED } : shape;
      } finally {
        prepared.destroySync();
      }
    }, lease.catalogue);
  } catch (error) {
    throw await named(store, error, query);
  } finally {
    lease.release();
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
