/** Bitmaps, least significant bit first, as both DuckDB and Arrow keep them. Positions and lengths are in bits. */

/** Set bits of each byte value. */
const POPULATION = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
});

export function bitAt(bits: Uint8Array, at: number): boolean {
  return ((bits[at >> 3]! >> (at & 7)) & 1) !== 0;
}

/** Clear bits in `[from, to)`. */
export function countClear(bits: Uint8Array, from: number, to: number): number {
  let clear = 0;
  let at = from;
  for (; at < to && (at & 7) !== 0; at++) if (!bitAt(bits, at)) clear++;
  for (; at + 8 <= to; at += 8) clear += 8 - POPULATION[bits[at >> 3]!]!;
  for (; at < to; at++) if (!bitAt(bits, at)) clear++;
  return clear;
}

/** Copies `count` bits. `target` must be zero from `targetAt` on, or be overwritten in order. */
export function copyBits(
  target: Uint8Array,
  targetAt: number,
  source: Uint8Array,
  sourceAt: number,
  count: number,
): void {
  let to = targetAt;
  let from = sourceAt;
  let left = count;
  for (; left > 0 && (to & 7) !== 0; to++, from++, left--) setBit(target, to, bitAt(source, from));
  const bytes = left >> 3;
  const shift = from & 7;
  let read = from >> 3;
  let write = to >> 3;
  if (shift === 0) target.set(source.subarray(read, read + bytes), write);
  else
    for (let i = 0; i < bytes; i++, read++, write++)
      target[write] = (source[read]! >>> shift) | (source[read + 1]! << (8 - shift));
  const done = bytes << 3;
  for (let i = done; i < left; i++) setBit(target, to + i, bitAt(source, from + i));
}

export function fillOnes(target: Uint8Array, at: number, count: number): void {
  let to = at;
  const end = at + count;
  for (; to < end && (to & 7) !== 0; to++) setBit(target, to, true);
  if (to + 8 <= end) target.fill(255, to >> 3, end >> 3);
  for (to = Math.max(to, end & ~7); to < end; to++) setBit(target, to, true);
}

export function setBit(target: Uint8Array, at: number, value: boolean): void {
  const mask = 1 << (at & 7);
  if (value) target[at >> 3]! |= mask;
  else target[at >> 3]! &= ~mask;
}
