/** Which provision is which: the same number, the same words, and never two that are merely alike. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FIXED_LIMITS, sha256 } from '../../../src/base/index.ts';
import { align, type Leaf } from '../../../src/query/redline/align.ts';
import { wordHashes } from '../../../src/query/redline/bag.ts';
import { wordsOf } from '../../../src/query/redline/hygiene.ts';

/** `id: text`, below the id before its last dot; ids that end in a digit after `_` say only a place. */
function leaves(texts: Readonly<Record<string, string>>): Leaf[] {
  return Object.entries(texts).map(([id, text]) => {
    const words = wordsOf(text);
    const dot = id.lastIndexOf('.');
    return {
      id,
      parentId: dot < 0 ? 'root' : id.slice(0, dot),
      level: 'paragraph',
      isNamed: !/_\d+$/.test(id),
      said: sha256(text),
      words: wordHashes(words),
      wordCount: words.length,
    };
  });
}

const pairs = (
  old: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): Record<string, string> => Object.fromEntries([...align(leaves(old), leaves(now))].sort());

const VALVE = 'The operator shall lock the valve before any work on the line begins.';
const NOISE = 'Noise at the boundary of the site must not exceed 55 decibels at night.';
const FEES = 'The authority may charge a fee for each application that it has to decide.';

test('a provision keeps its number, however much of it is rewritten', () => {
  assert.deepEqual(pairs({ a: VALVE }, { a: `${VALVE} Records are kept.` }), { a: 'a' });
  assert.deepEqual(pairs({ a: VALVE }, { a: FEES }), { a: 'a' });
});

test('a provision that came in before others does not change them', () => {
  assert.deepEqual(pairs({ a: VALVE, b: NOISE }, { a: FEES, b: VALVE, c: NOISE }), { a: 'b', b: 'c' });
  assert.deepEqual(
    pairs(
      { i_1: 'air;', i_2: 'water;', i_3: 'land.' },
      { i_1: 'noise;', i_2: 'air;', i_3: 'water;', i_4: 'land.' },
    ),
    { i_1: 'i_2', i_2: 'i_3', i_3: 'i_4' },
  );
});

test('a renumbered provision is found with a changed word, and takes what stands below it along', () => {
  assert.deepEqual(
    pairs(
      { '5': VALVE, '5.a': 'first', '5.b': 'second' },
      { '6': VALVE.replace('any', 'all'), '6.a': 'first', '6.b': 'third' },
    ),
    { '5': '6', '5.a': '6.a', '5.b': '6.b' },
  );
});

test('two provisions that are merely alike are not one', () => {
  assert.deepEqual(
    pairs(
      { '2': 'Subject of 7.2. Dust at the boundary must not exceed 50 micrograms.' },
      { '3': 'Subject of 7.3. Noise at the boundary must not exceed 55 decibels.' },
    ),
    {},
  );
  // Short texts say nothing about where they came from.
  assert.deepEqual(pairs({ a: 'feet;' }, { b: 'feet;' }), {});
  // Two that would both do: neither is taken.
  assert.deepEqual(
    pairs({ a: VALVE }, { b: VALVE.replace('any', 'all'), c: VALVE.replace('any', 'some') }),
    {},
  );
});

test('a provision that moved to another place is found when its words are the same', () => {
  assert.deepEqual(pairs({ x: FEES, 'x.a': VALVE, y: NOISE }, { x: FEES, y: NOISE, 'y.b': VALVE }), {
    x: 'x',
    'x.a': 'y.b',
    y: 'y',
  });
});

test('pairs are one to one, whatever the versions hold; the same version pairs with itself', () => {
  const text = fc.array(fc.constantFrom('the', 'operator', 'shall', 'lock', 'valve', 'noise'), {
    maxLength: 8,
  });
  const id = fc.stringMatching(/^[ab](\.[ab]|\.i_[123]){0,2}$/);
  const version = fc
    .dictionary(
      id,
      text.map((words) => words.join(' ')),
      { maxKeys: 12 },
    )
    .map((all) => Object.fromEntries(Object.entries(all).sort(([p], [q]) => (p < q ? -1 : 1))));
  fc.assert(
    fc.property(version, version, (old, now) => {
      const found = align(leaves(old), leaves(now));
      assert.equal(new Set(found.values()).size, found.size);
      for (const [from, to] of found) assert.ok(from in old && to in now);
      const same = align(leaves(old), leaves(old));
      assert.deepEqual(
        [...same].filter(([from, to]) => old[from] !== old[to]),
        [],
      );
      assert.equal(same.size, Object.keys(old).length);
    }),
    { numRuns: 500 },
  );
});

const MANY = process.env['FRACTAL_LONG'] === '1' ? 500_000 : 60_000;

test(`${MANY} provisions, all moved or all alike, are aligned within the bounds`, () => {
  const many = (text: (i: number) => string, prefix: string): Leaf[] => {
    const all: Leaf[] = [];
    for (let i = 0; i < MANY; i++) {
      const words = wordsOf(text(i));
      all.push({
        id: `${prefix}${i}`,
        parentId: 'root',
        level: 'paragraph',
        isNamed: true,
        said: text(i),
        words: wordHashes(words),
        wordCount: words.length,
      });
    }
    return all;
  };
  const moved = (i: number): string => `the operator of plant ${i} shall keep record ${i % 1000}`;
  assert.equal(
    align(
      many(moved, 'a'),
      many((i) => moved(MANY - 1 - i), 'b'),
    ).size,
    MANY,
  );
  const alike = align(
    many((i) => `the operator shall keep the records of day ${i}`, 'a'),
    many((i) => `the operator shall keep the records of night ${i}`, 'b'),
  );
  assert.equal(alike.size, 0);
  // The bound on words is met by the many.
  if (MANY > 60_000) assert.ok(FIXED_LIMITS.align_words.value < MANY * 9);
});
