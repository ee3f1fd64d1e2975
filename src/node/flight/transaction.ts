/** A Flight transaction: reads of one state of the database, and writes that wait for the commit. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { setTimeout as sleep } from 'node:timers/promises';
import { unavailableError, usageError } from '../../base/index.ts';
import type { FlightTransaction } from '../../flight/index.ts';
import {
  viewStatements,
  type DomainScope,
  type PinnedViews,
  type TakenConnection,
} from '../../query/index.ts';
import {
  streamOn,
  type OpenStream,
  type Parameters,
  type Store,
  type Transaction,
} from '../../store/index.ts';

const POLL_MS = 5;

/** A connection in a transaction of its own, standing in the views of one scope. */
interface Lease {
  readonly connection: DuckDBConnection;
  release(): void;
}

/** What waits for the commit: an upload, or a statement. It asks for the rights of that moment. */
export interface Waiting {
  readonly write: (transaction: Transaction, signal: AbortSignal) => Promise<void>;
  readonly remove?: () => Promise<void>;
}

export interface BeginOptions {
  readonly store: Store;
  /** Whose it is. */
  readonly principal: string;
  readonly scope: DomainScope;
  /** Bounds the time of a commit. */
  readonly signal: () => AbortSignal;
}

export class ReadTransaction implements FlightTransaction, PinnedViews {
  readonly #options: BeginOptions;
  readonly #waiting: Waiting[] = [];
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

  /** Takes writes over: they are done at the commit, in the order they came, and forgotten at the rollback. */
  add(waiting: readonly Waiting[]): void {
    this.checkRoom(waiting.length);
    this.#waiting.push(...waiting);
  }

  /** Throws unless so many more writes may wait. */
  checkRoom(count: number): void {
    this.#checkOpen();
    const { flight_transaction_writes: most } = this.#options.store.options.limits;
    if (this.#waiting.length + count > most)
      throw unavailableError(
        'flight.transaction_writes',
        `more than ${most} writes would wait for the commit of the transaction`,
        'Commit what there is and begin another one, or write many rows by one statement or upload.',
      );
  }

  async commit(): Promise<void> {
    this.#checkOpen();
    const { store, principal, signal } = this.#options;
    try {
      if (this.#waiting.length > 0) {
        const stopping = signal();
        await store.transact(principal, async (transaction) => {
          for (const { write } of this.#waiting) await write(transaction, stopping);
        });
      }
    } finally {
      await this.rollback();
    }
  }

  async rollback(): Promise<void> {
    this.#ended = true;
    if (!this.#busy) await this.#release();
    for (const { remove } of this.#waiting.splice(0)) await remove?.();
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
