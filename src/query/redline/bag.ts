/** How alike two texts are: the share of neighbouring word pairs they have in common. */
import { FIXED_LIMITS } from '../../base/index.ts';

/** Hashes of a text's word pairs, sorted; an empty one is like nothing. */
export type Bag = Uint32Array;

/** Hashes of single words, as {@link bagOf} takes them. */
export function wordHashes(words: readonly string[]): Uint32Array {
  return Uint32Array.from(words, hash);
}

/** FNV-1a: no secret hangs on it, and a collision only makes two texts look a little more alike. */
function hash(word: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) value = Math.imul(value ^ word.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** The bag of several texts, each given by its word hashes, up to `align_node_words`. */
export function bagOf(texts: Iterable<Uint32Array>): Bag {
  const pairs: number[] = [];
  for (const words of texts) {
    let last = 0;
    for (const word of words) {
      if (pairs.length >= FIXED_LIMITS.align_node_words.value) return Uint32Array.from(pairs).sort();
      pairs.push((Math.imul(last, 0x9e3779b1) ^ word) >>> 0);
      last = word;
    }
  }
  return Uint32Array.from(pairs).sort();
}

/** Dice's coefficient, 0 to 1. */
export function likeness(one: Bag, other: Bag): number {
  if (one.length === 0 || other.length === 0) return 0;
  let both = 0;
  for (let i = 0, j = 0; i < one.length && j < other.length;) {
    const a = one[i] ?? 0;
    const b = other[j] ?? 0;
    if (a === b) both++;
    if (a <= b) i++;
    if (b <= a) j++;
  }
  return (2 * both) / (one.length + other.length);
}

/** What {@link likeness} cannot exceed, from the lengths alone. */
export function likenessAtMost(one: Bag, other: Bag): number {
  const sum = one.length + other.length;
  return sum === 0 ? 0 : (2 * Math.min(one.length, other.length)) / sum;
}
