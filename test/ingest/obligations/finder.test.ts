/** Finding in a thread: the same answers, in order, and an end that is told. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FIXED_LIMITS } from '../../../src/base/index.ts';
import { ObligationFinder, findObligations } from '../../../src/ingest/obligations/index.ts';

const LAW = [
  'The employer shall train each employee before the work begins, unless the work is exempt.',
  'No person may enter the space. The operator must record each entry within 24 hours.',
  'This part applies to all sites.',
];
const inputs = Array.from({ length: 300 }, (_, i) => ({
  text: `${LAW[i % 3] ?? ''} ${LAW[(i * 7 + 1) % 3] ?? ''} No. ${i} shall be kept.`,
  leadIns: i % 4 === 0 ? ['The owner shall:'] : [],
  language: 'en',
}));
const filler = {
  text: 'x'.repeat(FIXED_LIMITS.obligation_inline_chars.value),
  leadIns: [],
  language: 'en',
};

describe('obligations of a large file', () => {
  it('a thread finds what is found without one, in order, however many are asked at once', async () => {
    const finder = new ObligationFinder();
    const expected = inputs.map((input) => findObligations(input));
    assert.ok(expected.flat().length > 500);
    assert.deepEqual(await finder.find(inputs), expected);
    await finder.find([filler]);
    const parts = [inputs.slice(0, 100), inputs.slice(100, 101), [], inputs.slice(101)];
    const found = await Promise.all(parts.map((part) => finder.find(part)));
    assert.deepEqual(found.flat(), expected);
    await finder.close();
  });

  it('a thread that ends fails what is still asked', async () => {
    const finder = new ObligationFinder();
    await finder.find([filler]);
    const asked = finder.find([filler, ...inputs]);
    asked.catch(() => undefined);
    await finder.close();
    await assert.rejects(asked, { kind: 'internal', code: 'obligations.thread' });
    await new ObligationFinder().close();
  });
});
