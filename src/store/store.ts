/** The store: both engines behind one set of transactions. Rules and their ids: SPEC.md. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { setTimeout as sleep } from 'node:timers/promises';
import { Serial, unavailableError, type FractalError } from '../base/index.ts';
import type { HybridLogicalClock } from '../schema/index.ts';
import {
  duckError,
  execute,
  isWriteConflict,
  readRows,
  type DuckDb,
  type OpenStream,
  type Parameters,
} from './duckdb.ts';
import type { HeadMark } from './head-mark.ts';
import { moveHead, readHead } from './heads.ts';
import type { LanceDefinition, LanceStore, LanceTable } from './lance.ts';
import { damaged, openParts, recover, type StoreOptions, type StoreParts } from './opening.ts';
import type { CommitGuard } from './pending-commit.ts';
import type { Stamp } from './put.ts';
import { Transaction } from './transaction.ts';
import { ViewCatalogues, type ViewLease } from './view-catalogues.ts';
import type { Salvage } from './wal-salvage.ts';

export type { StoreOptions };

export interface Committed<T> {
  readonly value: T;
  /** The commit, or the one before when nothing changed. */
  readonly commitVersion: bigint;
}

/** The node's own tables, inside a transaction. */
export interface Books {
  /** Runs a statement; answers the number of rows it changed. */
  bookkeep(sql: string, params?: Parameters): Promise<number>;
  rows<T>(sql: string, params?: Parameters): Promise<T[]>;
}

/** A Lance table as of a snapshot; read it, never write to it. */
export type LanceReader = LanceTable['reader'];

export interface Snapshot {
  readonly commitVersion: bigint;
  rows<T>(sql: string, params?: Parameters): Promise<T[]>;
  lance(name: string): Promise<LanceReader>;
}

export class Store {
  readonly options: StoreOptions;
  readonly nodeId: string;
  readonly salvage: Salvage | undefined;
  /** Versions of the schema that were made when it was opened. */
  readonly migrated: readonly number[];
  readonly #duck: DuckDb;
  readonly #lance: LanceStore;
  readonly #mark: HeadMark;
  readonly #hlc: HybridLogicalClock;
  readonly #writes = new Serial();
  readonly #books = new Serial();
  readonly #listeners = new Set<(commitVersion: bigint) => void>();
  readonly #warnings: string[];
  readonly #views: ViewCatalogues;
  #commitVersion: bigint;
  #lanceDamage: FractalError | undefined;
  #guard: { readonly guard: CommitGuard; readonly hashKey: string } | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: StoreOptions, parts: StoreParts) {
    this.options = options;
    this.nodeId = parts.nodeId;
    this.#duck = parts.duck;
    this.#views = new ViewCatalogues(parts.duck, options.limits);
    this.#lance = parts.lance;
    this.#mark = parts.mark;
    this.#hlc = parts.hlc;
    this.#commitVersion = parts.commitVersion;
    this.salvage = parts.salvage;
    this.migrated = parts.migrated;
    this.#warnings = [...parts.warnings];
    this.#lanceDamage = parts.lanceDamage;
  }

  /** Opens a data directory, mends what a crash left, and brings its schema forwards. */
  static async open(options: StoreOptions): Promise<Store> {
    return new Store(options, await openParts(options));
  }

  /** What went wrong and was mended, or needs somebody; for `status` and `doctor`. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** The last commit. */
  get commitVersion(): bigint {
    return this.#commitVersion;
  }

  /** Tells of each commit after it is durable. The answer stops it. */
  onCommit(listener: (commitVersion: bigint) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asked before each commit from now on; `hashKey` makes the hashes of contents that it is told. One at a time. */
  guardCommits(guard: CommitGuard, hashKey: string): void {
    this.#guard = { guard, hashKey };
  }

  /** Runs `body` and commits both engines, or neither. Bodies run one at a time and may run again after a conflict. */
  async transact<T>(
    principal: string,
    body: (transaction: Transaction) => Promise<T>,
  ): Promise<Committed<T>> {
    return await this.#writes.run(() => this.#retryConflicts(() => this.#attempt(principal, body)));
  }

  async #retryConflicts<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!isWriteConflict(error)) throw error;
        if (attempt >= this.options.limits.write_retries)
          throw unavailableError(
            'store.conflict',
            `a write conflicted ${attempt} times with another one`,
            'Try again.',
            { cause: error },
          );
        await sleep(this.options.limits.write_retry_pause_ms * 2 ** (attempt - 1));
      }
    }
  }

  async #attempt<T>(
    principal: string,
    body: (transaction: Transaction) => Promise<T>,
  ): Promise<Committed<T>> {
    const { clock, fs } = this.options;
    const connection = await this.#duck.acquire();
    const stamp = { nodeId: this.nodeId, hlc: this.#hlc.tick(), commitVersion: this.#commitVersion + 1n };
    const lance = (name: string): LanceTable => this.lanceTable(name);
    const stand = (catalogue?: string): Promise<void> => this.#duck.stand(connection, catalogue);
    const transaction = new Transaction(
      connection,
      lance,
      this.options.limits,
      stamp,
      stand,
      this.#guard?.hashKey,
    );
    let failed: ((error: unknown) => Promise<void>) | undefined;
    try {
      await connection.run('BEGIN');
      const value = await body(transaction);
      await transaction.finish();
      if (transaction.isEmpty) {
        await this.#undo(connection, transaction);
        return { value, commitVersion: this.#commitVersion };
      }
      const heads: { table: LanceTable; version: number }[] = [];
      for (const name of transaction.stagedTables) {
        const table = this.#lance.table(name);
        const version = await table.latest();
        await table.sync(fs);
        await moveHead(connection, name, version, stamp.commitVersion);
        heads.push({ table, version });
      }
      await execute(
        connection,
        'insert into node.commits values ($1, $2, $3, make_timestamp($4), $5, $6, $7)',
        [
          stamp.commitVersion,
          stamp.hlc,
          stamp.nodeId,
          BigInt(clock.now()) * 1000n,
          principal,
          transaction.changedTables,
          BigInt(transaction.changedRows),
        ],
      );
      failed = await this.#guard?.guard({
        stamp,
        principal,
        tables: await transaction.changes(),
        rows: (sql, params = []) => readRows(connection, sql, params),
      });
      await connection.run('COMMIT');
      failed = undefined;
      this.#commitVersion = stamp.commitVersion;
      await this.#settle(stamp, heads);
      return { value, commitVersion: stamp.commitVersion };
    } catch (error) {
      await this.#undo(connection, transaction);
      await failed?.(error);
      throw duckError(error);
    } finally {
      this.#duck.release(connection);
    }
  }

  /**
   * Writes to the node's own tables beside a transaction that runs, as durable as one and without a commit version (rule
   * T10): what a node notes for itself is no change of its knowledge, and must not wait for a long file. A row that the
   * transaction has written too is tried again. Not for tables with lists, whose conflicts DuckDB may not see.
   */
  async bookkeep<T>(body: (books: Books) => Promise<T>): Promise<T> {
    return await this.#books.run(() =>
      this.#retryConflicts(() =>
        this.#duck.with(async (connection) => {
          await connection.run('BEGIN');
          try {
            const value = await body({
              bookkeep: (sql, params = []) => execute(connection, sql, params),
              rows: (sql, params = []) => readRows(connection, sql, params),
            });
            await connection.run('COMMIT');
            return value;
          } catch (error) {
            // A failing commit has ended the transaction already.
            await connection.run('ROLLBACK').catch(() => undefined);
            throw error;
          }
        }),
      ),
    );
  }

  async #undo(connection: DuckDBConnection, transaction: Transaction): Promise<void> {
    // A failing commit has ended the transaction already.
    await connection.run('ROLLBACK').catch(() => undefined);
    for (const name of transaction.stagedTables) await this.#unstage(name);
  }

  /** What follows a commit. The commit stands: what fails from here on is told, never thrown at the caller. */
  async #settle(stamp: Stamp, heads: readonly { table: LanceTable; version: number }[]): Promise<void> {
    const { log } = this.options;
    for (const { table, version } of heads) {
      try {
        await table.publish(version);
      } catch (error) {
        this.#lanceDamage = damaged(table.name, error);
        log('error', this.#lanceDamage.message);
      }
    }
    try {
      await this.#mark.write(stamp.commitVersion, stamp.hlc);
    } catch {
      // The next commit writes the mark again; until then a loss of this one would go unseen.
      this.#warn(
        'commits.head could not be written: check the free space and the permissions of the data directory',
      );
    }
    for (const listener of this.#listeners) {
      try {
        listener(stamp.commitVersion);
      } catch {
        log('error', 'a listener of commits failed');
      }
    }
  }

  #warn(warning: string): void {
    this.options.log('error', warning);
    if (!this.#warnings.includes(warning)) this.#warnings.push(warning);
  }

  /** Takes staged rows back. When that fails, the table is closed to all: the next commit would publish them. */
  async #unstage(name: string): Promise<void> {
    const table = this.#lance.table(name);
    try {
      const version = await table.rollback();
      if (version === table.head) return;
      await table.sync(this.options.fs);
      await this.#duck.with((connection) => moveHead(connection, name, version));
      await table.publish(version);
    } catch (error) {
      this.#lanceDamage = unavailableError(
        'search.not_rolled_back',
        `what a failed transaction staged in the search table ${name} could not be taken back`,
        'Stop the node and start it again: it is taken back on start.',
        { cause: error },
      );
      this.options.log('error', this.#lanceDamage.message);
    }
  }

  /**
   * Both engines as of one commit (rule T4). DuckDB sees a commit a moment before Lance readers are moved to it; a
   * snapshot reads the Lance versions out of its own DuckDB transaction, and so never sees one without the other.
   */
  async snapshot<T>(body: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    return await this.#duck.with(async (connection) => {
      const opened: LanceReader[] = [];
      await connection.run('BEGIN');
      try {
        const { commitVersion, lanceHeads } = await readHead(connection);
        return await body({
          commitVersion,
          rows: (sql, params = []) => readRows(connection, sql, params),
          lance: async (name) => {
            const table = this.lanceTable(name);
            const version = Number(lanceHeads.find((head) => head.name === name)?.version ?? 0n);
            if (version === table.head) return table.reader;
            const reader = await table.at(version);
            opened.push(reader);
            return reader;
          },
        });
      } finally {
        for (const reader of opened) reader.close();
        await connection.run('ROLLBACK').catch(() => undefined);
      }
    });
  }

  /** Small answers as objects. */
  async rows<T>(sql: string, params: Parameters = []): Promise<T[]> {
    return await this.#duck.rows<T>(sql, params);
  }

  /** Reads that need the engine's own calls, on a connection of their own. */
  async withConnection<T>(
    body: (connection: DuckDBConnection) => Promise<T>,
    catalogue?: string,
  ): Promise<T> {
    return await this.#duck.with(body, catalogue);
  }

  /** A connection of one's own until `release`, for reads that take many steps. */
  async lease(
    signal?: AbortSignal,
    catalogue?: string,
  ): Promise<{ connection: DuckDBConnection; release: () => void }> {
    const connection = await this.#duck.acquire(signal, catalogue);
    return { connection, release: () => this.#duck.release(connection) };
  }

  /** Begins a transaction that reads the data as they are now, whatever catalogue the connection stands in. */
  async pin(connection: DuckDBConnection): Promise<void> {
    await connection.run('BEGIN TRANSACTION READ ONLY');
    // The engine takes its snapshot with the first read.
    await connection.run(`select count(*) from ${this.#duck.data}.node.meta`);
  }

  /** A Lance table as of what a connection sees that was pinned. `close` it. */
  async lanceAt(
    connection: DuckDBConnection,
    name: string,
  ): Promise<{ readonly reader: LanceReader; close(): void }> {
    const table = this.lanceTable(name);
    const [head] = await readRows<{ version: bigint }>(
      connection,
      `select version from ${this.#duck.data}.node.lance_heads where name = $1`,
      [name],
    );
    const version = Number(head?.version ?? 0n);
    if (version === table.head) return { reader: table.reader, close: () => undefined };
    const reader = await table.at(version);
    return { reader, close: () => reader.close() };
  }

  /** A streaming answer on a connection of its own, standing in the data or in a leased catalogue. */
  async stream(
    sql: string,
    params: Parameters,
    signal: AbortSignal,
    catalogue?: string,
  ): Promise<OpenStream> {
    return await this.#duck.stream(sql, params, signal, catalogue);
  }

  /**
   * A catalogue of views over the data, made by `statements` unless one of the same key is there. It stays until
   * `release`; then it may be dropped for others.
   */
  async leaseViews(
    key: string,
    statements: (name: string, data: string) => readonly string[],
  ): Promise<ViewLease> {
    return await this.#views.lease(key, statements);
  }

  /** Small answers as objects, standing in a leased catalogue. */
  async rowsOfViews<T>(catalogue: string, sql: string, params: Parameters = []): Promise<T[]> {
    return await this.#duck.with((connection) => readRows<T>(connection, sql, params), catalogue);
  }

  /** Why the Lance tables cannot be used, if they cannot. */
  get lanceDamage(): FractalError | undefined {
    return this.#lanceDamage;
  }

  /** A Lance table at the last commit. */
  lanceTable(name: string): LanceTable {
    if (this.#lanceDamage !== undefined) throw this.#lanceDamage;
    return this.#lance.table(name);
  }

  hasLanceTable(name: string): boolean {
    if (this.#lanceDamage !== undefined) throw this.#lanceDamage;
    return this.#lance.has(name);
  }

  /** Makes a Lance table, or makes it anew and empty. `record` writes what belongs to it in the same commit. */
  async makeLanceTable(
    definition: LanceDefinition,
    record: (connection: DuckDBConnection) => Promise<void>,
  ): Promise<void> {
    await this.#writes.run(async () => {
      const before = this.#lance.has(definition.name) ? this.#lance.table(definition.name).head : undefined;
      try {
        const table = await this.#lance.create(definition, this.options.fs);
        await table.sync(this.options.fs);
        await this.options.fs.sync(this.#lance.folder);
        await this.#duck.with(async (connection) => {
          await connection.run('BEGIN');
          try {
            await moveHead(connection, definition.name, table.head, this.#commitVersion);
            await record(connection);
            await connection.run('COMMIT');
          } catch (error) {
            await connection.run('ROLLBACK').catch(() => undefined);
            throw error;
          }
        });
        this.#lanceDamage = undefined;
      } catch (error) {
        await this.#putBack(definition.name, before);
        throw error;
      }
    });
  }

  /** After a making that failed: the table as the database still names it. */
  async #putBack(name: string, version: number | undefined): Promise<void> {
    this.#lance.forget(name);
    if (version === undefined) return;
    try {
      await recover(this.options, this.#duck, this.#lance, name, version);
    } catch (error) {
      this.#lanceDamage = damaged(name, error);
      this.options.log('error', this.#lanceDamage.message);
    }
  }

  /**
   * Work on a Lance table that changes no row (indexes, compaction), between transactions. `after` runs when the new
   * head is durable and before the next transaction: only there may older versions be removed, for the one that the
   * head names is then the newest, which Lance keeps.
   */
  async maintain(
    name: string,
    work: (table: LanceTable) => Promise<void>,
    after?: (table: LanceTable) => Promise<void>,
  ): Promise<void> {
    await this.#writes.run(async () => {
      const table = this.lanceTable(name);
      await work(table);
      await this.#moveToLatest(table);
      if (after === undefined) return;
      await after(table);
      await this.#moveToLatest(table);
    });
  }

  async #moveToLatest(table: LanceTable): Promise<void> {
    const version = await table.latest();
    if (version === table.head) return;
    await table.sync(this.options.fs, true);
    await this.#duck.with((connection) => moveHead(connection, table.name, version));
    await table.publish(version);
  }

  /** Names of the Lance tables that are open. */
  get lanceTables(): readonly string[] {
    return this.#lance.all().map((table) => table.name);
  }

  async checkpoint(): Promise<void> {
    // DuckDB refuses it beside a transaction that writes.
    await this.#books.run(() => this.#writes.run(() => this.#duck.checkpoint()));
  }

  /** Waits for the transaction that runs, then closes both engines. */
  async close(): Promise<void> {
    this.#closing ??= this.#books.run(() =>
      this.#writes.run(async () => {
        this.#lance.close();
        this.#duck.close();
        await this.#mark.close();
      }),
    );
    await this.#closing;
  }
}
