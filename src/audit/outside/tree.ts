/** Hashes of the Merkle tree of RFC 9162, as whoever checks needs them. */
import { areEqual, sha256 } from './bytes.ts';

export const HASH_BYTES = 32;

export const leafHashOf = (entry: Uint8Array): Promise<Uint8Array> => sha256(Uint8Array.of(0), entry);

const nodeHashOf = (left: Uint8Array, right: Uint8Array): Promise<Uint8Array> =>
  sha256(Uint8Array.of(1), left, right);

/** Bits of an index: halves are taken by division, since numbers may be longer than 32 bits. */
const half = (n: number): number => Math.floor(n / 2);
const isOdd = (n: number): boolean => n % 2 === 1;

/** Whether leaf `index` with this hash is in the tree of `size` leaves with this root: RFC 9162 §2.1.3.2. */
export async function isIncluded(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): Promise<boolean> {
  if (index < 0 || index >= size || proof.some((one) => one.length !== HASH_BYTES)) return false;
  let [at, last] = [index, size - 1];
  let hash = leaf;
  for (const one of proof) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      hash = await nodeHashOf(one, hash);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else hash = await nodeHashOf(hash, one);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && areEqual(hash, root);
}

/** Whether the tree of `older` leaves is the beginning of that of `size`: RFC 9162 §2.1.4.2. */
export async function isConsistent(
  older: number,
  olderRoot: Uint8Array,
  size: number,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): Promise<boolean> {
  if (older > size || proof.some((one) => one.length !== HASH_BYTES)) return false;
  if (older === size) return proof.length === 0 && areEqual(olderRoot, root);
  // Every tree begins with the empty one.
  if (older === 0) return proof.length === 0;
  const isWhole = 2 ** Math.round(Math.log2(older)) === older;
  const [first, ...rest] = isWhole ? [olderRoot, ...proof] : proof;
  if (first === undefined) return false;
  let [at, last] = [older - 1, size - 1];
  while (isOdd(at)) [at, last] = [half(at), half(last)];
  let [olderHash, hash] = [first, first];
  for (const one of rest) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      olderHash = await nodeHashOf(one, olderHash);
      hash = await nodeHashOf(one, hash);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else hash = await nodeHashOf(hash, one);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && areEqual(olderHash, olderRoot) && areEqual(hash, root);
}
