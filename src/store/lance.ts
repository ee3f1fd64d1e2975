/**
 * Lance tables as Fractal uses them: derived from DuckDB, laid out for search, read at the version the last commit
 * names (`node.lance_heads`), never at whatever happens to be newest.
 */
import path from 'node:path';
import * as lancedb from '@lancedb/lancedb';
import type { Schema, Table as ArrowTable } from 'apache-arrow';
import { FractalError, integrityError, invariant, type FileSystem } from '../base/index.ts';

export interface LanceDefinition {
  readonly name: string;
  /** Column that is unique; Lance uses it to refuse double upserts. */
  readonly key: string;
  readonly schema: Schema;
}

export interface LanceUpdate {
  readonly where: string;
  /** SQL expressions by column. */
  readonly set: Readonly<Record<string, string>>;
}

/** One Lance table: a handle that writes and one that reads at the head. */
export class LanceTable {
  readonly name: string;
  readonly folder: string;
  readonly #db: lancedb.Connection;
  readonly #write: lancedb.Table;
  #read: lancedb.Table;
  #head: number;
  readonly #synced = new Set<string>();

  private constructor(
    name: string,
    folder: string,
    db: lancedb.Connection,
    write: lancedb.Table,
    read: lancedb.Table,
    head: number,
  ) {
    this.name = name;
    this.folder = folder;
    this.#db = db;
    this.#write = write;
    this.#read = read;
    this.#head = head;
  }

  /** Makes the table with stable row ids and its unenforced key; both must be there from the first version. */
  static async create(
    db: lancedb.Connection,
    folder: string,
    definition: LanceDefinition,
  ): Promise<LanceTable> {
    const table = await db.createEmptyTable(definition.name, definition.schema, {
      mode: 'overwrite',
      storageOptions: { new_table_enable_stable_row_ids: 'true' },
    });
    await table.setUnenforcedPrimaryKey(definition.key);
    const head = await table.version();
    return await LanceTable.#at(db, folder, definition.name, table, head);
  }

  /** Opens the table at the version the last commit named. What was staged after it never became part of a commit. */
  static async open(db: lancedb.Connection, folder: string, name: string, head: number): Promise<LanceTable> {
    try {
      const table = await db.openTable(name);
      return await LanceTable.#at(db, folder, name, table, head);
    } catch (error) {
      throw integrityError(
        'search.index_damaged',
        `the search table ${name} cannot be opened at version ${head}`,
        'Run `fractal reindex`: it is made again from the database.',
        { cause: error },
      );
    }
  }

  static async #at(
    db: lancedb.Connection,
    folder: string,
    name: string,
    table: lancedb.Table,
    head: number,
  ): Promise<LanceTable> {
    const read = await db.openTable(name, undefined, { version: head });
    return new LanceTable(name, path.join(folder, `${name}.lance`), db, table, read, head);
  }

  /** The version that readers see. */
  get head(): number {
    return this.#head;
  }

  /** The table as of the last commit. Hold it for one query only. */
  get reader(): lancedb.Table {
    return this.#read;
  }

  /** Reads at the last commit; what Lance cannot read is told as damage (rule R4). */
  async read<T>(body: (table: lancedb.Table) => Promise<T>): Promise<T> {
    try {
      return await body(this.#read);
    } catch (error) {
      throw lanceError(this.name, error);
    }
  }

  /** The table at a version of its past. The caller closes it. */
  async at(version: number): Promise<lancedb.Table> {
    return await this.#db.openTable(this.name, undefined, { version });
  }

  async latest(): Promise<number> {
    try {
      await this.#write.checkoutLatest();
      return await this.#write.version();
    } catch (error) {
      throw lanceError(this.name, error);
    }
  }

  /** Stages rows: on disk, seen by nobody until `publish`. */
  async add(rows: ArrowTable): Promise<void> {
    // A batch from our own Arrow build carries the schema it needs; LanceDB takes it as it is.
    await this.#write.add(rows);
  }

  /** Answers the number of rows changed. */
  async update(change: LanceUpdate): Promise<number> {
    const { rowsUpdated } = await this.#write.update({
      where: change.where,
      valuesSql: { ...change.set },
    });
    return rowsUpdated;
  }

  /** Answers the number of rows taken out. */
  async delete(where: string): Promise<number> {
    const { numDeletedRows } = await this.#write.delete(where);
    return numDeletedRows;
  }

  async createIndex(column: string, index: lancedb.Index, replace: boolean): Promise<void> {
    await this.#write.createIndex(column, { config: index, replace });
  }

  /** Brings the newest version back to the content of the head. Answers the version that now holds it. */
  async rollback(): Promise<number> {
    if ((await this.latest()) === this.#head) return this.#head;
    await this.#write.checkout(this.#head);
    await this.#write.restore();
    return await this.#write.version();
  }

  /** Lets readers see `version`. Call once the commit that names it is durable. */
  async publish(version: number): Promise<void> {
    this.#read = await this.at(version);
    this.#head = version;
  }

  /**
   * Lance itself never asks for an fsync: everything new since the last call, then the folders that name it, up to the
   * table's own. With `again`, what was synced before too: another process may have written on.
   */
  async sync(fs: FileSystem, again = false): Promise<void> {
    if (again) this.#synced.clear();
    const walk = async (folder: string): Promise<boolean> => {
      let fresh = false;
      for (const name of await fs.list(folder)) {
        const file = path.join(folder, name);
        if (this.#synced.has(file)) continue;
        const stat = await fs.stat(file);
        if (stat === undefined) continue;
        // A new folder is a new name in this one.
        if (stat.isDirectory() ? await walk(file) : await syncIfThere(fs, file)) fresh = true;
        if (!stat.isDirectory()) this.#synced.add(file);
      }
      if (fresh) await fs.sync(folder);
      return fresh;
    };
    await walk(this.folder);
  }

  async indexes(): Promise<lancedb.IndexConfig[]> {
    return await this.#read.listIndices();
  }

  close(): void {
    this.#read.close();
    this.#write.close();
  }
}

const DAMAGE =
  /not found|no such file|corrupt|invalid (?:magic|file|footer|manifest)|unexpected end|out of (?:range|bounds)|lance error: (?:LanceError\()?IO/i;

/** An error of Lance; as damage when it speaks of files that are gone, cut short or changed. */
function lanceError(name: string, error: unknown): unknown {
  const damage = error instanceof Error && !(error instanceof FractalError) && DAMAGE.test(error.message);
  if (!damage) return error;
  return integrityError(
    'search.index_damaged',
    `files of the search table ${name} are missing or damaged`,
    'Run `fractal reindex`: it is made again from the database.',
    { cause: error },
  );
}

/** A compaction next door renames and removes files of its own meanwhile. */
async function syncIfThere(fs: FileSystem, file: string): Promise<boolean> {
  try {
    await fs.sync(file);
    return true;
  } catch (error) {
    if ((await fs.stat(file)) === undefined) return false;
    throw error;
  }
}

export class LanceStore {
  readonly folder: string;
  readonly #db: lancedb.Connection;
  readonly #tables = new Map<string, LanceTable>();

  private constructor(folder: string, db: lancedb.Connection) {
    this.folder = folder;
    this.#db = db;
  }

  static async open(folder: string): Promise<LanceStore> {
    return new LanceStore(folder, await lancedb.connect(folder, { readConsistencyInterval: 0 }));
  }

  has(name: string): boolean {
    return this.#tables.has(name);
  }

  table(name: string): LanceTable {
    const table = this.#tables.get(name);
    invariant(table, `the Lance table ${name} is open`);
    return table;
  }

  async create(definition: LanceDefinition, fs: FileSystem): Promise<LanceTable> {
    const { name } = definition;
    let table: LanceTable;
    try {
      table = await LanceTable.create(this.#db, this.folder, definition);
    } catch (error) {
      if (this.#tables.has(name)) throw error;
      // Lance cannot lay a table over what it cannot read. Nobody has it open: what is there is of no use.
      await fs.remove(path.join(this.folder, `${name}.lance`));
      table = await LanceTable.create(this.#db, this.folder, definition);
    }
    // The handle of an old table is left to its readers.
    this.#tables.set(name, table);
    return table;
  }

  async open(name: string, head: number): Promise<LanceTable> {
    const table = await LanceTable.open(this.#db, this.folder, name, head);
    this.#tables.set(name, table);
    return table;
  }

  /** Drops the handle of a table, not its files. */
  forget(name: string): void {
    this.#tables.delete(name);
  }

  all(): LanceTable[] {
    return [...this.#tables.values()];
  }

  close(): void {
    for (const table of this.#tables.values()) table.close();
    this.#db.close();
  }
}
