/** Proofs that a log only grew (P5), against vectors that are fixed and an implementation that is not ours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RFC9162 as peer } from '@transmute/rfc9162';
import {
  consistencyProof,
  isConsistent,
  makeGrowth,
  printNote,
  rootOf,
  verifyFiles,
  type AuditGrowth,
} from '../../src/audit/index.ts';
import { leafHash } from '../../src/audit/entry.ts';
import { nodeHash, type HashAt } from '../../src/audit/merkle.ts';
import { event, openLog, tempFolder } from './kit.ts';

/** The leaves and roots that Certificate Transparency tests itself with, in hexadecimal. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS: Readonly<Record<number, string>> = {
  1: '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  2: 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  6: '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  8: '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
};
/** §2.1.4.1 over these leaves. */
const PROOFS: readonly (readonly [number, number, readonly string[]])[] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];

const check = (growth: AuditGrowth, older: string): ReturnType<typeof verifyFiles> =>
  verifyFiles([
    { name: 'growth.json', text: `${JSON.stringify(growth, null, 2)}\n` },
    { name: 'kept.txt', text: older },
  ]);

const hex = (list: readonly Uint8Array[]): string[] => list.map((one) => Buffer.from(one).toString('hex'));
const bytes = LEAVES.map((leaf) => Buffer.from(leaf, 'hex'));
const hashAt: HashAt = async (level, index) =>
  level === 0
    ? Buffer.from(leafHash(bytes[index] ?? assert.fail()), 'hex')
    : nodeHash(await hashAt(level - 1, 2 * index), await hashAt(level - 1, 2 * index + 1));

test('T2 P5: roots and proofs of the vectors of Certificate Transparency', async () => {
  for (const [size, root] of Object.entries(ROOTS))
    assert.deepEqual(hex([await rootOf(hashAt, Number(size))]), [root]);
  for (const [from, to, proof] of PROOFS) {
    const made = await consistencyProof(hashAt, from, to);
    assert.deepEqual(hex(made), proof, `${from} to ${to}`);
    assert.ok(await isConsistent(from, await rootOf(hashAt, from), to, await rootOf(hashAt, to), made));
  }
});

test('P5: a log proves that it only grew since any checkpoint, and another implementation agrees', async (t) => {
  const log = await openLog(await tempFolder(t));
  const held: string[] = [];
  for (let i = 0; i < 6; i++) {
    for (let j = 0; j <= 3 * i; j++) await log.record(event(j));
    held.push(printNote(await log.checkpoint()));
  }
  for (const older of held) {
    const size = Number(older.split('\n')[1]);
    const growth = await makeGrowth(log, size);
    const found = await check(growth, older);
    assert.ok('growth' in found && found.unlinked.length === 0);
    assert.equal(found.states.at(-1)?.size, growth.to);
    const [from, to] = [Buffer.from(growth.from_root, 'base64'), Buffer.from(growth.to_root, 'base64')];
    const head = Number.isInteger(Math.log2(size)) ? [from] : [];
    const path = [...head, ...growth.proof.map((one) => Buffer.from(one, 'base64'))];
    const asTheirs = { log_id: '', tree_size_1: size, tree_size_2: growth.to, consistency_path: path };
    if (size < growth.to) assert.ok(await peer.verifyConsistencyProof(from, to, asTheirs));
  }
  const [first = '', second = ''] = held;
  const growth = await makeGrowth(log, Number(first.split('\n')[1]));
  const refused = { code: 'audit.bundle', exitCode: 7 };
  const changes: Record<string, readonly [AuditGrowth, string]> = {
    'another checkpoint': [growth, second],
    'a hash less': [{ ...growth, proof: growth.proof.slice(1) }, first],
    'a hash more': [{ ...growth, proof: [...growth.proof, growth.to_root] }, first],
    'no hash': [{ ...growth, proof: ['x'] }, first],
    'another root': [{ ...growth, to_root: growth.from_root }, first],
    'another size': [{ ...growth, to: growth.to - 1 }, first],
    'another older root': [{ ...growth, from_root: growth.to_root }, first],
    'no key': [{ ...growth, keys: [] }, first],
  };
  for (const [what, [changed, older]] of Object.entries(changes))
    await assert.rejects(check(changed, older), refused, what);
  for (const [from, to] of [[0], [1.5], [3, 2], [1, log.size + 1]] as const)
    await assert.rejects(makeGrowth(log, from, to), { code: 'audit.growth' });
  const last = held.at(-1) ?? '';
  const lastSize = Number(last.split('\n')[1]);
  assert.equal((await makeGrowth(log, lastSize)).to, lastSize, 'nothing came since');
  await log.record(event(7));
  const signed = await makeGrowth(log, lastSize);
  assert.ok(signed.to > lastSize, 'what came since is signed for');
  await check(signed, last);
  // The log tells each of its checkpoints: between two of them, both ends are signed.
  const [, third = 0] = held.slice(1).map((one) => Number(one.split('\n')[1]));
  assert.notEqual((await makeGrowth(log, 2, third)).checkpoint, null);
  const unsigned = await makeGrowth(log, 2, third + 2);
  assert.deepEqual([unsigned.checkpoint, unsigned.keys], [null, []]);
  await log.close();
});
