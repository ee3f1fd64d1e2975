/** Progress on standard error: one line that is rewritten on a terminal, a plain line now and then elsewhere. */
import type { Clock } from '../../base/index.ts';
import type { Sink } from '../io.ts';
import { bytesText, countText, cut, durationText } from './text.ts';

export interface ProgressState {
  readonly done: number;
  readonly total: number;
  /** What is counted: `files`. */
  readonly unit: string;
  /** What is measured by bytes where they are known: steadier than counting. */
  readonly bytes_done?: number;
  readonly bytes_total?: number;
  readonly detail?: string;
  /** Measured by the one who works; null while unknown. Absent: reckoned from the start. */
  readonly bytes_per_s?: number | null;
  readonly seconds_left?: number | null;
}

const BAR_CELLS = 24;
const TERMINAL_PAUSE_MS = 100;
const PLAIN_PAUSE_MS = 5_000;
const CLEAR = '\r\u001b[K';

export class Progress {
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #start: number;
  #last: number;
  #shown = false;

  constructor(sink: Sink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
    this.#start = clock.monotonic();
    this.#last = -Infinity;
  }

  async show(state: ProgressState): Promise<void> {
    const now = this.#clock.monotonic();
    const pause = this.#sink.isTty ? TERMINAL_PAUSE_MS : PLAIN_PAUSE_MS;
    if (now - this.#last < pause) return;
    // Not a terminal: the first line waits too, so that a quick import says nothing.
    if (!this.#sink.isTty && this.#last === -Infinity && now - this.#start < PLAIN_PAUSE_MS) return;
    this.#last = now;
    const text = progressText(state, now - this.#start, this.#sink.isTty);
    if (!this.#sink.isTty) return this.#sink.write(`${text}\n`);
    this.#shown = true;
    await this.#sink.write(CLEAR + cut(text, this.#sink.columns - 1));
  }

  /** Takes the bar away, so that other text can stand in its place. */
  async clear(): Promise<void> {
    if (!this.#shown) return;
    this.#shown = false;
    this.#last = -Infinity;
    await this.#sink.write(CLEAR);
  }
}

/** Part, amounts, rate and time left. */
export function progressText(state: ProgressState, elapsedMs: number, bar: boolean): string {
  const { done, total, bytes_done: bytesDone = 0, bytes_total: bytesTotal = 0 } = state;
  const whole = bytesTotal > 0 ? bytesDone / bytesTotal : done / Math.max(total, 1);
  const part = Math.min(Math.max(whole, 0), 1);
  const filled = Math.round(part * BAR_CELLS);
  const words = [`${Math.floor(part * 100)} %`, `${countText(done)}/${countText(total)} ${state.unit}`];
  if (state.detail !== undefined) words.push(state.detail);
  if (state.bytes_per_s !== undefined) {
    if (state.bytes_per_s !== null) words.push(`${bytesText(state.bytes_per_s)}/s`);
    if (state.seconds_left !== undefined && state.seconds_left !== null && part < 1)
      words.push(`${durationText(state.seconds_left * 1000)} left`);
    return barText(filled, bar) + words.join('  ');
  }
  if (elapsedMs > 0) {
    const perSecond = ((bytesTotal > 0 ? bytesDone : done) / elapsedMs) * 1000;
    words.push(bytesTotal > 0 ? `${bytesText(perSecond)}/s` : `${perSecond.toFixed(1)} ${state.unit}/s`);
  }
  if (part > 0 && part < 1) words.push(`${durationText((elapsedMs * (1 - part)) / part)} left`);
  return barText(filled, bar) + words.join('  ');
}

const barText = (filled: number, bar: boolean): string =>
  bar ? `[${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}] ` : '';
