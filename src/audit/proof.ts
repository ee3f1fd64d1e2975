/** Checks of proofs of consistency, with nothing but hashes: RFC 9162 §2.1.4.2. Those of inclusion: `outside/tree.ts`. */
import { HASH_BYTES } from './entry.ts';
import { nodeHash } from './merkle.ts';

/** Bits of an index: halves are taken by division, since numbers may be longer than 32 bits. */
const half = (n: number): number => Math.floor(n / 2);
const isOdd = (n: number): boolean => n % 2 === 1;

/** Whether the tree of `older` leaves is the beginning of that of `size`. */
export function isConsistent(
  older: number,
  olderRoot: Uint8Array,
  size: number,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (older > size || proof.some((one) => one.length !== HASH_BYTES)) return false;
  if (older === size) return proof.length === 0 && Buffer.compare(olderRoot, root) === 0;
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
      olderHash = nodeHash(one, olderHash);
      hash = nodeHash(one, hash);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else hash = nodeHash(hash, one);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && Buffer.compare(olderHash, olderRoot) === 0 && Buffer.compare(hash, root) === 0;
}
