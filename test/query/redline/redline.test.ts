/** Redlines are exact, readable and bounded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FIXED_LIMITS } from '../../../src/base/index.ts';
import { newText, oldText, redline, type Edit } from '../../../src/query/index.ts';
import { isRepealMark, plainBody, plainNumber, plainText } from '../../../src/query/redline/hygiene.ts';
import { hasChange } from '../../../src/query/redline/redline.ts';
import { commonRuns } from '../../../src/query/redline/sequence.ts';

const shown = (edits: readonly Edit[]): string =>
  edits
    .map(({ op, text }) => (op === 'same' ? text : op === 'delete' ? `[-${text}-]` : `{+${text}+}`))
    .join('');

const LAW_WORDS = [
  'the',
  'operator',
  'shall',
  'shall not',
  '5',
  '50 mg/m3',
  ',',
  '(a)',
  '—',
  '▼M1',
  '\t',
  '\n',
  '“x”',
  '[1]',
];
const lawText = fc
  .array(fc.oneof(fc.constantFrom(...LAW_WORDS), fc.string({ unit: 'grapheme', maxLength: 6 })), {
    maxLength: 60,
  })
  .map((words) => words.join(' '));

test('a deletion comes before the insertion in its place, in tables too', () => {
  for (const [old, now] of [
    ['\t', '\t the \n \n'],
    ['a\tb\nc\td', 'x\ty\na\tb'],
  ] as const)
    redline(old, now).forEach((edit, i, all) =>
      assert.ok(edit.op !== 'delete' || all[i - 1]?.op !== 'insert'),
    );
});

test('the redline of any two texts gives both back, to the last character', () => {
  fc.assert(
    fc.property(lawText, lawText, (old, now) => {
      const edits = redline(old, now);
      assert.equal(oldText(edits), old);
      assert.equal(newText(edits), now);
      assert.ok(
        edits.every(
          (edit, i) => edit.text !== '' && edit.op !== (edits[i - 1]?.op === 'insert' ? 'delete' : ''),
        ),
      );
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (old, now) => {
      const edits = redline(old, now);
      assert.equal(oldText(edits), old);
      assert.equal(newText(edits), now);
    }),
    { numRuns: 500 },
  );
});

test('the same text has no edit, and no changed word goes unmarked', () => {
  fc.assert(
    fc.property(lawText, lawText, (old, now) => {
      assert.equal(hasChange(redline(old, old)), false);
      // What is not marked says the same: only then may a redline be without edits.
      if (!hasChange(redline(old, now)) && !old.includes('\t')) assert.equal(squeezed(old), squeezed(now));
    }),
    { numRuns: 500 },
  );
});

const squeezed = (text: string): string => plainText(text).replaceAll(' ', '');

test('common runs are the longest ones while edits are few', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
  fc.assert(
    fc.property(letters, letters, (a, b) => {
      const runs = commonRuns(a, b);
      let [fromA, fromB] = [0, 0];
      for (const run of runs) {
        assert.ok(run.a >= fromA && run.b >= fromB && run.length > 0);
        assert.deepEqual(a.slice(run.a, run.a + run.length), b.slice(run.b, run.b + run.length));
        [fromA, fromB] = [run.a + run.length, run.b + run.length];
      }
      assert.equal(
        runs.reduce((sum, { length }) => sum + length, 0),
        longestCommon(a, b),
      );
    }),
    { numRuns: 1000 },
  );
});

/** The textbook table, to compare with. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = b.map(() => 0);
  for (const letter of a) {
    const above = row;
    row = [];
    b.forEach((other, j) =>
      row.push(letter === other ? (above[j - 1] ?? 0) + 1 : Math.max(above[j] ?? 0, row[j - 1] ?? 0)),
    );
  }
  return row.at(-1) ?? 0;
}

test('a number is one thing with its unit, and a rewritten phrase is no confetti', () => {
  assert.equal(
    shown(redline('at most 50 mg/m3 of dust', 'at most 40 mg/m3 of dust')),
    'at most [-50 mg/m3 -]{+40 mg/m3 +}of dust',
  );
  assert.equal(shown(redline('kept for 3 years.', 'kept for 5 years.')), 'kept for [-3 years-]{+5 years+}.');
  assert.equal(shown(redline('shall notify', 'shall not notify')), 'shall {+not +}notify');
  assert.equal(
    shown(
      redline(
        'The operator shall notify the authority in writing before the start of any works on the site.',
        'An employer must, no later than 14 days before the beginning of operations, send the inspectorate a notice.',
      ),
    ),
    '[-The operator shall notify the authority in writing before the start of any works on the site-]{+An employer must, no later than 14 days before the beginning of operations, send the inspectorate a notice+}.',
  );
});

test('tables are compared row by row', () => {
  assert.equal(
    shown(redline('Tree\tm\nApple\t4\nPear\t5\nFig\t1', 'Tree\tm\nApple\t4,5\nPlum\t3\nPear\t5')),
    'Tree\tm\nApple\t[-4-]{+4,5+}\n{+Plum\t3\n+}Pear\t5[-\nFig\t1-]',
  );
});

test('what only looks different is the same plain text; what differs is not', () => {
  for (const [a, b] of [
    ['the “operator”', "the 'operator'"],
    ['10–20', '10-20'],
    ['co\u00adoperate  now', 'cooperate now'],
    ['▼M1 He shall', 'He shall'],
    ['►C2 He shall ◄', 'He shall'],
    ['( 1 )', '(1)'],
    ['Directive 96/61/EC[3]', 'Directive 96/61/EC[4]'],
    ['20 % ————— .', '20 %.'],
    ['either: — fewer, or', 'either: fewer, or'],
    ['A\nB', 'A B'],
  ] as const)
    assert.equal(plainText(a), plainText(b), a);
  for (const [a, b] of [
    ['5 mg', '50 mg'],
    ['1.5', '15'],
    ['1,5', '1.5'],
    ['-5 °C', '5 °C'],
    ["30' N", '30" N'],
    ['10 — 20', '10 20'],
    ['10²', '102'],
    ['shall', 'Shall'],
    ['a; and', 'a; or'],
  ] as const)
    assert.notEqual(plainText(a), plainText(b), a);
  assert.notEqual(plainBody('a\t1\t23'), plainBody('a\t12\t3'));
  assert.equal(plainNumber('(a)'), plainNumber('a)'));
  assert.equal(plainNumber('—'), '');
});

test('marks that stand for a repealed provision are known, and law is not taken for one', () => {
  for (const mark of [
    '(deleted)',
    '[Reserved]',
    '[Removed and reserved]',
    'Repealed.',
    '. . . . . .',
    '—————',
    '▼M1 —————',
    '(b)-(d) [Reserved]',
    'Omitted',
    'This Article is deleted.',
  ])
    assert.ok(isRepealMark(mark), mark);
  for (const law of [
    '',
    '-',
    'Reserved matters',
    'Water removed.',
    'The permit shall be revoked.',
    'repealed by Directive 2008/1/EC with effect from 1 May',
    '.',
  ])
    assert.ok(!isRepealMark(law), law);
});

test('hostile texts take no more than the bounded work', () => {
  // As large as the largest provision: FRACTAL_LONG=1.
  const bytes = (process.env['FRACTAL_LONG'] === '1' ? 4096 : 256) * 1024;
  const fill = (word: (i: number) => string): string => {
    const words: string[] = [];
    for (let i = 0, size = 0; size < bytes; i++) {
      const next = `${word(i)} `;
      words.push(next);
      size += next.length;
    }
    return words.join('');
  };
  const pairs: [string, string][] = [
    [fill((i) => `w${(i * 7919) % 100_003}`), fill((i) => `w${(i * 104_729) % 99_991}`)],
    [fill((i) => 'abb'[i % 3] ?? ''), fill((i) => 'ab'[i % 2] ?? '')],
    ['a\tb\n'.repeat(bytes / 4), 'a\tc\n'.repeat(bytes / 4)],
  ];
  for (const [old, now] of pairs) {
    const edits = redline(old, now);
    assert.equal(oldText(edits), old);
    assert.equal(newText(edits), now);
  }
  // More edits than are sought: the stretch is shown as replaced, or split, never wrong.
  const many = FIXED_LIMITS.redline_edits.value * 3;
  const old = Array.from({ length: many }, (_, i) => (i % 2 === 0 ? 'same' : `old${i}`)).join(' ');
  const now = Array.from({ length: many }, (_, i) => (i % 2 === 0 ? 'same' : `new${i}`)).join(' ');
  assert.equal(newText(redline(old, now)), now);
});
