/**
 * The change feed: every row whose last write lies between two commits, as Arrow (rules F1–F3).
 *
 * One DuckDB transaction reads all tables, so that a feed is one state of the database however long it is read. What
 * it costs follows the change, not the database: `node.commits` names the tables touched, and the zone maps on
 * `commit_version` skip the row groups that were not.
 */
import type { RecordBatch } from 'apache-arrow';
import type { DuckDBConnection } from '@duckdb/node-api';
import { usageError } from '../base/index.ts';
import {
  TABLES,
  allColumns,
  partitionSql,
  qualifiedName,
  type PartitionKey,
  type Table,
} from '../schema/index.ts';
import { toRecordBatches } from './arrow/index.ts';
import { duckError, openStream, readRows, type Parameters } from './duckdb.ts';
import type { Store } from './store.ts';

export interface ChangeRequest {
  /** Tells of commits after this one. */
  readonly since: bigint;
  /** And up to this one; the newest when absent. */
  readonly until?: bigint | undefined;
  /** Only these tables. */
  readonly tables?: readonly Table[] | undefined;
  /** Only rows with these parts of their partition key. */
  readonly partition?: Partial<PartitionKey> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ChangeBatch {
  readonly table: Table;
  /**
   * The table's columns with their system columns, then `partition_region`, `partition_site_id`, `partition_category`
   * and `partition_period`. Ordered by commit, then key. A row with `deleted` is a tombstone.
   */
  readonly batch: RecordBatch;
  readonly since: bigint;
  /** The commit this feed reaches: `since` of the next. */
  readonly until: bigint;
}

const PARTS = ['region', 'site_id', 'category', 'period'] as const;

/** Reads while it is iterated: memory is bounded by a batch. Stopping early or aborting gives the connection back. */
export async function* changes(
  store: Store,
  request: ChangeRequest,
): AsyncGenerator<ChangeBatch, void, undefined> {
  const { since, signal } = request;
  if (since < 0n || (request.until !== undefined && request.until < since))
    throw usageError(
      'feed.range',
      'a feed runs from a commit to a later one',
      'Give `since` from 0, and `until` not before it.',
    );
  const { connection, release } = await store.lease(signal);
  try {
    await connection.run('BEGIN');
    const { until, touched } = await reach(connection, since, request.until);
    for (const table of request.tables ?? TABLES) {
      if (!touched.has(qualifiedName(table))) continue;
      const { category } = request.partition ?? {};
      if (category !== undefined && category !== table.partition.category) continue;
      signal?.throwIfAborted();
      const { sql, params } = select(table, since, until, request.partition ?? {});
      const { batches } = toRecordBatches(await openStream(connection, sql, params), {
        signal,
        connection,
        batchRows: store.options.limits.feed_rows,
        metadata: new Map([
          ['table', qualifiedName(table)],
          ['class', table.class],
          ['key', table.key.join(',')],
        ]),
      });
      for await (const batch of batches) yield { table, batch, since, until };
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw duckError(error);
  } finally {
    await connection.run('ROLLBACK').catch(() => undefined);
    release();
  }
}

/** The last commit of this transaction's view within the range, and the tables that the range touches. */
async function reach(
  connection: DuckDBConnection,
  since: bigint,
  wanted: bigint | undefined,
): Promise<{ until: bigint; touched: Set<string> }> {
  const rows = await readRows<{ commit_version: bigint; tables: string[] }>(
    connection,
    'select max(commit_version) as commit_version, list_distinct(flatten(list(tables))) as tables from node.commits where commit_version > $1 and commit_version <= coalesce($2, commit_version)',
    [since, wanted ?? null],
  );
  return { until: rows[0]?.commit_version ?? since, touched: new Set(rows[0]?.tables ?? []) };
}

function select(
  table: Table,
  since: bigint,
  until: bigint,
  partition: Partial<PartitionKey>,
): { sql: string; params: Parameters } {
  const expressions = partitionSql(table);
  const params: (string | bigint)[] = [since, until];
  const wanted = PARTS.flatMap((part) => {
    const value = partition[part];
    if (value === undefined) return [];
    params.push(value);
    return [`${expressions[part]} = $${params.length}`];
  });
  const columns = [
    ...allColumns(table).map((column) => column.name),
    ...PARTS.map((part) => `${expressions[part]} as partition_${part}`),
  ];
  const where = ['commit_version > $1', 'commit_version <= $2', ...wanted];
  return {
    sql: `select ${columns.join(', ')} from ${qualifiedName(table)} where ${where.join(' and ')} order by ${['commit_version', ...table.key].join(', ')}`,
    params,
  };
}
