/** UUID: DuckDB keeps a signed 128-bit integer with the top bit flipped so that it sorts; Arrow has the 16 bytes in order. */
import type { Widening } from './widened.ts';

/** Both directions: DuckDB to network order, and back. */
export function swapUuids(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  to: number,
  count: number,
  toArrow: boolean,
): void {
  for (let i = 0; i < count; i++) {
    const read = from + i * 16;
    const write = to + i * 16;
    for (let b = 0; b < 16; b++) target[write + b] = source[read + 15 - b]!;
    target[toArrow ? write : write + 15]! ^= 0x80;
  }
}

export const uuid: Widening = {
  width: 16,
  convert: (source, from, target, to, count) => swapUuids(source, from, target, to, count, true),
};
