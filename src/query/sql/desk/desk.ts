/**
 * Where statements sign in and out: who runs what, since when, how many rows; how to stop one; and what is told of it
 * once it is over. One desk per store, so that every door goes by the same.
 */
import {
  FractalError,
  deniedError,
  systemRandom,
  unavailableError,
  type Clock,
  type Limits,
} from '../../../base/index.ts';
import type { Store } from '../../../store/index.ts';
import type { Principal } from '../../ports.ts';
import { Admission } from './admission.ts';

/** A statement that runs, or waits to. `sql` may hold literals: it is for its owner. */
export interface RunningQuery {
  /** Drawn at random: a number that counted would tell how much others ask. */
  readonly id: number;
  readonly principal: string;
  readonly purpose: string | undefined;
  readonly sql: string;
  readonly state: 'waiting' | 'running';
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly elapsedMs: number;
  readonly rows: number;
}

/** A statement that is over. */
export interface EndedQuery {
  readonly principal: string;
  readonly purpose: string | undefined;
  readonly sql: string;
  readonly startedAt: number;
  /** Milliseconds before a place was free. */
  readonly waitedMs: number;
  /** Milliseconds from the place to the last row that was read. */
  readonly durationMs: number;
  readonly rows: number;
  readonly cached: boolean;
  /** Why it failed; undefined when it was answered to its end. */
  readonly code: string | undefined;
}

/** A statement's place. `end` must be called once. */
export interface Ticket {
  /** The caller's own, and that of whoever cancels. */
  readonly signal: AbortSignal;
  readonly read: (rows: number) => void;
  readonly end: (code?: string) => void;
}

export interface DeskFigures {
  readonly running: number;
  readonly waiting: number;
  /** Since the node opened. */
  readonly ended: number;
  readonly failed: number;
}

interface Entry {
  readonly principal: string;
  readonly purpose: string | undefined;
  readonly sql: string;
  readonly startedAt: number;
  readonly began: number;
  readonly abort: AbortController;
  state: RunningQuery['state'];
  rows: number;
}

/** What is told of a reader that did not read to the end. */
export const UNREAD = 'sql.unread';

export class QueryDesk {
  readonly #clock: Clock;
  readonly #admission: Admission;
  readonly #entries = new Map<number, Entry>();
  readonly #listeners = new Set<(query: EndedQuery) => void>();
  #ended = 0;
  #failed = 0;

  constructor(limits: Limits, clock: Clock) {
    this.#clock = clock;
    this.#admission = new Admission(limits);
  }

  /** Signs a statement in. Throws `sql.running` when no place is free for long, and what stops it while it waits. */
  async enter({ id: principal, purpose }: Principal, sql: string, signal: AbortSignal): Promise<Ticket> {
    const id = newQueryId();
    const abort = new AbortController();
    const entry: Entry = {
      principal,
      purpose,
      sql,
      startedAt: this.#clock.now(),
      began: this.#clock.monotonic(),
      abort,
      state: 'waiting',
      rows: 0,
    };
    this.#entries.set(id, entry);
    const all = AbortSignal.any([signal, abort.signal]);
    let leave: () => void;
    try {
      leave = await this.#admission.enter(principal, all);
    } catch (error) {
      this.#entries.delete(id);
      const code = error instanceof FractalError ? error.code : 'sql.interrupted';
      this.#tell(entry, { waitedMs: this.#since(entry.began), durationMs: 0, code });
      throw error;
    }
    entry.state = 'running';
    const waitedMs = this.#since(entry.began);
    const began = this.#clock.monotonic();
    let isOver = false;
    return {
      signal: all,
      read: (rows) => {
        entry.rows += rows;
      },
      end: (code) => {
        if (isOver) return;
        isOver = true;
        this.#entries.delete(id);
        leave();
        this.#tell(entry, { waitedMs, durationMs: this.#since(began), code });
      },
    };
  }

  /** A statement that was answered from what is kept. */
  answered({ id: principal, purpose }: Principal, sql: string): void {
    const entry = { principal, purpose, sql, rows: 0, startedAt: this.#clock.now() };
    this.#tell(entry, { waitedMs: 0, durationMs: 0, code: undefined, cached: true });
  }

  /** Oldest first. */
  running(): RunningQuery[] {
    return [...this.#entries].map(([id, { principal, purpose, sql, state, startedAt, began, rows }]) => ({
      id,
      principal,
      purpose,
      sql,
      state,
      startedAt,
      elapsedMs: this.#since(began),
      rows,
    }));
  }

  /** Stops one. Whether it was there. */
  cancel(id: number, by: string): boolean {
    const entry = this.#entries.get(id);
    entry?.abort.abort(cancelled(by === entry.principal));
    return entry !== undefined;
  }

  /** Calls for every statement that is over, until the answer is called. It must not throw. */
  onEnd(listener: (query: EndedQuery) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  figures(): DeskFigures {
    const { running, waiting } = this.#admission;
    return { running, waiting, ended: this.#ended, failed: this.#failed };
  }

  #tell(
    {
      principal,
      purpose,
      sql,
      startedAt,
      rows,
    }: Pick<Entry, 'principal' | 'purpose' | 'sql' | 'startedAt' | 'rows'>,
    how: { waitedMs: number; durationMs: number; code: string | undefined; cached?: boolean },
  ): void {
    this.#ended++;
    if (how.code !== undefined && how.code !== UNREAD) this.#failed++;
    const ended = { principal, purpose, sql, startedAt, rows, cached: false, ...how };
    for (const listener of this.#listeners) listener(ended);
  }

  #since(began: number): number {
    return Math.max(0, this.#clock.monotonic() - began);
  }
}

const newQueryId = (): number => Number(Buffer.from(systemRandom.bytes(6)).readUIntBE(0, 6));

const cancelled = (isOwn: boolean): FractalError =>
  isOwn
    ? unavailableError('sql.cancelled', 'the statement was cancelled', 'Ask again when it suits you.')
    : deniedError(
        'sql.cancelled',
        'the statement was cancelled by an administrator',
        'Ask for less, or ask the administrator.',
      );

const desks = new WeakMap<Store, QueryDesk>();

export function deskOf(store: Store): QueryDesk {
  const { limits, clock } = store.options;
  const desk = desks.get(store) ?? new QueryDesk(limits, clock);
  desks.set(store, desk);
  return desk;
}
