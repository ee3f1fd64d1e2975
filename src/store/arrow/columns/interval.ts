/**
 * INTERVAL: months and days (int32) and a time. DuckDB counts microseconds, Arrow's month-day-nano nanoseconds, so a
 * time beyond 292 years is refused.
 */
import { rangeError } from '../failures.ts';
import type { Widening } from './widened.ts';

const NANOS = 1000n;
/** Marks an overflow until NULLs are zeroed. No product is equal to it: it is not a multiple of 1000. */
const OVERFLOW = -(2n ** 63n);

export function interval(column: string): Widening {
  return {
    width: 16,
    convert(source, from, target, to, count) {
      target.set(source.subarray(from, from + count * 16), to);
      const out = new BigInt64Array(target.buffer, target.byteOffset + to, count * 2);
      for (let i = 1; i < out.length; i += 2) {
        const nanos = out[i]! * NANOS;
        out[i] = BigInt.asIntN(64, nanos) === nanos ? nanos : OVERFLOW;
      }
    },
    check(values, from, count) {
      const out = new BigInt64Array(values.buffer, values.byteOffset + from, count * 2);
      for (let i = 1; i < out.length; i += 2)
        if (out[i] === OVERFLOW)
          throw rangeError(
            column,
            'an interval whose time part is longer than 292 years',
            'Cast it to VARCHAR in the query.',
          );
    },
  };
}
