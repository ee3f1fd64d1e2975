/** Thresholds as numbers, and what a duty is about: sentences of our own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readQuantity, subjectsOf } from '../../../src/ingest/obligations/index.ts';
import { parseEvidence, printEvidence } from '../../../src/schema/index.ts';

for (const [text, comparison, value, unit] of [
  ['more than 1,000 gallons', 'more-than', 1000, 'gallons'],
  ['exceeds 85 dB (A-weighted)', 'more-than', 85, 'dB'],
  ['not exceed 0,5 mg', 'at-most', 0.5, 'mg'],
  ['no less than 1 000 000 EUR', 'at-least', 1_000_000, 'EUR'],
  ['10 or more employees', 'at-least', 10, 'employees'],
  ['at least three persons', 'at-least', 3, 'persons'],
  ['no more than 90 days', 'at-most', 90, 'days'],
  ['less than 25 per cent', 'less-than', 25, 'per cent'],
  ['up to $500', 'at-most', 500, '$'],
  ['≥ 2.5 m', 'at-least', 2.5, 'm'],
  ['maximum of 4', 'at-most', 4, ''],
  ['greater than or equal to 5 kg', 'at-least', 5, 'kg'],
] as const)
  test(`threshold: ${text}`, () => assert.deepEqual(readQuantity(text), { comparison, value, unit }));

test('no number or no comparison is no quantity', () => {
  for (const text of ['', '5 kg', 'more than enough', 'above the ground'])
    assert.equal(readQuantity(text), undefined);
});

test('subjects are told once each, where they are said first', () => {
  const text =
    'Employers with laboratories shall train staff in lockout; training records cover hazardous waste.';
  assert.deepEqual(
    subjectsOf(text).map(({ kind, name, start, end }) => [kind, name, text.slice(start, end)]),
    [
      ['sector', 'laboratories', 'laboratories'],
      ['topic', 'training', 'train'],
      ['topic', 'machinery', 'lockout'],
      ['topic', 'records', 'records'],
      ['substance', 'hazardous waste', 'hazardous waste'],
      ['topic', 'waste', 'waste'],
    ],
  );
  assert.deepEqual(subjectsOf('Nothing of the kind. Lead the way; the trainer mined his notes.'), []);
});

test('entries of evidence are read as they were written', () => {
  const id = fc.stringMatching(/^[a-z]{2}\/[a-z]{1,5}\/\d{1,4}#[a-z0-9-]{1,12}$/);
  fc.assert(
    fc.property(
      fc.record({
        part: fc.constantFrom('addressee', 'topic', 'size'),
        name: fc.constantFrom('', 'training', 'at-least 10 employees', 'work at height'),
        sectionId: id,
        in: fc.constantFrom('text' as const, 'heading' as const),
        start: fc.nat(1_000_000),
        end: fc.integer({ min: 1_000_001, max: 2_000_000 }),
      }),
      id,
      (place, own) => assert.deepEqual(parseEvidence(printEvidence(place, own), own), { ...place }),
    ),
    { numRuns: 100 },
  );
  for (const entry of ['', 'addressee', 'addressee:5-3', 'addressee:1-2@', 'x:1-2@a b'])
    assert.equal(parseEvidence(entry, 'own'), undefined);
});
