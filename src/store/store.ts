/** The store: both engines behind one set of transactions. Rules and their ids: SPEC.md. */
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  FractalError,
  Serial,
  integrityError,
  newId,
  unavailableError,
  type Clock,
  type FileSystem,
  type Limits,
  type Log,
  type Random,
} from '../base/index.ts';
import { HybridLogicalClock } from '../schema/index.ts';
import type { DuckDb } from './duckdb.ts';
import {
  checkThreadPool,
  duckError,
  execute,
  isWriteConflict,
  readRows,
  type OpenStream,
  type Parameters,
} from './duckdb.ts';
import { HeadMark } from './head-mark.ts';
import { LanceStore, type LanceDefinition, type LanceTable } from './lance.ts';
import { migrate } from './migrate.ts';
import { Transaction } from './transaction.ts';
import { openOrSalvage, type Salvage } from './wal-salvage.ts';

export interface StoreOptions {
  /** Data directory; made when it does not exist. */
  readonly folder: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly fs: FileSystem;
  readonly log: Log;
}

export interface Committed<T> {
  readonly value: T;
  /** The commit, or the one before when nothing changed. */
  readonly commitVersion: bigint;
}

export class Store {
  readonly options: StoreOptions;
  readonly nodeId: string;
  /** What went wrong before and was mended on open; for `status` and `doctor`. */
  readonly warnings: readonly string[];
  readonly salvage: Salvage | undefined;
  readonly #duck: DuckDb;
  readonly #lance: LanceStore;
  readonly #mark: HeadMark;
  readonly #hlc: HybridLogicalClock;
  readonly #writes = new Serial();
  readonly #listeners = new Set<(commitVersion: bigint) => void>();
  #commitVersion: bigint;
  #lanceDamage: FractalError | undefined;

  private constructor(
    options: StoreOptions,
    parts: {
      nodeId: string;
      duck: DuckDb;
      lance: LanceStore;
      mark: HeadMark;
      hlc: HybridLogicalClock;
      commitVersion: bigint;
      salvage: Salvage | undefined;
      warnings: readonly string[];
      lanceDamage: FractalError | undefined;
    },
  ) {
    this.options = options;
    this.nodeId = parts.nodeId;
    this.#duck = parts.duck;
    this.#lance = parts.lance;
    this.#mark = parts.mark;
    this.#hlc = parts.hlc;
    this.#commitVersion = parts.commitVersion;
    this.salvage = parts.salvage;
    this.warnings = parts.warnings;
    this.#lanceDamage = parts.lanceDamage;
  }

  /** Opens a data directory, mends what a crash left, and brings its schema forwards. */
  static async open(options: StoreOptions): Promise<Store> {
    const { folder, limits, clock, fs, log, random } = options;
    checkThreadPool(limits);
    for (const name of ['', 'lance', 'temp']) await fs.makeFolder(path.join(folder, name));
    const { duck, salvage } = await openOrSalvage({
      file: path.join(folder, 'fractal.duckdb'),
      tempFolder: path.join(folder, 'temp'),
      quarantineFolder: path.join(folder, 'quarantine'),
      limits,
      fs,
      stamp: new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-'),
    });
    const mark = await HeadMark.open(path.join(folder, 'commits.head'));
    try {
      const head = await duck.with(async (connection) => {
        await migrate(connection, clock);
        await nameNode(connection, newId(clock, random));
        return await readHead(connection);
      });
      const warnings: string[] = [];
      if (salvage !== undefined)
        warnings.push(
          `the write-ahead log was damaged: ${salvage.lostBytes} bytes could not be replayed; the untouched files are in ${path.relative(folder, salvage.quarantine)}`,
        );
      if (head.commitVersion < mark.last.version)
        warnings.push(
          `commits ${head.commitVersion + 1n} to ${mark.last.version} were acknowledged and are missing: import their sources again, or restore a backup`,
        );
      for (const warning of warnings) log('error', warning);

      const lance = await LanceStore.open(path.join(folder, 'lance'));
      let lanceDamage: FractalError | undefined;
      for (const { name, version } of head.lanceHeads) {
        try {
          const table = await lance.open(name, Number(version));
          const rolledBack = await table.rollback();
          if (rolledBack !== table.head) {
            await table.sync(fs);
            await duck.with((connection) => moveHead(connection, name, rolledBack));
            await table.publish(rolledBack);
          }
        } catch (error) {
          lanceDamage = error instanceof FractalError ? error : damaged(name, error);
          log('error', lanceDamage.message);
        }
      }
      const lastHlc = head.hlc > mark.last.hlc ? head.hlc : mark.last.hlc;
      // Never hand out a version again that was once acknowledged, even if its commit is lost.
      const commitVersion = head.commitVersion > mark.last.version ? head.commitVersion : mark.last.version;
      return new Store(options, {
        nodeId: head.nodeId,
        duck,
        lance,
        mark,
        hlc: new HybridLogicalClock(clock, lastHlc),
        commitVersion,
        salvage,
        warnings,
        lanceDamage,
      });
    } catch (error) {
      await mark.close();
      duck.close();
      throw error;
    }
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

  /** Runs `body` and commits both engines, or neither. Bodies run one at a time and may run again after a conflict. */
  async transact<T>(
    principal: string,
    body: (transaction: Transaction) => Promise<T>,
  ): Promise<Committed<T>> {
    return await this.#writes.run(async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#attempt(principal, body);
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
    });
  }

  async #attempt<T>(
    principal: string,
    body: (transaction: Transaction) => Promise<T>,
  ): Promise<Committed<T>> {
    const { clock, fs } = this.options;
    const connection = await this.#duck.acquire();
    const stamp = { nodeId: this.nodeId, hlc: this.#hlc.tick(), commitVersion: this.#commitVersion + 1n };
    const transaction = new Transaction(connection, this.#lance, this.options.limits, stamp);
    try {
      await connection.run('BEGIN');
      const value = await body(transaction);
      if (transaction.changedRows === 0 && transaction.stagedTables.length === 0) {
        await connection.run('ROLLBACK');
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
      await connection.run('COMMIT');
      this.#commitVersion = stamp.commitVersion;
      await this.#mark.write(stamp.commitVersion, stamp.hlc);
      for (const { table, version } of heads) await table.publish(version);
      for (const listener of this.#listeners) listener(stamp.commitVersion);
      return { value, commitVersion: stamp.commitVersion };
    } catch (error) {
      if (this.#commitVersion < stamp.commitVersion) {
        await connection.run('ROLLBACK').catch(() => undefined);
        for (const name of transaction.stagedTables) await this.#unstage(name);
      }
      throw duckError(error);
    } finally {
      this.#duck.release(connection);
    }
  }

  async #unstage(name: string): Promise<void> {
    const table = this.#lance.table(name);
    const version = await table.rollback();
    if (version === table.head) return;
    await table.sync(this.options.fs);
    await this.#duck.with((connection) => moveHead(connection, name, version));
    await table.publish(version);
  }

  /** Small answers as objects. */
  async rows<T>(sql: string, params: Parameters = []): Promise<T[]> {
    return await this.#duck.rows<T>(sql, params);
  }

  /** A streaming answer on a connection of its own. */
  async stream(sql: string, params: Parameters, signal: AbortSignal): Promise<OpenStream> {
    return await this.#duck.stream(sql, params, signal);
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
      const table = await this.#lance.create(definition);
      await table.sync(this.options.fs);
      await this.options.fs.sync(this.#lance.folder);
      await this.#duck.with(async (connection) => {
        await connection.run('BEGIN');
        try {
          await moveHead(connection, definition.name, table.head, this.#commitVersion);
          await record(connection);
          await connection.run('COMMIT');
        } catch (error) {
          await connection.run('ROLLBACK');
          throw error;
        }
      });
      this.#lanceDamage = undefined;
    });
  }

  /** Work on a Lance table that changes no row (indexes, compaction), between transactions. */
  async maintain(name: string, work: (table: LanceTable) => Promise<void>): Promise<void> {
    await this.#writes.run(async () => {
      const table = this.lanceTable(name);
      await work(table);
      const version = await table.latest();
      if (version === table.head) return;
      await table.sync(this.options.fs);
      await this.#duck.with((connection) => moveHead(connection, name, version));
      await table.publish(version);
    });
  }

  async checkpoint(): Promise<void> {
    await this.#writes.run(() => this.#duck.checkpoint());
  }

  /** Waits for the transaction that runs, then closes both engines. */
  async close(): Promise<void> {
    await this.#writes.run(async () => {
      this.#lance.close();
      this.#duck.close();
      await this.#mark.close();
    });
  }
}

function damaged(name: string, cause: unknown): FractalError {
  return integrityError(
    'search.index_damaged',
    `the search table ${name} is damaged`,
    'Run `fractal reindex`: it is made again from the database.',
    { cause },
  );
}

/** Names the Lance version that belongs to the last commit. */
async function moveHead(
  connection: DuckDBConnection,
  name: string,
  version: number,
  commitVersion?: bigint,
): Promise<void> {
  const changed = await execute(
    connection,
    'update node.lance_heads set version = $2, commit_version = coalesce($3, commit_version) where name = $1',
    [name, BigInt(version), commitVersion ?? null],
  );
  if (changed === 0)
    await execute(connection, 'insert into node.lance_heads values ($1, $2, $3)', [
      name,
      BigInt(version),
      commitVersion ?? 0n,
    ]);
}

/** Gives a new node its identity; an old one keeps its own. */
async function nameNode(connection: DuckDBConnection, id: string): Promise<void> {
  await execute(
    connection,
    `insert into node.meta select $1, $2 where not exists (select 1 from node.meta where name = $1)`,
    ['node_id', id],
  );
}

async function readHead(connection: DuckDBConnection): Promise<{
  nodeId: string;
  commitVersion: bigint;
  hlc: bigint;
  lanceHeads: { name: string; version: bigint }[];
}> {
  const [meta] = await readRows<{ value: string }>(
    connection,
    'select value from node.meta where name = $1',
    ['node_id'],
  );
  const [commit] = await readRows<{ version: bigint | null; hlc: bigint | null }>(
    connection,
    'select max(commit_version) as version, max(hlc) as hlc from node.commits where commit_version > $1',
    [0n],
  );
  const lanceHeads = await readRows<{ name: string; version: bigint }>(
    connection,
    'select name, version from node.lance_heads where version > $1',
    [0n],
  );
  return {
    nodeId: meta?.value ?? '',
    commitVersion: commit?.version ?? 0n,
    hlc: commit?.hlc ?? 0n,
    lanceHeads,
  };
}
