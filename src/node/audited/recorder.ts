/**
 * Acts in the log: an entry when one begins and one when it has ended, so that one that never ended is seen as such. An act
 * whose beginning cannot be written is not done; a read may run while its beginning is written, and answers nothing before.
 */
import { FIXED_LIMITS, asFractalError, type Clock, type FractalError, type Log } from '../../base/index.ts';
import type { AuditCategory, AuditSink, AuditValue } from '../../schema/index.ts';
import { TABLES, allColumns } from '../../schema/index.ts';
import type { Identity } from './facts.ts';
import { maskSql } from './mask-sql.ts';

export type Detail = Readonly<Record<string, AuditValue>>;

/** By which door somebody comes in. */
export type Via = 'command' | 'socket' | 'http' | 'flight' | 'node';

export interface ActKind {
  readonly category: AuditCategory;
  readonly action: string;
  readonly resource: string;
}

export interface RecorderOptions {
  readonly sink: AuditSink;
  /** Keyed hash: nobody can try texts out on it. */
  readonly keyed: (text: string) => string;
  readonly clock: Clock;
  readonly log: Log;
}

const NAMES = new Set([
  'law',
  'esh',
  'node',
  'audit',
  ...TABLES.flatMap((table) => [table.name, ...allColumns(table).map((column) => column.name)]),
]);

export class Recorder {
  readonly options: RecorderOptions;
  readonly #seen = new Map<string, number>();

  constructor(options: RecorderOptions) {
    this.options = options;
  }

  /** A text as the log may hold it: its keyed hash. */
  hidden(text: string): string {
    return this.options.keyed(text);
  }

  /** A statement as the log may hold it. */
  statement(sql: string): Detail {
    return { statement: maskSql(sql, (name) => NAMES.has(name)), statement_hash: this.hidden(sql) };
  }

  /** Whoever came in, once in a while; a failing log stops them here. */
  async cameIn({ principal, credential }: Identity, via: Via): Promise<void> {
    if (credential === undefined) return;
    const now = this.options.clock.now();
    const key = `${principal.id} ${credential} ${via}`;
    const last = this.#seen.get(key);
    if (last !== undefined && Math.abs(now - last) < FIXED_LIMITS.audit_seen_ms.value) return;
    this.#seen.delete(key);
    this.#seen.set(key, now);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > FIXED_LIMITS.audit_seen_credentials.value && oldest !== undefined)
      this.#seen.delete(oldest);
    try {
      await this.options.sink.record({
        category: 'authentication',
        action: 'success',
        principal: principal.id,
        roles: principal.roles,
        resource: `credential/${credential}`,
        detail: { via },
      });
    } catch (error) {
      this.#seen.delete(key);
      throw error;
    }
  }

  /** Whoever was not let in. `claimed`: what they said of themselves. */
  async keptOut(error: unknown, claimed: string | undefined, via: Via): Promise<void> {
    const { code, kind } = asFractalError(error);
    if (kind !== 'denied' && kind !== 'usage' && kind !== 'not_found') return;
    if (code === 'auth.locked') return;
    await this.options.sink.record({
      category: 'authentication',
      action: 'failure',
      principal: 'unknown',
      resource: 'node',
      detail: { code, via, ...(claimed === undefined ? {} : { claimed: this.hidden(claimed) }) },
    });
  }

  /** Too many wrong passwords. Tries after it are refused unseen and told no more, or they would fill the log. */
  async lockedOut({ of, who }: { readonly of: 'user' | 'address'; readonly who: string }): Promise<void> {
    await this.options.sink.record({
      category: 'authentication',
      action: 'lockout',
      principal: 'unknown',
      resource: 'node',
      detail: { of, claimed: this.hidden(who) },
    });
  }

  begin(identity: Identity, kind: ActKind, via: Via, detail: Detail): Act {
    return new Act(this.options, identity, kind, {
      ...detail,
      via,
      ...(identity.credential === undefined ? {} : { credential: identity.credential }),
      ...(identity.principal.purpose === undefined
        ? {}
        : { purpose: this.hidden(identity.principal.purpose) }),
    });
  }
}

export class Act {
  /** Resolves when the beginning is durable. */
  readonly begun: Promise<number>;
  readonly #options: RecorderOptions;
  readonly #identity: Identity;
  readonly #kind: ActKind;
  readonly #start: number;

  constructor(options: RecorderOptions, identity: Identity, kind: ActKind, detail: Detail) {
    this.#options = options;
    this.#identity = identity;
    this.#kind = kind;
    this.#start = options.clock.monotonic();
    this.begun = this.#record(kind.category, 'begun', detail);
    // Whoever waits for it hears of a failure; nobody may.
    this.begun.catch(() => undefined);
  }

  async done(detail: Detail): Promise<void> {
    await this.#record(this.#kind.category, 'done', { begun: await this.begun, ms: this.#ms(), ...detail });
  }

  /** The same for a read: its answer does not wait. A log that fails is felt by the next act. */
  doneLater(detail: Detail): void {
    void this.done(detail).catch((error: unknown) =>
      this.#options.log('error', `the end of an act could not be logged: ${asFractalError(error).message}`),
    );
  }

  /** Answers what to throw: the error itself, or that it could not be logged. */
  async failed(thrown: unknown, detail: Detail): Promise<FractalError> {
    const error = asFractalError(thrown);
    try {
      const isDenied = error.kind === 'denied';
      await this.#record(isDenied ? 'denial' : this.#kind.category, isDenied ? 'denied' : 'failed', {
        begun: await this.begun,
        ms: this.#ms(),
        ...detail,
        code: error.code,
        ...ruleOf(error),
      });
      return error;
    } catch (unlogged) {
      return asFractalError(unlogged);
    }
  }

  #ms(): number {
    return Math.round((this.#options.clock.monotonic() - this.#start) * 10) / 10;
  }

  #record(category: AuditCategory, stage: string, detail: Detail): Promise<number> {
    const { principal } = this.#identity;
    return this.#options.sink.record({
      category,
      action: this.#kind.action,
      principal: principal.id,
      roles: principal.roles,
      resource: this.#kind.resource,
      detail: { ...detail, stage },
    });
  }
}

/** Waits for the beginning; when it cannot be written, the answer that nobody will read lets its connection go. */
export async function begunOrClosed(act: Act, answer: AsyncGenerator<unknown>): Promise<void> {
  try {
    await act.begun;
  } catch (error) {
    await answer.return(undefined);
    throw error;
  }
}

/** The rule that said no: denials end with it in brackets. */
function ruleOf(error: FractalError): Detail {
  const [, rule] = /\(([^()]{1,200})\)$/.exec(error.message) ?? [];
  return error.code === 'policy.denied' && rule !== undefined ? { rule } : {};
}
