/** Mapping files of users: what is wrong is said by key, what is hostile is bounded, and every format gives the same rows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_LIMITS, FIXED_LIMITS, FractalError } from '../../src/base/index.ts';
import {
  MAPPINGS,
  dryRun,
  findMapping,
  parseMapping,
  readRecords,
  type Mapping,
} from '../../src/ingest/records/index.ts';
import { chunksOf, encode } from '../contract/reader-contract.ts';
import { book, zip } from './workbook.ts';

const GOOD = {
  name: 'mine',
  description: 'of a user',
  match: { columns: ['meter', 'taken', 'value'] },
  shape: { type: 'csv', delimiter: ';' },
  codes: { units: { m: 'mg/m3' } },
  define: { point: { concat: [{ value: 'p-' }, 'meter'], all: true } },
  emit: [
    {
      table: 'esh.monitoring_readings',
      columns: {
        point_id: { use: 'point' },
        region: { value: 'N' },
        site_id: { value: 's' },
        parameter: { value: 'SO2' },
        measured_at: { date: 'taken', formats: ['DD.MM.YYYY'], past: true },
        value: { number: 'value', min: 0 },
        unit: { lookup: { value: 'm' }, codes: 'units' },
      },
    },
  ],
};
const parse = (value: unknown): Mapping => parseMapping(JSON.stringify(value), 'mine.json');

/** GOOD with one place changed; a path of keys. */
function changed(path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(GOOD) as unknown;
  let at = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  const last = path.at(-1) ?? '';
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

function fault(value: unknown): FractalError {
  try {
    parse(value);
  } catch (error) {
    assert.ok(error instanceof FractalError, String(error));
    assert.equal(error.kind, 'bad_input', error.code);
    assert.equal(error.place?.source, 'mine.json');
    assert.ok(error.cure.length > 5);
    return error;
  }
  throw new assert.AssertionError({ message: 'the mapping was accepted' });
}

const C = ['emit', 0, 'columns'] as const;
for (const [path, value, message] of [
  [['name'], undefined, /lacks name/],
  [['name'], 'No Spaces', /at name is not written/],
  [['nmae'], 'x', /has the key "nmae", which is not known/],
  [['shape'], { type: 'xml' }, /at shape\.type is not known/],
  [['shape'], { type: 'csv' }, /at shape lacks delimiter/],
  [['shape', 'delimiter'], ';;', /at shape\.delimiter is not written/],
  [['encoding'], 'utf-7', /at encoding holds a word/],
  [['emit'], [], /at emit makes no rows/],
  [['emit'], {}, /at emit must be a list, not an object/],
  [['emit', 0, 'table'], 'esh.nothing', /at emit\[0\]\.table speaks of a table/],
  [['emit', 0, 'order'], [['a']], /at emit\[0\]\.order\[0\] has 1 entries/],
  [['emit', 0, 'order'], [['value', 'nothing']], /at emit\[0\]\.order speaks of "nothing"/],
  [[...C, 'nothing'], 'meter', /at emit\[0\]\.columns speaks of "nothing"/],
  [[...C, 'unit'], undefined, /gives nothing for unit/],
  [[...C, 'unit'], { vaule: 'x' }, /at emit\[0\]\.columns\.unit is nothing that may stand there/],
  [[...C, 'unit'], { value: 1 }, /at emit\[0\]\.columns\.unit\.value must be a string, not an integer/],
  [[...C, 'unit'], { concat: [] }, /at emit\[0\]\.columns\.unit\.concat has 0 entries/],
  [[...C, 'unit'], { value: 'x', run: 'rm' }, /has the key "run"/],
  [[...C, 'unit'], { use: 'nothing' }, /at emit\[0\]\.columns\.unit uses a definition/],
  [[...C, 'unit'], { lookup: 'meter', codes: 'nothing' }, /uses a code table/],
  [[...C, 'measured_at'], 'taken', /at emit\[0\]\.columns\.measured_at gives no format/],
  [[...C, 'measured_at', 'formats'], [], /formats has 0 entries/],
  [[...C, 'measured_at', 'notBefore'], '2020-13-01', /has a first day that is no date/],
  [[...C, 'region'], { date: 'taken', formats: ['YYYY'] }, /at emit\[0\]\.columns\.region puts a date/],
  [[...C, 'region'], { list: 'taken', split: ',' }, /puts a list where none belongs/],
  [['define', 'point'], { first: [{ use: 'point' }] }, /defines a text by itself/],
  [['match', 'columns'], 'meter', /at match\.columns must be a list/],
  [['emit', 0, 'when'], { column: 'meter' }, /at emit\[0\]\.when is nothing/],
] as const)
  test(`mapping: a fault at ${path.join('.')} is told by its key: ${message.source}`, () => {
    assert.match(fault(changed(path, value)).message, message);
  });

test('mapping: what would take all memory or time is bounded', () => {
  const deep = (levels: number): unknown => {
    let rule: unknown = 'meter';
    for (let i = 0; i < levels; i++) rule = { plain: rule };
    return rule;
  };
  parse(changed([...C, 'unit'], deep(10)));
  assert.equal(
    fault(changed([...C, 'unit'], deep(FIXED_LIMITS.mapping_depth.value + 1))).code,
    'limit.mapping_depth',
  );
  // Each definition uses the next twice: 2^30 rules once written out.
  const define = Object.fromEntries(
    Array.from({ length: 31 }, (_, i) => [
      `d${i}`,
      i === 30 ? 'meter' : { concat: [{ use: `d${i + 1}` }, { use: `d${i + 1}` }] },
    ]),
  );
  const doubling = changed(['define'], { ...GOOD.define, ...define }) as typeof GOOD;
  assert.equal(
    fault({
      ...doubling,
      emit: [{ ...GOOD.emit[0], columns: { ...GOOD.emit[0]?.columns, unit: { use: 'd0' } } }],
    }).code,
    'limit.mapping_rules',
  );
  const chain = Object.fromEntries(
    Array.from({ length: 5000 }, (_, i) => [`d${i}`, i === 4999 ? 'meter' : { use: `d${i + 1}` }]),
  );
  const chained = changed(['define'], { ...GOOD.define, ...chain }) as typeof GOOD;
  assert.equal(
    fault({
      ...chained,
      emit: [{ ...GOOD.emit[0], columns: { ...GOOD.emit[0]?.columns, unit: { use: 'd0' } } }],
    }).code,
    'limit.mapping_depth',
  );
  assert.equal(
    fault(changed(['empty'], new Array(FIXED_LIMITS.mapping_parts.value).fill('x'))).code,
    'limit.mapping_parts',
  );
  assert.throws(() => parseMapping('x'.repeat(FIXED_LIMITS.mapping_bytes.value + 1), 'm'), {
    code: 'limit.mapping_bytes',
  });
  const notJson = (text: string): FractalError => {
    try {
      parseMapping(text, 'm');
    } catch (error) {
      assert.ok(error instanceof FractalError && error.code === 'mapping.json');
      return error;
    }
    throw new assert.AssertionError({ message: 'it was taken for JSON' });
  };
  assert.ok(!notJson('{"name":\n secret').message.includes('secret'));
  assert.equal(notJson('{\n "name" 1}').place?.line, 2);
});

test('mapping: any JSON is a mapping or a typed error', () => {
  const paths = [
    ['name'],
    ['shape'],
    ['match'],
    ['define'],
    ['codes'],
    ['emit'],
    ['emit', 0],
    [...C],
    [...C, 'unit'],
    [...C, 'measured_at'],
    ['reject'],
  ];
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 4 }), (path, value) => {
      try {
        parse(changed(path, value));
      } catch (error) {
        assert.ok(error instanceof FractalError, String(error));
        assert.notEqual(error.kind, 'internal');
      }
    }),
    { numRuns: 300 },
  );
});

test('mapping: those that come with the node pass every check that those of users do', () => {
  for (const mapping of MAPPINGS)
    assert.equal(parseMapping(JSON.stringify(mapping), mapping.name).name, mapping.name);
});

test('mapping: one of a user is found by its columns, before one that asks for no more', () => {
  const mine = parse(GOOD);
  assert.equal(findMapping({ name: 'x.csv', head: 'meter;taken;value\n' }, [mine])?.name, 'mine');
  assert.equal(findMapping({ name: 'x.csv', head: 'meter;taken\n' }, [mine]), undefined);
  const columns = ['date', 'ws', 'wd', 'nox', 'no2', 'o3', 'pm10', 'so2', 'co', 'pm25'];
  const same = parse({ ...GOOD, match: { columns }, shape: { type: 'csv', delimiter: ',' } });
  const head = `${columns.join(',')}\n`;
  assert.equal(findMapping({ name: 'x.csv', head }, [same])?.name, 'mine');
  assert.equal(findMapping({ name: 'x.csv', head })?.name, 'air-quality-marylebone');
});

const ROWS = [
  ['m1', '01.02.2020', '1.5'],
  ['m2', '31.02.2020', '2'],
  ['m3', '01.02.2203', '3'],
  ['m4', '02.02.2020', 'many'],
  ['m1', '01.02.2020', '9'],
  ['m5', '03.02.2020', '-1'],
] as const;

test('mapping: the same records as CSV, JSON and XLSX give the same rows, doubts and rejections', async () => {
  const read = async (shape: unknown, bytes: Uint8Array): Promise<unknown> => {
    const mapping = parse({ ...GOOD, match: { ...GOOD.match, files: ['*'] }, shape });
    const groups: unknown[] = [];
    const input = { name: 'sample', chunks: chunksOf(bytes, 100), limits: DEFAULT_LIMITS };
    for await (const { batches, flagged, rejected, ...counts } of readRecords(mapping, input, {
      today: '2026-01-01',
    }))
      groups.push({
        counts,
        columns: batches.map(({ columns }) => columns),
        flagged: flagged.map(({ line: _, ...doubt }) => doubt),
        rejected: rejected.map(({ reason }) => reason),
      });
    return groups;
  };
  const header = ['meter', 'taken', 'value'];
  const csv = await read(
    { type: 'csv', delimiter: ';' },
    encode([header, ...ROWS].map((row) => row.join(';')).join('\n')),
  );
  const records = ROWS.map((row) => Object.fromEntries(row.map((cell, i) => [header[i] ?? '', cell])));
  const json = await read({ type: 'json', paths: [['rows']] }, encode(JSON.stringify({ rows: records })));
  const letter = 'ABC';
  const sheet = [header, ...ROWS]
    .map(
      (row, r) =>
        `<row r="${r + 1}">${row.map((cell, i) => `<c r="${letter[i] ?? ''}${r + 1}" t="inlineStr"><is><t>${cell}</t></is></c>`).join('')}</row>`,
    )
    .join('');
  const xlsx = await read({ type: 'xlsx' }, zip(book(sheet)));
  assert.deepEqual(json, csv);
  assert.deepEqual(xlsx, csv);
  assert.deepEqual((csv as { counts: unknown }[])[0]?.counts, { records: 6, doubtful: 3 });
});

test('mapping: a dry run says what each column becomes, the first doubts and rejections', async () => {
  const text = [['meter', 'taken', 'value'], ...ROWS].map((row) => row.join(';')).join('\n');
  const found = await dryRun(
    parse(GOOD),
    { name: 'x.csv', chunks: chunksOf(encode(text), 64), limits: DEFAULT_LIMITS },
    { today: '2026-01-01' },
  );
  assert.deepEqual(
    [found.records, found.doubtful, found.rejected, found.rows],
    [6, 3, 2, { 'esh.monitoring_readings': 4 }],
  );
  assert.deepEqual(
    found.rejections.map(({ line }) => line),
    [3, 6],
  );
  assert.deepEqual(
    found.doubts.map(({ line, key, column, reason }) => [line, key, column, reason]),
    [
      [4, 'p-m3/SO2/2203-02-01T00:00:00.000Z', 'measured_at', 'date-in-future'],
      [5, 'p-m4/SO2/2020-02-02T00:00:00.000Z', 'value', 'number-unreadable'],
      [7, 'p-m5/SO2/2020-02-03T00:00:00.000Z', 'value', 'number-out-of-range'],
    ],
  );
  const value = found.columns.find(({ column }) => column === 'value');
  assert.deepEqual(value, {
    table: 'esh.monitoring_readings',
    column: 'value',
    type: 'DOUBLE',
    rule: '{"number":"value","min":0}',
    filled: 2,
    sample: '1.5',
  });
});
