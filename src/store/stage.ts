/**
 * Rows on their way into a table: a temporary table of the same columns, without the store's own. However many parts
 * a file comes in, the rules of the table's class (`put.ts`) are then applied to all of them by one round of statements.
 */
import { DuckDBDataChunk, type DuckDBAppender, type DuckDBConnection } from '@duckdb/node-api';
import type { RecordBatch } from 'apache-arrow';
import type { Limits } from '../base/index.ts';
import { qualifiedName, type Column, type Table } from '../schema/index.ts';
import { ArrowAppender } from './arrow/index.ts';
import { execute } from './duckdb.ts';
import { setColumn } from './row-chunk.ts';
import { checkColumns, missingError, toDuckValue, type Row } from './values.ts';

export class Stage {
  readonly table: Table;
  readonly name: string;
  readonly #connection: DuckDBConnection;
  readonly #limits: Limits;
  #rows = 0;

  private constructor(connection: DuckDBConnection, table: Table, name: string, limits: Limits) {
    this.#connection = connection;
    this.table = table;
    this.name = name;
    this.#limits = limits;
  }

  static async open(
    connection: DuckDBConnection,
    table: Table,
    name: string,
    limits: Limits,
  ): Promise<Stage> {
    const own = table.columns.map((column) => column.name).join(', ');
    await execute(
      connection,
      `create or replace temp table ${name} as select ${own} from ${qualifiedName(table)} limit 0`,
    );
    return new Stage(connection, table, name, limits);
  }

  /** Rows staged so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Throws `row.column`, `row.type` or `row.missing`; the stage must then be dropped. */
  async append(rows: readonly Row[]): Promise<void> {
    checkColumns(this.table, rows);
    const base = this.#rows;
    this.#checkRequired(rows.length, (column) => (row) => (rows[row]?.[column.name] ?? null) !== null);
    await this.#appending((appender) => {
      const types = this.table.columns.map((_, i) => appender.columnType(i));
      for (let start = 0; start < rows.length; start += this.#limits.append_rows) {
        const part = rows.slice(start, start + this.#limits.append_rows);
        const chunk = DuckDBDataChunk.create(types, part.length);
        this.table.columns.forEach((column, i) => {
          setColumn(
            chunk,
            i,
            types[i]!.typeId,
            part.map((row, r) =>
              toDuckValue(qualifiedName(this.table), column, row[column.name], base + start + r + 1),
            ),
          );
        });
        appender.appendDataChunk(chunk);
      }
    });
    this.#rows += rows.length;
  }

  /** Columns of the table by name, without those of the store. Throws `row.missing`, or what `ArrowAppender` throws. */
  async appendBatch(batch: RecordBatch): Promise<void> {
    this.#checkRequired(batch.numRows, (column) => {
      const data = batch.data.children[batch.schema.fields.findIndex(({ name }) => name === column.name)];
      return data === undefined || data.nullCount === 0 ? undefined : (row) => data.getValid(row);
    });
    const columns = this.table.columns.map((column) => column.name);
    await this.#appending((appender) => {
      new ArrowAppender(appender, { columns }).append(batch);
    });
    this.#rows += batch.numRows;
  }

  async drop(): Promise<void> {
    await execute(this.#connection, `drop table if exists ${this.name}`);
  }

  /** The first row that lacks something is named, however the rows are cut into parts. */
  #checkRequired(rows: number, presence: (column: Column) => ((row: number) => boolean) | undefined): void {
    const checks = this.table.columns.flatMap((column) => {
      const present = column.nullable ? undefined : presence(column);
      return present === undefined ? [] : [{ column, present }];
    });
    for (let row = 0; row < rows && checks.length > 0; row++)
      for (const { column, present } of checks)
        if (!present(row)) throw missingError(qualifiedName(this.table), column, this.#rows + row + 1);
  }

  async #appending(write: (appender: DuckDBAppender) => void): Promise<void> {
    const appender = await this.#connection.createAppender(this.name, null);
    try {
      write(appender);
    } catch (error) {
      // Left alone, the appender writes what it holds when it is collected: into whatever transaction runs then.
      appender.clear();
      appender.closeSync();
      throw error;
    }
    appender.closeSync();
  }
}
