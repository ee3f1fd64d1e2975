/**
 * One transaction over both engines.
 *
 * DuckDB's commit is the commit. Lance rows are staged before it as versions nobody reads; the DuckDB transaction
 * names the Lance version that belongs to it; after the commit readers are moved there. A crash before the commit
 * leaves a Lance version that no commit names, and the next open rolls it back.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Table as ArrowTable } from 'apache-arrow';
import type { Limits } from '../base/index.ts';
import { qualifiedName, type Table } from '../schema/index.ts';
import { execute, readRows, type Parameters } from './duckdb.ts';
import type { LanceTable, LanceUpdate } from './lance.ts';
import { FreshRows } from './fresh.ts';
import { change, type Change, type ChangeCounts } from './change.ts';
import { ChangeHashes, type ChangedTable } from './pending-commit.ts';
import { putArrow } from './put-arrow.ts';
import type { WriteRights } from './rights.ts';
import { keepNew, putStaged, putSteps, remove, type OnChange, type PutCounts, type Stamp } from './put.ts';
import { Stage } from './stage.ts';
import type { Row } from './values.ts';

export class Transaction {
  readonly stamp: Stamp;
  readonly #connection: DuckDBConnection;
  readonly #lance: (name: string) => LanceTable;
  readonly #limits: Limits;
  readonly #stand: (catalogue?: string) => Promise<void>;
  readonly #fresh: FreshRows;
  readonly #passages = new Map<string, ArrowTable>();
  readonly #tables = new Map<string, Table>();
  /** Undefined when nobody asks what changes. */
  readonly #hashes: ChangeHashes | undefined;
  readonly #staged = new Set<string>();
  #changedRows = 0;
  #stagedRows = 0;
  #stages = 0;

  constructor(
    connection: DuckDBConnection,
    lance: (name: string) => LanceTable,
    limits: Limits,
    stamp: Stamp,
    stand: (catalogue?: string) => Promise<void>,
    hashKey?: string,
  ) {
    this.#stand = stand;
    this.#connection = connection;
    this.#lance = lance;
    this.#limits = limits;
    this.stamp = stamp;
    this.#fresh = new FreshRows(connection, stamp, limits);
    this.#hashes = hashKey === undefined ? undefined : new ChangeHashes(connection, hashKey, stamp);
  }

  /** Whether nothing is left of what it wrote. Such a transaction makes no commit. */
  get isEmpty(): boolean {
    return this.#changedRows === 0 && this.#stagedRows === 0;
  }
  /** Rows written so far. */
  get changedRows(): number {
    return this.#changedRows;
  }
  get changedTables(): readonly string[] {
    return [...this.#tables.keys()].sort();
  }
  get stagedTables(): readonly string[] {
    return [...this.#staged].sort();
  }

  /** Contents of what changes, before and after. When all is written. */
  async changes(): Promise<ChangedTable[]> {
    return (
      (await this.#hashes?.changed(this.changedTables.flatMap((name) => this.#tables.get(name) ?? []))) ?? []
    );
  }

  get #onChange(): OnChange | undefined {
    const hashes = this.#hashes;
    return hashes === undefined ? undefined : (table, from) => hashes.before(table, from);
  }

  /** Writes what waits. Before the commit. */
  async finish(): Promise<void> {
    await this.#fresh.finish();
    for (const name of this.#passages.keys()) await this.#writePassages(name);
  }

  /** Reads with this transaction's own writes. For small answers. */
  async rows<T>(sql: string, params: Parameters = []): Promise<T[]> {
    await this.#fresh.before(sql);
    return await readRows<T>(this.#connection, sql, params);
  }

  /** Reads what is in the tables already. For keys of which the caller knows that no row of them can be waiting. */
  async storedRows<T>(sql: string, params: Parameters = []): Promise<T[]> {
    return await readRows<T>(this.#connection, sql, params);
  }

  /** Writes rows by the rules of the table's class. */
  async put(table: Table, rows: readonly Row[]): Promise<PutCounts> {
    if (rows.length === 0) return { added: 0, updated: 0, unchanged: 0 };
    const stage = await this.stageFor(table);
    await stage.append(rows);
    const counts = await this.putStaged(stage);
    await stage.drop();
    return counts;
  }

  /** Writes an Arrow stream from outside by the rules of the table's class, as far as the rights go. */
  async putArrow(
    table: Table,
    ipc: AsyncIterable<Uint8Array>,
    rights: WriteRights,
    signal: AbortSignal,
  ): Promise<PutCounts> {
    await this.#fresh.before(qualifiedName(table));
    const stamp = this.stamp;
    const counts = await putArrow(this.#connection, table, ipc, {
      rights,
      stamp,
      limits: this.#limits,
      signal,
      onChange: this.#onChange,
    });
    this.#note(table, counts.added + counts.updated);
    return counts;
  }

  /** Writes what a statement over somebody's views finds, by the rules of the table's class, as far as the rights go. */
  async change(table: Table, what: Change, signal: AbortSignal): Promise<ChangeCounts> {
    await this.#fresh.finish();
    const counts = await change(
      {
        connection: this.#connection,
        stand: this.#stand,
        stamp: this.stamp,
        limits: this.#limits,
        signal,
        onChange: this.#onChange,
      },
      table,
      what,
    );
    this.#note(table, counts.written);
    return counts;
  }

  /** Appends rows whose keys the caller knows to be new: no look-up is made. */
  async insert(table: Table, rows: readonly Row[]): Promise<void> {
    await this.#fresh.add(table, rows);
    this.#note(table, rows.length);
  }

  /**
   * A place for rows that come in many parts, as rows or as Arrow batches. `putStaged` writes them all by one round of
   * statements. A transaction that fails takes the stage with it.
   */
  async stageFor(table: Table): Promise<Stage> {
    return await Stage.open(this.#connection, table, `stage_${++this.#stages}`, this.#limits);
  }

  /**
   * Writes staged rows by the rules of the table's class, and empties nothing: drop the stage afterwards. With `steps`,
   * several rows of one key of a state machine are steps of its status, in the order they were staged.
   */
  async putStaged(stage: Stage, options: { readonly steps?: boolean } = {}): Promise<PutCounts> {
    await this.#fresh.before(qualifiedName(stage.table));
    const { states } = stage.table;
    const counts =
      options.steps === true && states !== undefined
        ? await putSteps(this.#connection, stage, states, this.stamp, this.#onChange)
        : await putStaged(this.#connection, stage, this.stamp, this.#onChange);
    this.#note(stage.table, counts.added + counts.updated);
    return counts;
  }

  /** Writes the staged rows whose keys the table does not have; gives their number. The others stay as they are. */
  async putNew(stage: Stage): Promise<number> {
    await this.#fresh.before(qualifiedName(stage.table));
    await keepNew(this.#connection, stage);
    return (await this.putStaged(stage)).added;
  }

  /** Appends what a query answers, in the order of the table's own columns. */
  async insertSelect(table: Table, select: string, params: Parameters): Promise<number> {
    await this.#fresh.before(`${qualifiedName(table)} ${select}`);
    const n = params.length;
    const added = await execute(
      this.#connection,
      `insert into ${qualifiedName(table)}
       select *, $${n + 1}, $${n + 2}::bigint, $${n + 3}::bigint, false from (${select})`,
      [...params, this.stamp.nodeId, this.stamp.hlc, this.stamp.commitVersion],
    );
    this.#note(table, added);
    return added;
  }

  /** Takes rows of this very transaction back, as if they had never been written. */
  async discard(table: Table, where: string, params: Parameters): Promise<void> {
    await this.#fresh.before(`${qualifiedName(table)} ${where}`);
    const taken = await execute(
      this.#connection,
      `delete from ${qualifiedName(table)} where commit_version = $${params.length + 1} and (${where})`,
      [...params, this.stamp.commitVersion],
    );
    this.#changedRows -= taken;
  }

  /** Closes append-only rows: sets end columns. `set` and `where` are SQL over the table's columns, with `$1…` bound. */
  async close(table: Table, set: string, where: string, params: Parameters): Promise<number> {
    await this.#fresh.before(`${qualifiedName(table)} ${where}`);
    const n = params.length;
    await this.#hashes?.before(table, matching(table, where, params), params);
    const changed = await execute(
      this.#connection,
      `update ${qualifiedName(table)} set ${set}, node_id = $${n + 1}, hlc = $${n + 2}, commit_version = $${n + 3} where ${where}`,
      [...params, this.stamp.nodeId, this.stamp.hlc, this.stamp.commitVersion],
    );
    this.#note(table, changed);
    return changed;
  }

  /** Leaves tombstones. */
  async remove(table: Table, where: string, params: readonly (string | number)[]): Promise<number> {
    await this.#fresh.before(`${qualifiedName(table)} ${where}`);
    await this.#hashes?.before(table, matching(table, `not deleted and (${where})`, params), params);
    const removed = await remove(this.#connection, table, where, params, this.stamp);
    this.#note(table, removed);
    return removed;
  }

  /** The node's own bookkeeping tables, which have no class. */
  async bookkeep(sql: string, params: Parameters = []): Promise<number> {
    await this.#fresh.before(sql);
    const changed = await execute(this.#connection, sql, params);
    this.#changedRows += changed;
    return changed;
  }

  /** Stages rows in a Lance table. They wait for more: every write makes a file and a version. */
  async stage(name: string, rows: ArrowTable): Promise<void> {
    this.#staging(name);
    const waiting = this.#passages.get(name)?.concat(rows) ?? rows;
    this.#passages.set(name, waiting);
    this.#stagedRows += rows.numRows;
    if (waiting.numRows >= this.#limits.lance_write_rows) await this.#writePassages(name);
  }

  async stageUpdate(name: string, change: LanceUpdate): Promise<void> {
    await this.#writePassages(name);
    this.#stagedRows += await this.#staging(name).update(change);
  }

  /** Takes staged rows back out. */
  async stageDelete(name: string, where: string): Promise<void> {
    await this.#writePassages(name);
    this.#stagedRows -= await this.#staging(name).delete(where);
  }

  async #writePassages(name: string): Promise<void> {
    const waiting = this.#passages.get(name);
    this.#passages.delete(name);
    if (waiting !== undefined) await this.#staging(name).add(waiting);
  }

  #staging(name: string): LanceTable {
    const table = this.#lance(name);
    this.#staged.add(name);
    return table;
  }

  #note(table: Table, rows: number): void {
    if (rows === 0) return;
    this.#tables.set(qualifiedName(table), table);
    this.#changedRows += rows;
  }
}

/** Rows that meet a condition. It need not use every parameter, while the engine insists that a statement does. */
function matching(table: Table, where: string, params: Parameters): string {
  const all = params.map((_, i) => ` and ($${i + 1}::varchar is null or true)`).join('');
  return `from ${qualifiedName(table)} t where (${where})${all}`;
}
