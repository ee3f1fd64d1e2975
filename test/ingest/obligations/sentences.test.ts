/** Sentences of law as spans: cases by name, and what holds for any text at all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { leadInChain as leadIns, splitSentences } from '../../../src/ingest/obligations/index.ts';

const pieces = (text: string): string[] =>
  splitSentences(text).map(({ start, end }) => text.slice(start, end));

const cases: readonly (readonly [string, readonly string[]])[] = [
  [
    'abbreviations and citations',
    [
      'The operator shall comply with Art. 5 para. 2 of Regulation (EU) No. 1907/2006, e.g. by tests.',
      'See 42 U.S.C. 6901 and 40 C.F.R. 262.11.',
      'The fee is 1.5 percent.',
    ],
  ],
  ['an abbreviation that ends a sentence', ['Fit guards, covers, etc.', 'The employer shall test them.']],
  ['initials', ['Each facility in the U.S. or abroad shall register with J. Smith.', 'It pays.']],
  ['schedules and regulations', ['Sch. 1 applies to reg. 4 and regs. 5 and 6.', 'Part 2 does not.']],
  [
    'full stops in brackets',
    [
      'A tag (see note 3. It is short.) shall be fixed.',
      'Locks are covered (See subpart O.).',
      'Others are not.',
    ],
  ],
  ['a whole sentence in brackets', ['Keep records.', '(They may be electronic.)', 'Keep them dry.']],
  ['quotes', ['He shall write “I agree.”', 'She shall sign.']],
  ['a proviso stays', ['The owner may build: Provided, That he asks first; provided further that he pays.']],
  ['a numbered heading word', ['1. The employer shall act.', '2. The employee shall help.']],
  ['lines', ['Duties of owners', 'The owner shall paint the fence.']],
];

for (const [name, expected] of cases)
  test(`sentences: ${name}`, () => {
    const text = name === 'lines' ? expected.join('\n') : expected.join(' ');
    assert.deepEqual(pieces(text), expected);
  });

test('sentences: items of a list know what leads them in', () => {
  const text =
    'The operator shall: (a) keep records; (b) train: (i) staff; and (ii) guests; and (c) report. It may ask.';
  const spans = splitSentences(text);
  assert.deepEqual(
    spans.map(({ start, end, role, leadIn }) => [text.slice(start, end), role, leadIn]),
    [
      ['The operator shall:', 'lead-in', undefined],
      ['(a) keep records;', 'item', 0],
      ['(b) train:', 'lead-in', 0],
      ['(i) staff; and', 'item', 2],
      ['(ii) guests; and', 'item', 2],
      ['(c) report.', 'item', 0],
      ['It may ask.', 'sentence', undefined],
    ],
  );
});

test('sentences: numbers in brackets inside a sentence open no list', () => {
  const text =
    'It applies when (1) supply is essential; (2) shutdown is impractical; and (3) procedures exist.';
  assert.deepEqual(pieces(text), [text]);
});

const leadInChain = (ancestors: readonly string[]): string[] => leadIns(ancestors).map(({ text }) => text);

test('lead-ins: only unfinished ancestors count, the nearest last', () => {
  assert.deepEqual(leadInChain(['Scope.', 'The operator shall:', '(a) for each tank over 10 m³—']), [
    'The operator shall',
    'for each tank over 10 m³',
  ]);
  assert.deepEqual(leadInChain(['The operator shall:', 'Records are useful.']), []);
  assert.deepEqual(leadInChain(['The operator shall:', '']), ['The operator shall']);
  assert.deepEqual(leadInChain(['This part is new. The owner must']), ['The owner must']);
});

test('lead-ins know where they stand', () => {
  const ancestors = ['This part is new. The operator shall:', '(a)  for each tank over 10 m³ —'];
  const found = leadIns(ancestors);
  assert.equal(found.length, 2);
  for (const { text, source, start } of found)
    assert.equal(ancestors[source]?.slice(start, start + text.length), text);
});

/** Any text, and texts made of what law is made of. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc
    .array(
      fc.constantFrom(
        ...[
          'shall',
          'The operator',
          '(a)',
          '(ii)',
          ';',
          ':',
          '. ',
          '.',
          ' ',
          '\n',
          ', ',
          'and',
          'if',
          '—',
          '(',
          ')',
          '’',
          '”',
        ],
        ...[
          'No.',
          'U.S.C.',
          'within 30 days',
          'that',
          'may',
          'by',
          'kept',
          'be',
          '1.5',
          'except',
          '𝒳',
          '\ud800',
          '\u0000',
        ],
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join('')),
);

test('sentences: spans are trimmed, in order, apart, and leave out only white space', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      let last = 0;
      for (const [index, { start, end, leadIn }] of splitSentences(text).entries()) {
        assert.ok(start >= last && end > start && end <= text.length);
        assert.equal(text.slice(last, start).trim(), '');
        assert.equal(text.slice(start, end), text.slice(start, end).trim());
        assert.ok(leadIn === undefined || leadIn < index);
        last = end;
      }
      assert.equal(text.slice(last).trim(), '');
    }),
    { numRuns: 500, seed: 11 },
  );
});
