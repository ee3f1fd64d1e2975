/** Time comes in as an argument, so that a test can set it and a failure can be replayed. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970-01-01T00:00Z. May jump. */
  now(): number;
  /** Milliseconds from an arbitrary start. Never goes back. */
  monotonic(): number;
}

export const systemClock: Clock = {
  // eslint-disable-next-line no-restricted-syntax -- the one place that reads the system clock
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** A clock that stands still until it is told. */
export class ManualClock implements Clock {
  #now: number;
  constructor(start = 0) {
    this.#now = start;
  }
  now(): number {
    return this.#now;
  }
  monotonic(): number {
    return this.#now;
  }
  advance(ms: number): void {
    this.#now += ms;
  }
  set(ms: number): void {
    this.#now = ms;
  }
}

/** Today's date in UTC as `YYYY-MM-DD`. */
export function today(clock: Clock): string {
  return new Date(clock.now()).toISOString().slice(0, 10);
}
