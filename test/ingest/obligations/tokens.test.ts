/** The fast ways through a text answer as the plain ones do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mayHaveTrigger, triggerAt } from '../../../src/ingest/obligations/modal.ts';
import { tokenize } from '../../../src/ingest/obligations/tokens.ts';

const PIECE = /\p{L}[\p{L}\p{M}\p{N}'’‐‑-]*|\d+(?:[.,]\d+)*|\s+|[^\s]/gu;

const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom(
    'shall',
    'SHALL',
    'must not',
    'is required to',
    'has a duty to',
    'are authorised to',
    'may',
  ),
  fc.constantFrom(
    ' ',
    '    ',
    '\n',
    '\u00a0',
    '1,000.5',
    '.5',
    '5.',
    'é',
    'e\u0301',
    '’s',
    "'s",
    '-x',
    '‑x',
    '²',
    '😀',
  ),
);
const texts = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

test('tokens are the pieces of the pattern, but for narrow gaps', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const pieces = [...text.matchAll(PIECE)]
        .filter(([found]) => found.trim() !== '' || found.length >= 4 || found.includes('\n'))
        .map((match) => [match[0], match.index]);
      const tokens = tokenize(text);
      assert.deepEqual(
        tokens.map((token) => [token.text, token.start]),
        pieces,
      );
      for (const { text: own, start, end, kind, lower } of tokens) {
        assert.equal(text.slice(start, end), own);
        const expected = /^\s/.test(own)
          ? 'gap'
          : /^\d/.test(own)
            ? 'number'
            : /^\p{L}/u.test(own)
              ? 'word'
              : 'sign';
        assert.equal(kind, expected);
        if (kind !== 'gap') assert.equal(lower, own.toLowerCase().replaceAll('’', "'"));
      }
    }),
    { numRuns: 2000 },
  );
});

test('a text said to have no trigger has none', () => {
  const words = fc.constantFrom(
    ...'is are has have not never be been also the an a to of for it from duty offence responsible prohibited forbidden'.split(
      ' ',
    ),
    ...'unlawful banned required obliged obligated bound permitted allowed authorised authorized entitled shall must'.split(
      ' ',
    ),
    ...'may cannot May SHALL Must employer waste kept only'.split(' '),
    ...['has a duty to', 'is the duty of', 'it is an offence', 'is responsible for', 'are only bound to'],
    ...['is prohibited', 'is forbidden', 'is unlawful', 'are banned', 'is required to', 'are obliged to'],
    ...['is obligated to', 'is permitted to', 'is allowed to', 'are authorised to', 'is entitled to'],
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 4 }), (list) => {
      const text = list.join(' ');
      const tokens = tokenize(text);
      const has = tokens.some((_, at) => triggerAt(tokens, at) !== undefined);
      assert.ok(!has || mayHaveTrigger(text), text);
    }),
    { numRuns: 5000 },
  );
});
