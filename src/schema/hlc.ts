/**
 * Hybrid logical clock (Kulkarni et al., 2014): time that never goes back, orders causes before effects, and stays
 * close to the wall clock.
 *
 * A stamp is 48 bits of milliseconds and 16 bits of counter in one signed 64-bit integer, so that stamps compare as
 * numbers. Two nodes can make the same stamp; `node_id` breaks the tie.
 */
import { badInputError, internalError, type Clock } from '../base/index.ts';

export type HlcStamp = bigint;

const COUNTER_BITS = 16n;
const COUNTER_MAX = (1n << COUNTER_BITS) - 1n;

/** How far ahead of our clock a remote stamp may be, in milliseconds. */
export const HLC_DRIFT_MAX_MS = 60_000;

export function hlcMilliseconds(stamp: HlcStamp): number {
  return Number(stamp >> COUNTER_BITS);
}

export class HybridLogicalClock {
  readonly #clock: Clock;
  #last: HlcStamp;

  /** `last` is the highest stamp this node ever made, from storage. */
  constructor(clock: Clock, last: HlcStamp = 0n) {
    this.#clock = clock;
    this.#last = last;
  }

  get last(): HlcStamp {
    return this.#last;
  }

  /** A stamp greater than any seen before. */
  tick(): HlcStamp {
    const wall = BigInt(this.#clock.now()) << COUNTER_BITS;
    const next = wall > this.#last ? wall : this.#last + 1n;
    // The counter carries into the milliseconds when 65,536 stamps fall in one; order is kept.
    if (next >= 1n << 63n) throw internalError('hlc.overflow', 'the logical clock ran past 63 bits');
    this.#last = next;
    return next;
  }

  /** Takes note of a peer's stamp. One too far ahead is refused: it would drag our clock along. */
  receive(remote: HlcStamp): void {
    const ahead = hlcMilliseconds(remote) - this.#clock.now();
    if (ahead > HLC_DRIFT_MAX_MS)
      throw badInputError(
        'hlc.drift',
        `a peer's clock is ${Math.round(ahead / 1000)} s ahead of ours; the bound is ${HLC_DRIFT_MAX_MS / 1000} s`,
        'Set the clocks of both nodes (NTP), then sync again.',
      );
    if (remote > this.#last) this.#last = remote;
  }

  static counter(stamp: HlcStamp): number {
    return Number(stamp & COUNTER_MAX);
  }
}
