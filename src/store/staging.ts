/** An Arrow stream from outside in a temporary table: its types as they came, its columns by place. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { badInputError } from '../base/index.ts';
import { ArrowAppender, openIpcStream, sqlTypeOf } from './arrow/index.ts';
import { TypedValue } from './values.ts';
import { duckError, execute } from './duckdb.ts';

export interface Staged {
  /** Name of the temporary table. */
  readonly table: string;
  /** The stream's columns: `column` is the name in the temporary table. */
  readonly columns: readonly { readonly name: string; readonly column: string; readonly type: string }[];
  readonly rows: number;
}

/** The table belongs to the connection; whoever asked for it drops it. */
export async function stageArrow(
  connection: DuckDBConnection,
  ipc: Uint8Array | AsyncIterable<Uint8Array>,
  options: { readonly rowsMax: number; readonly signal: AbortSignal },
): Promise<Staged> {
  const table = 'arrow_stage';
  const open = await openIpcStream(ipc);
  try {
    const columns = open.schema.fields.map((field, i) => ({
      name: field.name,
      column: `c${i}`,
      type: sqlTypeOf(field),
    }));
    // Some peers send an empty schema where there is nothing to send.
    if (columns.length === 0) return { table, columns, rows: 0 };
    const list = columns.map(({ column, type }) => `${column} ${type}`).join(', ');
    await execute(connection, `create or replace temp table ${table} (${list})`);
    const appender = await connection.createAppender(table);
    let rows = 0;
    try {
      const target = new ArrowAppender(appender);
      for await (const batch of open.batches) {
        options.signal.throwIfAborted();
        rows += batch.numRows;
        if (!(rows <= options.rowsMax))
          throw badInputError(
            'arrow.rows',
            `the Arrow data has more than ${options.rowsMax} rows`,
            'Send it in several parts.',
          );
        target.append(batch);
      }
    } catch (error) {
      // Left alone, the appender writes what it holds when it is collected.
      appender.clear();
      appender.closeSync();
      throw error;
    }
    appender.closeSync();
    return { table, columns, rows };
  } catch (error) {
    throw duckError(error);
  } finally {
    await open.close();
  }
}

/** The rows as values to bind. */
export async function stagedValues(connection: DuckDBConnection, staged: Staged): Promise<TypedValue[][]> {
  if (staged.columns.length === 0) return [];
  const reader = await connection.runAndReadAll(`from ${staged.table}`);
  const types = reader.columnTypes();
  return reader.getRows().map((row) => row.map((value, i) => new TypedValue(value, types[i]!)));
}

export async function dropStage(connection: DuckDBConnection, staged: Staged): Promise<void> {
  await execute(connection, `drop table if exists ${staged.table}`);
}
