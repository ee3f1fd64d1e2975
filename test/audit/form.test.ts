/** The fast pass over entries takes nothing that the log would not have written (rule A2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanSegment } from '../../src/audit/clean-segment.ts';
import { NO_HASH, encodeContent, encodeEntry, entryHead, leafHash } from '../../src/audit/entry.ts';
import { isInForm, scanForm } from '../../src/audit/form.ts';
import { segmentLine } from '../../src/audit/segment.ts';

const RUNS = Number(process.env['FRACTAL_RUNS'] ?? 300);
const HEAD = entryHead(0, NO_HASH).length;
const content = (detail: object): string =>
  encodeContent({
    timestamp: '2026-01-31T08:15:00.000000000Z',
    node_id: 'node',
    actor_id: 'anna',
    actor_role: '',
    event_type: 'access.sql',
    resource: 'esh.sites',
    detail: detail as never,
  });
const entry = (detail: object): Buffer => encodeEntry(0, NO_HASH, content(detail));
const scanned = (bytes: Buffer): string => scanForm(bytes, HEAD, bytes.length);

const ODD = [0, -0, 1e21, 1e-7, 0.1, 12.3, -4.5, 2 ** 53, 1.7976931348623157e308, '', 'é', '\ud800', '10'];
const VALUE = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(true, false, null, ...ODD),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: fc.constantFrom('a', 'B', '0', '"', '\\', '\n', 'é', '~', '\u007f', ' ') }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string({ unit: fc.constantFrom('a', 'b', '1', '_', 'é'), maxLength: 3 }), tie('value'), {
      noNullPrototype: true,
      maxKeys: 4,
    }),
  ),
})).value;

test('A2 every entry that the log writes is in its form, and the usual ones are known in one pass', () => {
  fc.assert(
    fc.property(VALUE, (value) => {
      assert.ok(isInForm(entry({ value })));
    }),
    { numRuns: RUNS },
  );
  const usual = {
    begun: 7,
    ms: 12.3,
    stage: 'done',
    tables: [{ columns: ['a'], name: 'esh.sites' }],
    whole: true,
  };
  assert.equal(scanned(entry(usual)), 'entry');
});

test('A2 what one pass takes is what the log would write, whatever is changed in it', () => {
  fc.assert(
    fc.property(
      VALUE,
      fc.nat(),
      fc.constantFrom(...'"\\ 019-+.eE{}[],:tfnaé\u0000\u007f'),
      fc.boolean(),
      (value, at, put, isInsert) => {
        const bytes = entry({ value, z: 1 });
        const place = HEAD + (at % (bytes.length - HEAD));
        const changed = Buffer.concat([
          bytes.subarray(0, place),
          Buffer.from(put),
          bytes.subarray(isInsert ? place : place + 1),
        ]);
        if (scanned(changed) !== 'unknown') assert.ok(isInForm(changed), changed.toString());
        if (scanned(bytes) !== 'unknown') assert.ok(isInForm(bytes), bytes.toString());
      },
    ),
    { numRuns: 10 * RUNS },
  );
});

test('A2 another form of the same entry is none', () => {
  const good = entry({ a: 1, b: 'x' }).toString();
  const others = {
    'a space': good.replace('"a":1', '"a": 1'),
    'fields of detail in another order': good.replace('"a":1,"b":"x"', '"b":"x","a":1'),
    'a field twice': good.replace('"a":1', '"a":1,"a":1'),
    'a number in another form': good.replace('"a":1', '"a":1.0'),
    'an escape that is not needed': good.replace('"x"', '"\\u0078"'),
    'a field more': good.replace(',"detail"', ',"more":1,"detail"'),
    'a field behind': `${good.slice(0, -1)},"more":1}`,
    'a field that is missing': good.replace('"resource":"esh.sites",', ''),
    'a detail that is a list': good.replace('{"a":1,"b":"x"}', '[1]'),
    'bytes that are no text': good.replace('"x"', '"\u00ff"'),
  };
  for (const [what, text] of Object.entries(others)) {
    const bytes = Buffer.from(text, what.startsWith('bytes') ? 'latin1' : 'utf8');
    assert.ok(!isInForm(bytes), what);
    const line = segmentLine(leafHash(bytes), bytes);
    assert.equal(cleanSegment(line, 0), undefined, what);
  }
  const bytes = Buffer.from(good);
  assert.notEqual(cleanSegment(segmentLine(leafHash(bytes), bytes), 0), undefined);
});
