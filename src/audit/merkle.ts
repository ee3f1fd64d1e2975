/**
 * Hashing of the Merkle tree of RFC 9162 §2.1. Hashes are 32 bytes; lists of hashes are one buffer.
 */
import { hash } from 'node:crypto';
import { invariant } from '../base/index.ts';
import { HASH_BYTES } from './entry.ts';

/** Levels of the tree in one tile (C2SP tlog-tiles). */
export const TILE_HEIGHT = 8;
/** Hashes in a full tile. */
export const TILE_WIDTH = 2 ** TILE_HEIGHT;
export const TILE_BYTES = TILE_WIDTH * HASH_BYTES;

const node = Buffer.alloc(1 + 2 * HASH_BYTES);
node[0] = 1;

/** Writes the hash of two neighbours, 64 bytes of `source` from `at`, to `target`. */
export function hashPair(source: Uint8Array, at: number, target: Buffer, to: number): void {
  for (let i = 0; i < 2 * HASH_BYTES; i++) node[i + 1] = source[at + i] ?? 0;
  // A string of bytes is made faster than a buffer.
  target.write(hash('sha256', node, 'binary'), to, HASH_BYTES, 'latin1');
}

/** Hash of two neighbours. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  const pair = Buffer.concat([left, right], 2 * HASH_BYTES);
  const out = Buffer.allocUnsafe(HASH_BYTES);
  hashPair(pair, 0, out, 0);
  return out;
}

const work = Buffer.alloc(TILE_BYTES / 2);

/** The hash over a power of two of neighbouring hashes, at most a tile of them. */
export function rootOfFull(hashes: Uint8Array): Buffer {
  let count = hashes.length / HASH_BYTES;
  if (count === 1) return Buffer.from(hashes);
  let source = hashes;
  for (; count > 1; count /= 2) {
    for (let i = 0; i < count / 2; i++) hashPair(source, 2 * i * HASH_BYTES, work, i * HASH_BYTES);
    source = work;
  }
  return Buffer.from(work.subarray(0, HASH_BYTES));
}

/** SHA-256 of nothing: the root of an empty tree. */
export const EMPTY_ROOT = Buffer.from(hash('sha256', '', 'hex'), 'hex');

/** Gives the hash over the full subtree of 2^level leaves that is the `index`-th of its level. */
export type HashAt = (level: number, index: number) => Promise<Uint8Array>;

/** The largest power of two below n, as its exponent. From 2^49 on the logarithm of n - 1 may be rounded up. */
function splitOf(n: number): number {
  const level = Math.floor(Math.log2(n - 1));
  return 2 ** level < n ? level : level - 1;
}

/** MTH(D[first:end]) for a range that a tree of some size has; `first` is a multiple of the range's power of two. */
async function rangeHash(at: HashAt, first: number, end: number): Promise<Uint8Array> {
  const n = end - first;
  if (n === 1) return await at(0, first);
  const level = splitOf(n);
  const half = 2 ** level;
  if (n === 2 * half) return await at(level + 1, first / n);
  return nodeHash(await at(level, first / half), await rangeHash(at, first + half, end));
}

/** The root of the tree of the first `size` leaves. */
export async function rootOf(at: HashAt, size: number): Promise<Uint8Array> {
  return size === 0 ? EMPTY_ROOT : await rangeHash(at, 0, size);
}

/** RFC 9162 §2.1.3.1: the hashes that lead from leaf `index` to the root of the first `size` leaves, lowest first. */
export async function inclusionProof(at: HashAt, index: number, size: number): Promise<Uint8Array[]> {
  const proof: Uint8Array[] = [];
  let [first, end] = [0, size];
  while (end - first > 1) {
    const middle = first + 2 ** splitOf(end - first);
    if (index < middle) {
      proof.push(await rangeHash(at, middle, end));
      end = middle;
    } else {
      proof.push(await rangeHash(at, first, middle));
      first = middle;
    }
  }
  return proof.reverse();
}

/** RFC 9162 §2.1.4.1: the hashes that show the tree of the first `older` leaves inside that of the first `size`. */
export async function consistencyProof(at: HashAt, older: number, size: number): Promise<Uint8Array[]> {
  if (older === 0 || older === size) return [];
  const proof: Uint8Array[] = [];
  let [first, end] = [0, size];
  // Whether the older tree is a subtree as a whole: then its root is known to who checks.
  let isWhole = true;
  while (older !== end) {
    const middle = first + 2 ** splitOf(end - first);
    if (older <= middle) {
      proof.push(await rangeHash(at, middle, end));
      end = middle;
    } else {
      proof.push(await rangeHash(at, first, middle));
      first = middle;
      isWhole = false;
    }
  }
  if (!isWhole) proof.push(await rangeHash(at, first, end));
  return proof.reverse();
}

/** A growing tree: the last tile of each level, which is enough to know its root. */
export class TreeEdge {
  readonly #levels: { readonly bytes: Buffer; count: number }[] = [];
  readonly #onFull: (level: number, index: number, bytes: Buffer) => void;

  /** `onFull` sees each tile when it is full; its bytes are written over afterwards. */
  constructor(onFull: (level: number, index: number, bytes: Buffer) => void = () => undefined) {
    this.#onFull = onFull;
  }

  get size(): number {
    return this.#levels[0]?.count ?? 0;
  }

  /** Adds a leaf hash: 32 bytes. */
  add(leaf: Uint8Array, level = 0): void {
    const edge = (this.#levels[level] ??= { bytes: Buffer.alloc(TILE_BYTES), count: 0 });
    edge.bytes.set(leaf, (edge.count % TILE_WIDTH) * HASH_BYTES);
    edge.count++;
    if (edge.count % TILE_WIDTH === 0) this.#full(level, edge, rootOfFull(edge.bytes));
  }

  /** Adds a whole tile of leaves whose root is known, where a tile begins. */
  addTile(leaves: Uint8Array, root: Uint8Array): void {
    const edge = (this.#levels[0] ??= { bytes: Buffer.alloc(TILE_BYTES), count: 0 });
    invariant(edge.count % TILE_WIDTH === 0, 'a tile is added where one begins');
    edge.bytes.set(leaves);
    edge.count += TILE_WIDTH;
    this.#full(0, edge, root);
  }

  #full(level: number, edge: { readonly bytes: Buffer; count: number }, root: Uint8Array): void {
    this.#onFull(level, edge.count / TILE_WIDTH - 1, edge.bytes);
    this.add(root, level + 1);
  }

  /** The tile of a level that is not full. */
  partial(level: number): { readonly index: number; readonly bytes: Buffer } {
    const { bytes, count } = this.#levels[level] ?? { bytes: Buffer.alloc(0), count: 0 };
    const held = (count % TILE_WIDTH) * HASH_BYTES;
    return { index: Math.floor(count / TILE_WIDTH), bytes: bytes.subarray(0, held) };
  }

  get height(): number {
    return this.#levels.length;
  }

  root(): Buffer {
    let root: Buffer | undefined;
    for (const { bytes, count } of this.#levels) {
      let end = count % TILE_WIDTH;
      for (let width = 1; width < TILE_WIDTH; width *= 2) {
        if ((end & width) === 0) continue;
        const peak = rootOfFull(bytes.subarray((end - width) * HASH_BYTES, end * HASH_BYTES));
        root = root === undefined ? peak : nodeHash(peak, root);
        end -= width;
      }
    }
    return root ?? EMPTY_ROOT;
  }
}
