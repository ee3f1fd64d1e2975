/**
 * Whose statement runs next. A principal has so many places, all together have more; who finds none free waits a little,
 * and the principals that wait take turns, so that one with many statements does not hold up the others.
 */
import { unavailableError, type FractalError, type Limits } from '../../../base/index.ts';

interface Waiter {
  take(): void;
}

export class Admission {
  readonly #limits: Limits;
  readonly #running = new Map<string, number>();
  /** Who waits, by principal; the principal whose turn is next comes first. */
  readonly #waiting = new Map<string, Waiter[]>();
  #all = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#all;
  }

  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, waiters) => sum + waiters.length, 0);
  }

  /** Takes a place, after a wait if need be; the answer gives it back. Throws `sql.running`, or the signal's reason. */
  async enter(principal: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (!this.#waiting.has(principal) && this.#isFree(principal)) this.#take(principal);
    else await this.#wait(principal, signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave(principal);
    };
  }

  #isFree(principal: string): boolean {
    const { sql_running: most, sql_running_all: all } = this.#limits;
    return (this.#running.get(principal) ?? 0) < most && this.#all < all;
  }

  #take(principal: string): void {
    this.#running.set(principal, (this.#running.get(principal) ?? 0) + 1);
    this.#all++;
  }

  #leave(principal: string): void {
    const left = (this.#running.get(principal) ?? 1) - 1;
    if (left === 0) this.#running.delete(principal);
    else this.#running.set(principal, left);
    this.#all--;
    this.#admit();
  }

  /** Gives what is free to those who wait, one each in turn. */
  #admit(): void {
    for (const [principal, waiters] of [...this.#waiting]) {
      if (!this.#isFree(principal)) continue;
      const next = waiters.shift();
      this.#waiting.delete(principal);
      if (waiters.length > 0) this.#waiting.set(principal, waiters);
      if (next === undefined) continue;
      this.#take(principal);
      next.take();
    }
  }

  async #wait(principal: string, signal: AbortSignal): Promise<void> {
    const waiters = this.#waiting.get(principal) ?? [];
    if (waiters.length >= this.#limits.sql_waiting) throw this.#full(principal);
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        take: () => {
          end();
          resolve();
        },
      };
      const giveUp = (why: Error): void => {
        end();
        const rest = waiters.filter((one) => one !== waiter);
        waiters.splice(0, waiters.length, ...rest);
        if (waiters.length === 0) this.#waiting.delete(principal);
        reject(why);
      };
      const onAbort = (): void => giveUp(signal.reason as Error);
      const timer = setTimeout(() => giveUp(this.#full(principal)), this.#limits.sql_wait_ms);
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiters.push(waiter);
      this.#waiting.set(principal, waiters);
    });
  }

  #full(principal: string): FractalError {
    const { sql_running: most } = this.#limits;
    const own = this.#running.get(principal) ?? 0;
    return unavailableError(
      'sql.running',
      own >= most
        ? `${principal} already runs ${most} statements, and none has ended in time`
        : 'the node runs as many statements as it may, and none has ended in time',
      'Wait until one has ended, or read the answers that are open to their end.',
    );
  }
}
