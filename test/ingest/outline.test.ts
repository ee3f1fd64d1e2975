/** Levels of CFR paragraphs: the hard cases by name, and random trees that must come back as they were. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ecfrReader } from '../../src/ingest/index.ts';
import { documentsOf, encode } from '../contract/reader-contract.ts';

async function labelsOf(
  paragraphs: readonly string[],
): Promise<{ labels: string[]; warnings: readonly string[] }> {
  const body = paragraphs.map((text) => `<P>${text}</P>`).join('');
  const file = `<DIV8 N="1.1" hierarchy_metadata="title-40"><HEAD>§ 1.1 X.</HEAD>${body}</DIV8>`;
  const [document] = await documentsOf(ecfrReader, encode(file));
  const labels = document?.sections.slice(1).map(({ citation }) => citation.replace('40 CFR 1.1', '')) ?? [];
  return { labels, warnings: document?.warnings ?? [] };
}

const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['(i) after (h) is a letter', ['(g) x', '(h) x', '(i) x', '(j) x'], ['(g)', '(h)', '(i)', '(j)']],
  [
    '(i) after (h)(1) is a letter when (j) follows',
    ['(h)(1) x', '(2) x', '(i) x', '(j) x'],
    ['(h)', '(h)(1)', '(h)(2)', '(i)', '(j)'],
  ],
  [
    '(i) after (h)(1) is Roman when (ii) follows',
    ['(h)(1) x:', '(i) x', '(ii) x', '(2) x', '(i) x'],
    ['(h)', '(h)(1)', '(h)(1)(i)', '(h)(1)(ii)', '(h)(2)', '(i)'],
  ],
  [
    '(v) and (x) in both alphabets',
    [
      '(u) x',
      '(v) x',
      '(w) x',
      '(x) x',
      '(y) x:',
      '(1) x:',
      ...['i', 'ii', 'iii', 'iv', 'v', 'vi'].map((n) => `(${n}) x`),
    ],
    [
      '(u)',
      '(v)',
      '(w)',
      '(x)',
      '(y)',
      '(y)(1)',
      ...['i', 'ii', 'iii', 'iv', 'v', 'vi'].map((n) => `(y)(1)(${n})`),
    ],
  ],
  ['after (z) comes (aa)', ['(y) x', '(z) x', '(aa) x', '(bb) x'], ['(y)', '(z)', '(aa)', '(bb)']],
  [
    'italics mark the fifth and sixth level',
    ['(a)(1)(i)(A)(<I>1</I>) x:', '(<I>i</I>) x', '(<I>ii</I>) x', '(<I>2</I>) x', '(B) x', '(2) x'],
    [
      '(a)',
      '(a)(1)',
      '(a)(1)(i)',
      '(a)(1)(i)(A)',
      '(a)(1)(i)(A)(1)',
      '(a)(1)(i)(A)(1)(i)',
      '(a)(1)(i)(A)(1)(ii)',
      '(a)(1)(i)(A)(2)',
      '(a)(1)(i)(B)',
      '(a)(2)',
    ],
  ],
  ['a reserved range', ['(a) x', '(b)-(d) [Reserved]', '(e) x'], ['(a)', '(b)-(d)', '(e)']],
  [
    'headings between designators',
    ['(a) <I>Scope, use</I>—(1) <I>Scope.</I> (i) x', '(ii) x', '(b) General requirements—(1) x', '(2) x'],
    ['(a)', '(a)(1)', '(a)(1)(i)', '(a)(1)(ii)', '(b)', '(b)(1)', '(b)(2)'],
  ],
  [
    'a reference is not a designator',
    ['(a) See paragraph (b)(1) of this section.', '(b) (see § 1) x'],
    ['(a)', '(b)'],
  ],
];
for (const [what, paragraphs, labels] of cases)
  test(`outline: ${what}`, async () => {
    const found = await labelsOf(paragraphs);
    assert.deepEqual(found.labels, labels);
    // A list that begins in the middle of the alphabet is told.
    assert.equal(found.warnings.length, labels[0]?.startsWith('(a)') === true ? 0 : 1);
  });

test('outline: what breaks the sequence is kept, with a warning', async () => {
  const gap = await labelsOf(['(a) x', '(b) x', '(d) x']);
  assert.deepEqual(gap.labels, ['(a)', '(b)', '(d)']);
  assert.match(gap.warnings[0] ?? '', /paragraph \(d\) does not follow/);
  const twice = await labelsOf(['(a) x', '(b) x', '(b) x', '(c) x']);
  assert.deepEqual(twice.labels, ['(a)', '(b)', '(b)', '(c)']);
  assert.equal(twice.warnings.length, 2);
});

/** A tree is the list of its children; a node of random trees has none or at least two, as drafting rules ask. */
interface Tree {
  readonly children: readonly Tree[];
}

const trees = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record({
    children: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant([]),
      fc.array(tie('tree'), { minLength: 2, maxLength: 11 }),
    ),
  }),
})).tree;

const ROMAN = ['i', 'ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii', 'ix', 'x', 'xi'];
const ALPHABETS: readonly ((index: number) => string)[] = [
  (index) => 'abcdefghijk'.charAt(index),
  (index) => String(index + 1),
  (index) => ROMAN[index] ?? '',
  (index) => 'ABCDEFGHIJK'.charAt(index),
  (index) => `<I>${index + 1}</I>`,
  (index) => `<I>${ROMAN[index] ?? ''}</I>`,
];

function render(
  tree: Tree,
  depth: number,
  path: string,
  out: { paragraphs: string[]; labels: string[] },
): void {
  const alphabet = ALPHABETS[depth];
  if (alphabet === undefined) return;
  tree.children.forEach((child, index) => {
    const label = `(${alphabet(index)})`;
    const here = path + label.replace(/<\/?I>/g, '');
    const opens = child.children.length > 0 && depth + 1 < ALPHABETS.length;
    out.paragraphs.push(`${label} Text${opens ? ':' : ';'}`);
    out.labels.push(here);
    render(child, depth + 1, here, out);
  });
}

test('outline: random trees come back as they were written', async () => {
  await fc.assert(
    fc.asyncProperty(trees, async (tree) => {
      const out = { paragraphs: [] as string[], labels: [] as string[] };
      render(tree, 0, '', out);
      const found = await labelsOf(out.paragraphs);
      assert.deepEqual(found.labels, out.labels);
      assert.deepEqual(found.warnings, []);
    }),
    { numRuns: 300, seed: 20 },
  );
});

test('outline: hostile designators stay cheap', async () => {
  const labels = [
    '(i)',
    '(v)',
    '(x)',
    '(c)',
    '(1)',
    '(A)',
    '(I)',
    '(<I>1</I>)',
    '(<I>i</I>)',
    '(l)',
    '(d)',
    '(m)',
  ];
  const paragraphs = Array.from({ length: 6000 }, (_, i) => `${labels[(i * 7919) % labels.length] ?? ''} x`);
  const start = performance.now();
  await labelsOf(paragraphs);
  assert.ok(performance.now() - start < 8000);
});
