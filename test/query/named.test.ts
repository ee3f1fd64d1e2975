/** Citations in questions, and which printed citations they mean. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { namedIn } from '../../src/query/index.ts';
import { rerankFeatures, RERANK_FEATURES, type Candidate } from '../../src/query/index.ts';

const PRINTED = [
  '29 CFR 1910.147(c)',
  '29 CFR 1910.147(c)(4)',
  '29 CFR 1910.147(c)(4)(i)',
  '29 CFR 1910.1470(c)(4)',
  '40 CFR 262.34(a)',
  '40 CFR 262.34(a)(1)',
  '49 CFR 262.34(a)',
  'Directive 2003/87/EC Art. 10a(1)',
  'Directive 2003/87/EC Art. 10(1)',
  'Directive 2003/870/EC Art. 10a(1)',
  'Regulation (EC) No 1907/2006 Art. 6(1)',
  'SI 2005/1643 reg. 6(2)',
];

/** The printed citations meant by a question, with their places. */
const meant = (question: string): string[] =>
  namedIn(question).flatMap((one) =>
    PRINTED.flatMap((citation) => {
      const place = one.place(citation);
      return place === undefined ? [] : [`${place} ${citation}`];
    }),
  );

for (const [question, expected] of [
  ['1910.147(c)(4)', ['2 29 CFR 1910.147(c)', '0 29 CFR 1910.147(c)(4)', '1 29 CFR 1910.147(c)(4)(i)']],
  ['what does 40 CFR 262.34(a) ask?', ['0 40 CFR 262.34(a)', '1 40 CFR 262.34(a)(1)']],
  ['under § 262.34(a)(1)', ['2 40 CFR 262.34(a)', '0 40 CFR 262.34(a)(1)', '2 49 CFR 262.34(a)']],
  ['Directive 2003/87/EC Art. 10a', ['1 Directive 2003/87/EC Art. 10a(1)']],
  ['Article 10a(1) of Directive 2003/87/EC', ['0 Directive 2003/87/EC Art. 10a(1)']],
  ['Article 6 of Regulation (EC) No 1907/2006', ['1 Regulation (EC) No 1907/2006 Art. 6(1)']],
  ['reg. 6(2) of SI 2005/1643', ['0 SI 2005/1643 reg. 6(2)']],
  ['at most 2.5 metres, 50.5 % or 3.14', []],
  ['no citation at all', []],
] as const)
  test(`citations in: ${question}`, () => assert.deepEqual(meant(question), expected));

test('any question is read in time linear in its length, and what it names has a plain core', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: 'binary' }), (text) => {
      for (const { core } of namedIn(`${text} 40 CFR 262.34(a)(1) ${text}`))
        assert.match(core, /^[\d./a-z]+$/);
    }),
  );
  assert.ok(namedIn('('.repeat(4000)).length === 0);
  assert.ok(namedIn('262.34(a)'.repeat(400)).length <= 4);
});

const candidate = (text: string, more: Partial<Candidate> = {}): Candidate => ({
  text,
  document: 'd',
  section: 's',
  bm25: null,
  vector: 0,
  terms: null,
  ...more,
});

test('a passage with the very words of the question has the highest figures of its words', () => {
  const rows = rerankFeatures('inspection of lockout devices', [
    candidate('The inspection of lockout devices is yearly.'),
    candidate('Devices are bought. Inspections of other things are free.'),
    candidate('Nothing of the kind.'),
  ]);
  const width = RERANK_FEATURES.length;
  for (const name of ['words', 'pairs', 'parts', 'words met', 'pairs met'] as const) {
    const i = RERANK_FEATURES.indexOf(name);
    assert.equal(rows[i], 1, name);
    assert.ok((rows[width + i] ?? 0) < 1, name);
    assert.equal(rows[2 * width + i], 0, name);
  }
});

test('the provision around a good one, below it and beside it gains by it', () => {
  const at = RERANK_FEATURES.indexOf('kin');
  const sections = ['a/1#s2-b', 'a/1#s2-b-1', 'a/1#s2-a', 'a/1#s2-d', 'a/2#s2-b', 'a/1#s2-b-2', 'a/1#s2'];
  const rows = rerankFeatures(
    'lockout devices',
    sections.map((section, i) => candidate(i === 0 ? 'Lockout devices.' : 'Nothing.', { section })),
  );
  const kin = sections.map((_, i) => (rows[i * RERANK_FEATURES.length + at] ?? 0) > 0.5);
  assert.deepEqual(kin, [false, true, true, false, false, true, true]);
});

test('figures are 0…1 and do not depend on the order of the candidates', () => {
  const text = fc.array(fc.constantFrom('lock', 'valve', 'the', 'inspect', 'gas', '12'), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), text, (texts, question) => {
      const list = texts.map((words) => candidate(words.join(' ')));
      const width = RERANK_FEATURES.length;
      const rows = rerankFeatures(question.join(' '), list);
      const back = rerankFeatures(question.join(' '), list.toReversed());
      rows.forEach((value, i) => {
        assert.ok(value >= 0 && value <= 1);
        const [row, column] = [Math.floor(i / width), i % width];
        // What a document's candidates add up to hangs on ties, which are told apart by order.
        if (RERANK_FEATURES[column] === 'document') return;
        assert.ok(Math.abs(value - (back[(list.length - 1 - row) * width + column] ?? 0)) < 1e-9);
      });
    }),
  );
});
