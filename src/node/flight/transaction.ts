/** A Flight transaction: reads of one state of the database, and uploads that wait for the commit. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { setTimeout as sleep } from 'node:timers/promises';
import { unavailableError, usageError } from '../../base/index.ts';
import type { FlightTransaction } from '../../flight/index.ts';
import {
  viewStatements,
  type PinnedViews,
  type DomainScope,
  type TakenConnection,
} from '../../query/index.ts';
import type { Table } from '../../schema/index.ts';
import {
  streamOn,
  type OpenStream,
  type Parameters,
  type Store,
  type WriteRights,
} from '../../store/index.ts';
import type { Spooled } from './spool.ts';

const POLL_MS = 5;

/** A connection in a transaction of its own, standing in the views of one scope. */
interface Lease {
  readonly connection: DuckDBConnection;
  release(): void;
}

export interface BeginOptions {
  readonly store: Store;
  /** Whose it is. */
  readonly principal: string;
  readonly scope: DomainScope;
  /** What they may write when the commit comes. */
  readonly rights: (table: Table) => Promise<WriteRights>;
}

export class ReadTransaction implements FlightTransaction, PinnedViews {
  readonly #options: BeginOptions;
  readonly #uploads: { readonly table: Table; readonly spooled: Spooled }[] = [];
  #lease: Lease | undefined;
  #busy = false;
  #ended = false;

  private constructor(options: BeginOptions, lease: Lease) {
    this.#options = options;
    this.#lease = lease;
  }

  static async begin(options: BeginOptions): Promise<ReadTransaction> {
    const { store, scope } = options;
    const views = await store.leaseViews(scope.key, (name, data) => viewStatements(scope, name, data));
    try {
      const { connection, release } = await store.lease(undefined, views.catalogue);
      try {
        await store.pin(connection);
      } catch (error) {
        await connection.run('ROLLBACK').catch(() => undefined);
        release();
        throw error;
      }
      return new ReadTransaction(options, {
        connection,
        release() {
          release();
          views.release();
        },
      });
    } catch (error) {
      views.release();
      throw error;
    }
  }

  get scopeKey(): string {
    return this.#options.scope.key;
  }

  /** One statement at a time: a second one on the same connection would end the first early. */
  async stream(sql: string, params: Parameters, signal: AbortSignal): Promise<OpenStream> {
    const { connection, release } = await this.take(signal);
    return await streamOn(connection, sql, params, signal, release);
  }

  async take(signal: AbortSignal): Promise<TakenConnection> {
    const { connection } = await this.#take(signal);
    return {
      connection,
      release: () => {
        this.#busy = false;
        if (this.#ended) void this.#release();
      },
    };
  }

  /** Takes an upload over: it is written at the commit, removed at the rollback. */
  add(table: Table, spooled: Spooled): void {
    this.#checkOpen();
    this.#uploads.push({ table, spooled });
  }

  async commit(): Promise<void> {
    this.#checkOpen();
    const { store, principal, rights } = this.#options;
    const signal = new AbortController().signal;
    try {
      if (this.#uploads.length > 0)
        await store.transact(principal, async (transaction) => {
          for (const { table, spooled } of this.#uploads)
            await transaction.putArrow(table, spooled.read(), await rights(table), signal);
        });
    } finally {
      await this.rollback();
    }
  }

  async rollback(): Promise<void> {
    this.#ended = true;
    if (!this.#busy) await this.#release();
    for (const { spooled } of this.#uploads.splice(0)) await spooled.remove();
  }

  #checkOpen(): void {
    if (this.#ended)
      throw usageError('flight.transaction_ended', 'the transaction has ended', 'Begin another one.');
  }

  async #take(signal: AbortSignal): Promise<{ connection: DuckDBConnection }> {
    const { flight_transaction_wait_ms: waitMs } = this.#options.store.options.limits;
    for (let waited = 0; this.#busy && waited < waitMs; waited += POLL_MS)
      await sleep(POLL_MS, undefined, { signal });
    this.#checkOpen();
    if (this.#busy || this.#lease === undefined)
      throw unavailableError(
        'flight.transaction_busy',
        'another result of this transaction is still being read',
        'Read it to its end or cancel it first, or run the query outside the transaction.',
      );
    this.#busy = true;
    return this.#lease;
  }

  async #release(): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease === undefined) return;
    // What is released must be clean, whatever state an interrupt left it in.
    await lease.connection.run('ROLLBACK').catch(() => undefined);
    lease.release();
  }
}
