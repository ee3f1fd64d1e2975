/** A model in memory: loaded when it is first asked for, given back when nobody asks for some time. */
import { unavailableError } from '../base/index.ts';

export interface LazyOptions<T> {
  readonly load: () => Promise<T>;
  /** Gives the memory back. */
  readonly free: (loaded: T) => Promise<void>;
  readonly idleMs: number;
}

interface Load<T> {
  readonly value: Promise<T>;
  users: number;
  /** Set by whoever waits for the last user to leave. */
  left?: () => void;
}

export class LazyModel<T> {
  readonly #options: LazyOptions<T>;
  #load: Load<T> | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: LazyOptions<T>) {
    this.#options = options;
  }

  get isLoaded(): boolean {
    return this.#load !== undefined;
  }

  /** The model is not freed before `work` has ended. A load that failed is tried again by the next call. */
  async use<R>(work: (loaded: T) => Promise<R>): Promise<R> {
    clearTimeout(this.#idle);
    const load = (this.#load ??= { value: this.#options.load(), users: 0 });
    load.users++;
    try {
      let loaded: T;
      try {
        loaded = await load.value;
      } catch (error) {
        if (this.#load === load) this.#load = undefined;
        throw error;
      }
      return await work(loaded);
    } finally {
      load.users--;
      if (load.users === 0) {
        load.left?.();
        if (this.#load === load) this.#restLater();
      }
    }
  }

  /** Frees the memory once those who use it have ended; the next call loads the model again. */
  async unload(): Promise<void> {
    clearTimeout(this.#idle);
    const load = this.#load;
    this.#load = undefined;
    if (load === undefined) return;
    if (load.users > 0) await new Promise<void>((resolve) => (load.left = resolve));
    const loaded = await load.value.catch(() => undefined);
    if (loaded !== undefined) await this.#options.free(loaded);
  }

  #restLater(): void {
    this.#idle = setTimeout(() => {
      // Freeing goes on behind everybody's back: what it may throw must end nothing.
      this.unload().catch(() => undefined);
    }, this.#options.idleMs);
    this.#idle.unref();
  }
}

/** Bytes that this process may still take, as the system or its container says. */
export const freeMemory = (): number => process.availableMemory();

/** Throws `model.memory` with what is needed and what is there. */
export function demandMemory(id: string, needed: number, free: number): void {
  if (free >= needed) return;
  throw unavailableError(
    'model.memory',
    `the model ${id} needs ${needed} bytes of memory and ${free} are free`,
    'Close other programs, or use a smaller model.',
  );
}
