/**
 * HUGEINT and UHUGEINT to decimal128(38, 0). `sum` of integers is a HUGEINT, so it must stay a number that every reader
 * knows; what needs a 39th digit is refused rather than rounded.
 */
import { rangeError } from '../failures.ts';
import type { Widening } from './widened.ts';

const LIMIT = 10n ** 38n;
/** The top 32 bits of 10^38: smaller ones need no closer look. */
const LIMIT_TOP = Number(LIMIT >> 96n);

export function hugeint(column: string, signed: boolean): Widening {
  return {
    width: 16,
    convert: (source, from, target, to, count) => target.set(source.subarray(from, from + count * 16), to),
    check(values, from, count) {
      const words = new Uint32Array(values.buffer, values.byteOffset + from, count * 4);
      for (let top = 3; top < words.length; top += 4) {
        const word = signed ? words[top]! | 0 : words[top]!;
        if (word < LIMIT_TOP && word > -LIMIT_TOP) continue;
        const value =
          (BigInt(word) << 96n) |
          (BigInt(words[top - 1]!) << 64n) |
          (BigInt(words[top - 2]!) << 32n) |
          BigInt(words[top - 3]!);
        if (value >= LIMIT || value <= -LIMIT)
          throw rangeError(
            column,
            'a 128-bit integer of more than 38 digits',
            'Cast it to VARCHAR or DOUBLE in the query.',
          );
      }
    },
  };
}
