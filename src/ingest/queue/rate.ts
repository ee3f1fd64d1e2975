/** Bytes per second over the last work done, by the clock that never goes back. */
import type { Clock } from '../../base/index.ts';

export class RateWindow {
  readonly #clock: Clock;
  readonly #windowMs: number;
  #samples: { readonly at: number; readonly bytes: number }[] = [];

  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
  }

  /** Work begins, or begins again after a pause: time before it does not count. */
  start(): void {
    this.#samples = [{ at: this.#clock.monotonic(), bytes: 0 }];
  }

  add(bytes: number): void {
    const at = this.#clock.monotonic();
    this.#samples.push({ at, bytes });
    // One sample older than the window stays: the window's first step began there.
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? at) < at - this.#windowMs)
      this.#samples.shift();
  }

  /** Unknown until something was done in measurable time. */
  get bytesPerSecond(): number | null {
    const [first, ...rest] = this.#samples;
    const last = rest.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return null;
    return (rest.reduce((sum, sample) => sum + sample.bytes, 0) / (last.at - first.at)) * 1000;
  }
}
