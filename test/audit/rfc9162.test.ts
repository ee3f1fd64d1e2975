/**
 * Proofs against an implementation that is not ours (`@transmute/rfc9162`), and at sizes that no list of leaves could
 * reach (rules T1–T4). Of a tree whose size is a power of two that package puts the older root before its consistency
 * proof, where RFC 9162 §2.1.4.1 leaves it out; its own check expects it there.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RFC9162 as peer } from '@transmute/rfc9162';
import fc from 'fast-check';
import { consistencyProof, inclusionProof, isConsistent, isIncluded, rootOf } from '../../src/audit/index.ts';
import { leafHash } from '../../src/audit/entry.ts';
import { nodeHash, type HashAt } from '../../src/audit/merkle.ts';

const LEAVES = 70;
const entries = Array.from({ length: LEAVES }, (_, i) => Buffer.from(`entry ${i}`));
const leaves = entries.map((entry) => Buffer.from(leafHash(entry), 'hex'));

/** Full subtrees, without tiles. */
const hashAt: HashAt = async (level, index) =>
  level === 0
    ? (leaves[index] ?? assert.fail('no such leaf'))
    : nodeHash(await hashAt(level - 1, 2 * index), await hashAt(level - 1, 2 * index + 1));

const hex = (list: readonly Uint8Array[]): string[] => list.map((one) => Buffer.from(one).toString('hex'));
const isPowerOf2 = (n: number): boolean => Number.isInteger(Math.log2(n));

test('T1: roots, inclusion proofs and their checks are those of another implementation, for all sizes', async () => {
  for (let size = 1; size <= LEAVES; size++) {
    const some = entries.slice(0, size);
    const root = await rootOf(hashAt, size);
    assert.deepEqual(hex([root]), hex([await peer.treeHead(some)]));
    const step = size < 20 ? 1 : 5;
    for (let index = 0; index < size; index += step) {
      const own = await inclusionProof(hashAt, index, size);
      const theirs = await peer.inclusionProof(entries[index] ?? assert.fail(), some);
      assert.deepEqual(hex(own), hex(theirs.inclusion_path), `${index} of ${size}`);
      const leaf = leaves[index] ?? assert.fail();
      const asTheirs = { log_id: '', tree_size: size, leaf_index: index, inclusion_path: own };
      assert.ok(await peer.verifyInclusionProof(root, leaf, asTheirs));
      assert.ok(await isIncluded(leaf, index, size, theirs.inclusion_path, root));
    }
  }
});

test('T2: so are consistency proofs', async () => {
  for (let size = 2; size <= LEAVES; size += size < 20 ? 1 : 7)
    for (let older = 1; older < size; older++) {
      const [olderRoot, root] = [await rootOf(hashAt, older), await rootOf(hashAt, size)];
      const own = await consistencyProof(hashAt, older, size);
      const head = isPowerOf2(older) ? [olderRoot] : [];
      const before = { log_id: '', tree_size: older, leaf_index: 0, inclusion_path: [] };
      const theirs = await peer.consistencyProof(before, entries.slice(0, size));
      assert.deepEqual(hex([...head, ...own]), hex(theirs.consistency_path), `${older} in ${size}`);
      assert.ok(await isConsistent(older, olderRoot, size, root, own));
      const asTheirs = { ...theirs, consistency_path: [...head, ...own] };
      assert.ok(await peer.verifyConsistencyProof(olderRoot, root, asTheirs));
    }
});

/** A tree of any size whose leaves follow a rule: full subtrees of one level are alike but for the first. */
function vastTree(): HashAt {
  const others: Uint8Array[] = [];
  const firsts: Uint8Array[] = [];
  return async (level, index) => {
    for (let at = others.length; at <= level; at++) {
      const below = others[at - 1];
      const first = firsts[at - 1];
      others.push(
        below === undefined ? Buffer.from(leafHash(Buffer.from('other')), 'hex') : nodeHash(below, below),
      );
      firsts.push(
        below === undefined || first === undefined
          ? Buffer.from(leafHash(Buffer.from('first')), 'hex')
          : nodeHash(first, below),
      );
    }
    return (index === 0 ? firsts : others)[level] ?? assert.fail();
  };
}

const SIZE = fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 2 ** 50 }));

test('T3: proofs of trees of any size up to 2^50 hold, and with any one hash, number or root changed they do not', async () => {
  const at = vastTree();
  await fc.assert(
    fc.asyncProperty(
      SIZE,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.nat(),
      async (size, place, flip) => {
        const index = Math.floor(place * size);
        const leaf = await at(0, index);
        const root = await rootOf(at, size);
        const proof = await inclusionProof(at, index, size);
        assert.ok(proof.length <= Math.ceil(Math.log2(size)) + 1);
        assert.ok(await isIncluded(leaf, index, size, proof, root));
        assert.ok(!(await isIncluded(leaf, size, size, proof, root)));
        assert.ok(!(await isIncluded(leaf, index, size, [...proof, leaf], root)));
        assert.ok(!(await isIncluded(leaf, index, size, proof, flipped(root, flip))));
        assert.ok(!(await isIncluded(flipped(leaf, flip), index, size, proof, root)));
        if (proof.length === 0) return;
        const i = flip % proof.length;
        assert.ok(
          !(await isIncluded(leaf, index, size, proof.with(i, flipped(proof[i] ?? leaf, flip)), root)),
        );
        assert.ok(!(await isIncluded(leaf, index, size, proof.slice(1), root)));
      },
    ),
  );
});

test('T4: the same for consistency', async () => {
  const at = vastTree();
  await fc.assert(
    fc.asyncProperty(
      SIZE,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
      async (size, place, flip) => {
        const older = Math.max(1, Math.floor(place * size));
        const [olderRoot, root] = [await rootOf(at, older), await rootOf(at, size)];
        const proof = await consistencyProof(at, older, size);
        assert.ok(await isConsistent(older, olderRoot, size, root, proof));
        assert.ok(!(await isConsistent(older, flipped(olderRoot, flip), size, root, proof)));
        assert.ok(!(await isConsistent(older, olderRoot, size, flipped(root, flip), proof)));
        assert.ok(!(await isConsistent(older, olderRoot, size, root, [...proof, root])));
        if (proof.length === 0) return;
        const i = flip % proof.length;
        const changed = proof.with(i, flipped(proof[i] ?? root, flip));
        assert.ok(!(await isConsistent(older, olderRoot, size, root, changed)));
        assert.ok(!(await isConsistent(older, olderRoot, size, root, proof.slice(0, -1))));
      },
    ),
  );
  assert.ok(!(await isConsistent(3, await rootOf(at, 3), 2, await rootOf(at, 2), [])));
});

function flipped(hash: Uint8Array, flip: number): Uint8Array {
  const copy = Buffer.from(hash);
  const bit = flip % (8 * copy.length);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
