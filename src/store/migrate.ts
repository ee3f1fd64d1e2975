/** Brings a database forwards, one migration per transaction. Never backwards. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { internalError, unavailableError, type Clock } from '../base/index.ts';
import { MIGRATIONS, type Migration } from '../schema/index.ts';
import { execute, readRows } from './duckdb.ts';

/** The version a database is at; 0 for an empty file. */
export async function schemaVersion(connection: DuckDBConnection): Promise<number> {
  const [table] = await readRows<{ n: bigint }>(
    connection,
    `select count(*) n from information_schema.tables where table_schema = $1 and table_name = 'migrations'`,
    ['node'],
  );
  if (table?.n !== 1n) return 0;
  const [row] = await readRows<{ version: number | null }>(
    connection,
    'select max(version) as version from node.migrations where version >= $1',
    [0],
  );
  return row?.version ?? 0;
}

/** The last commit of a database of any age; 0 when it has none. */
export async function lastCommit(connection: DuckDBConnection): Promise<bigint> {
  const [table] = await readRows<{ n: bigint }>(
    connection,
    `select count(*) n from information_schema.tables where table_schema = $1 and table_name = 'commits'`,
    ['node'],
  );
  if (table?.n !== 1n) return 0n;
  const [row] = await readRows<{ version: bigint | null }>(
    connection,
    'select max(commit_version) as version from node.commits where commit_version > $1',
    [0n],
  );
  return row?.version ?? 0n;
}

/** Applies what is missing, up to `target`. Returns the versions applied. */
export async function migrate(
  connection: DuckDBConnection,
  clock: Clock,
  migrations: readonly Migration[] = MIGRATIONS,
  target = migrations.length,
): Promise<number[]> {
  migrations.forEach((migration, i) => {
    if (migration.version !== i + 1)
      throw internalError('schema.migrations', 'migrations are not numbered 1, 2, 3, …');
  });
  const from = await schemaVersion(connection);
  if (from > migrations.length)
    throw unavailableError(
      'schema.newer',
      `the data was written by a newer Fractal (schema ${from}; this one knows ${migrations.length})`,
      'Update Fractal, or restore a backup made by this version.',
    );
  const applied: number[] = [];
  for (const migration of migrations.slice(from, target)) {
    await connection.run('BEGIN');
    try {
      for (const statement of migration.statements) await connection.run(statement);
      await execute(connection, 'insert into node.migrations values ($1, $2, make_timestamp($3))', [
        migration.version,
        migration.name,
        BigInt(clock.now()) * 1000n,
      ]);
      await connection.run('COMMIT');
    } catch (error) {
      // A failing commit has ended the transaction already.
      await connection.run('ROLLBACK').catch(() => undefined);
      throw internalError(
        'schema.migration',
        `migration ${migration.version} (${migration.name}) failed; nothing was changed`,
        { cause: error },
      );
    }
    applied.push(migration.version);
  }
  return applied;
}
