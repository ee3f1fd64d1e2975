/** The masking expression against a plain reference, on texts made to break it. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { DuckDBInstance, VARCHAR, LIST, DuckDBListValue, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { FIXED_LIMITS } from '../../src/base/index.ts';
import { MASK, maskedText } from '../../src/query/index.ts';
import { ESH, checkSpans, parseSpan, printSpan, spanEntries } from '../../src/schema/index.ts';

async function database(t: TestContext): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  t.after(() => {
    connection.closeSync();
    instance.closeSync();
  });
  return connection;
}

type Cell = readonly [text: string | null, spans: readonly string[] | null];

/** All cells by one statement, as policy does it: vectors of rows, not rows. */
async function masked(connection: DuckDBConnection, cells: readonly Cell[]): Promise<(string | null)[]> {
  await connection.run(
    'create or replace temp table cells (n integer, narrative varchar, personal_spans varchar[])',
  );
  for (const [n, [text, spans]] of cells.entries())
    await connection.run(
      'insert into cells values ($1, $2, $3)',
      { 1: n, 2: text, 3: spans === null ? null : new DuckDBListValue([...spans]) },
      { 2: VARCHAR, 3: LIST(VARCHAR) },
    );
  const reader = await connection.runAndReadAll(`select ${maskedText('narrative')} from cells order by n`);
  return (reader.getRowsJS() as [string | null][]).map(([text]) => text);
}

/** What the expression must answer, in JavaScript: an array of code points is cut. */
function reference([text, spans]: Cell): string | null {
  if (text === null) return null;
  if (spans === null) return MASK;
  const parsed = spans.map(parseSpan);
  if (parsed.includes(undefined)) return MASK;
  const own = parsed.filter((span) => span?.column === 'narrative');
  const points = [...text];
  let out = '';
  let at = 0;
  for (const span of own) {
    if (span === undefined || span.start < at || span.end > points.length) return MASK;
    out += points.slice(at, span.start).join('') + MASK;
    at = span.end;
  }
  return own.length > FIXED_LIMITS.personal_spans.value ? MASK : out + points.slice(at).join('');
}

const EMOJI = '👩‍👩‍👧 cafe\u0301 ü 🇩🇪 Dr. Zoë 𝒵';

test('mask: places are code points, of emoji and combining characters too', async (t) => {
  const connection = await database(t);
  const reader = await connection.runAndReadAll('select length($1), substring($1, 9, 5)', { 1: EMOJI });
  assert.deepEqual(reader.getRowsJS(), [[BigInt([...EMOJI].length), [...EMOJI].slice(8, 13).join('')]]);
  // One family, one e with its accent: more code points than a reader sees, fewer than UTF-16 has.
  const from = EMOJI.indexOf('Dr.');
  const entries = spanEntries('narrative', EMOJI, [{ start: from, end: EMOJI.length, kind: 'name' }]);
  assert.deepEqual(entries, [`narrative:${[...EMOJI.slice(0, from)].length}-${[...EMOJI].length}:name`]);
  assert.deepEqual(await masked(connection, [[EMOJI, entries]]), [EMOJI.slice(0, from) + MASK]);
});

test('mask: what is not sure hides the whole cell', async (t) => {
  const connection = await database(t);
  const text = 'the worker Jo Doe fell';
  const cells: readonly (readonly [readonly string[] | null, string])[] = [
    [null, MASK],
    [[], text],
    [['narrative:11-17:name'], `the worker ${MASK} fell`],
    [['narrative:0-3:name', 'narrative:18-22:health'], `${MASK} worker Jo Doe ${MASK}`],
    [['narrative:0-22:name'], MASK],
    // Marks of another text of the row.
    [['summary:0-3:name'], text],
    [['narrative:11-23:name'], MASK],
    [['narrative:18-22:name', 'narrative:11-17:name'], MASK],
    [['narrative:11-17:name', 'narrative:16-20:name'], MASK],
    [['narrative:17-11:name'], MASK],
    [['narrative:11-11:name'], MASK],
    [['narrative:11-17:secret'], MASK],
    [['narrative:-1-17:name'], MASK],
    [['narrative:11-99999999999:name'], MASK],
    [['nonsense'], MASK],
    [[''], MASK],
    [['narrative:11-17:name', "'); drop table cells; --"], MASK],
  ];
  assert.deepEqual(
    await masked(connection, [
      ...cells.map(([spans]): Cell => [text, spans]),
      [null, null],
      [null, []],
      ['', []],
    ]),
    [...cells.map(([, expected]) => expected), null, null, ''],
  );
});

const spansOf = fc.array(
  fc.oneof(
    fc
      .record({
        column: fc.constantFrom('narrative', 'narrative', 'summary'),
        start: fc.nat(24),
        length: fc.integer({ min: 1, max: 6 }),
        kind: fc.constantFrom('name', 'contact', 'identifier', 'health'),
      })
      .map(({ column, start, length, kind }) => `${column}:${start}-${start + length}:${kind}`),
    fc.constantFrom('narrative:5-2:name', 'x', 'narrative:1-2:'),
  ),
  { maxLength: 4 },
);
const inOrder = (entries: readonly string[]): string[] =>
  [...entries].sort((a, b) => (parseSpan(a)?.start ?? 0) - (parseSpan(b)?.start ?? 0));

test('mask: the expression answers as the reference does', async (t) => {
  const connection = await database(t);
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(
          fc.option(
            fc.string({ unit: fc.constantFrom('a', 'é', '👩', '\u0301', '\n', ' ', '𝒵'), maxLength: 30 }),
          ),
          fc.option(fc.oneof(spansOf, spansOf.map(inOrder)), { freq: 6 }),
        ),
        { minLength: 1, maxLength: 40 },
      ),
      async (cells) => {
        assert.deepEqual(await masked(connection, cells), cells.map(reference));
      },
    ),
    { numRuns: 40 },
  );
});

test('mask: what is printed is parsed, and what is marked fits its text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.array(fc.nat(40), { maxLength: 8 }),
      (text, cuts) => {
        const places = [...new Set(cuts.filter((cut) => cut <= text.length))].sort((a, b) => a - b);
        const isWhole = (at: number): boolean => !/[\udc00-\udfff]/.test(text.charAt(at));
        const spans = places.slice(1).flatMap((end, i) => {
          const start = places[i] ?? 0;
          return i % 2 === 0 && isWhole(start) && isWhole(end) ? [{ start, end, kind: 'name' as const }] : [];
        });
        const entries = spanEntries('narrative', text, spans);
        checkSpans(ESH.incidents, entries, () => text);
        for (const [i, entry] of entries.entries()) {
          const span = parseSpan(entry) ?? assert.fail(entry);
          assert.equal(printSpan(span), entry);
          const { start, end } = spans[i] ?? assert.fail();
          assert.equal([...text].slice(span.start, span.end).join(''), text.slice(start, end));
        }
      },
    ),
  );
});

test(
  'mask: a cell with as many people as the bound allows ends, and one with more is hidden whole',
  { timeout: 60_000 },
  async (t) => {
    const connection = await database(t);
    const text = 'Jo Döe met him. '.repeat(FIXED_LIMITS.personal_spans.value + 1);
    const marks = (count: number): string[] =>
      Array.from({ length: count }, (_, i) => `narrative:${i * 16}-${i * 16 + 6}:name`);
    const bound = FIXED_LIMITS.personal_spans.value;
    const [most, more] = await masked(connection, [
      [text, marks(bound)],
      [text, marks(bound + 1)],
    ]);
    assert.equal(most?.split(MASK).length, bound + 1);
    assert.equal(more, MASK);
    const spans = Array.from({ length: bound + 1 }, (_, i) => ({
      start: i * 16,
      end: i * 16 + 6,
      kind: 'name' as const,
    }));
    assert.deepEqual(spanEntries('narrative', text, spans), [`narrative:0-${text.length}:name`]);
  },
);
