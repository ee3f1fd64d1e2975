/**
 * Rows whose keys are known to be new, on their way straight into their tables. They wait until there are enough for
 * a chunk, or until a statement speaks of their table: an appender costs the same for one row as for two thousand, and a
 * temporary table per call would hold a block per column until the transaction ends.
 */
import { DuckDBDataChunk, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import type { Limits } from '../base/index.ts';
import { allColumns, qualifiedName, type Table } from '../schema/index.ts';
import type { Stamp } from './put.ts';
import { setColumn } from './row-chunk.ts';
import { checkColumns, toDuckValue, type Row } from './values.ts';

export class FreshRows {
  readonly #connection: DuckDBConnection;
  readonly #limits: Limits;
  readonly #system: readonly DuckDBValue[];
  readonly #waiting = new Map<Table, Row[]>();

  constructor(connection: DuckDBConnection, stamp: Stamp, limits: Limits) {
    this.#connection = connection;
    this.#limits = limits;
    this.#system = [stamp.nodeId, stamp.hlc, stamp.commitVersion, false];
  }

  /** Throws `row.column` at once; `row.type` and `row.missing` may come with a later call or with the end. */
  async add(table: Table, rows: readonly Row[]): Promise<void> {
    checkColumns(table, rows);
    const waiting = this.#waiting.get(table) ?? [];
    this.#waiting.set(table, waiting);
    for (const row of rows) waiting.push(row);
    if (waiting.length >= this.#limits.append_rows) await this.#write(table, waiting);
  }

  /** Writes what waits for the tables that the statement names. */
  async before(sql: string): Promise<void> {
    for (const [table, rows] of this.#waiting)
      if (rows.length > 0 && sql.includes(qualifiedName(table))) await this.#write(table, rows);
  }

  async finish(): Promise<void> {
    for (const [table, rows] of this.#waiting) if (rows.length > 0) await this.#write(table, rows);
  }

  async #write(table: Table, rows: readonly Row[]): Promise<void> {
    this.#waiting.delete(table);
    const name = qualifiedName(table);
    const appender = await this.#connection.createAppender(table.name, table.schema);
    const types = allColumns(table).map((_, i) => appender.columnType(i));
    try {
      for (let start = 0; start < rows.length; start += this.#limits.append_rows) {
        const part = rows.slice(start, start + this.#limits.append_rows);
        const chunk = DuckDBDataChunk.create(types, part.length);
        table.columns.forEach((column, i) => {
          setColumn(
            chunk,
            i,
            types[i]!.typeId,
            part.map((row, r) => toDuckValue(name, column, row[column.name], start + r + 1)),
          );
        });
        this.#system.forEach((value, i) => {
          const at = table.columns.length + i;
          setColumn(chunk, at, types[at]!.typeId, new Array<DuckDBValue>(part.length).fill(value));
        });
        appender.appendDataChunk(chunk);
      }
    } catch (error) {
      // Left alone, the appender writes what it holds when it is collected: into whatever transaction runs then.
      appender.clear();
      appender.closeSync();
      throw error;
    }
    appender.closeSync();
  }
}
