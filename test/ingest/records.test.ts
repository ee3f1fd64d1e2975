/** Record mappings: every source in full, hostile files, and that no record is lost without a word. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DEFAULT_LIMITS, FractalError } from '../../src/base/index.ts';
import {
  asMapping,
  findMapping,
  MAPPINGS,
  readRecords,
  toRecordBatch,
  type Mapping,
  type RecordGroup,
} from '../../src/ingest/records/index.ts';
import { dateParser } from '../../src/ingest/records/dates.ts';
import { toRows } from './rows.ts';
import { book, zip } from './workbook.ts';
import { chunksOf, encode, endless } from '../contract/reader-contract.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const shared = path.resolve(root, process.env['FRACTAL_SHARED'] ?? '../shared', 'data');
const TODAY = '2026-11-24';
const utf8 = new TextDecoder();

interface Totals {
  readonly records: number;
  readonly added: number;
  readonly flagged: number;
  readonly rejected: number;
  readonly rows: Readonly<Record<string, number>>;
  readonly groups: readonly RecordGroup[];
}

async function readAll(
  mapping: Mapping,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  name = 'sample.csv',
  size = 64 * 1024,
): Promise<Totals> {
  const chunks = bytes instanceof Uint8Array ? chunksOf(bytes, size) : bytes;
  const groups: RecordGroup[] = [];
  const rows: Record<string, number> = {};
  for await (const group of readRecords(
    mapping,
    { name, chunks, limits: DEFAULT_LIMITS },
    { today: TODAY },
  )) {
    groups.push(group);
    for (const { table, length } of group.batches) rows[table.name] = (rows[table.name] ?? 0) + length;
  }
  const sum = (of: (group: RecordGroup) => number): number =>
    groups.reduce((all, group) => all + of(group), 0);
  const records = sum((group) => group.records);
  const flagged = sum((group) => group.doubtful);
  const rejected = sum((group) => group.rejected.length);
  return { records, added: records - flagged - rejected, flagged, rejected, rows, groups };
}

async function failing(
  mapping: Mapping,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<FractalError> {
  try {
    await readAll(mapping, bytes);
  } catch (error) {
    assert.ok(error instanceof FractalError, String(error));
    assert.equal(error.kind, 'bad_input');
    assert.equal(error.place?.source, 'sample.csv');
    assert.ok((error.place.line ?? 0) >= 1, `${error.code} has no line`);
    return error;
  }
  throw new assert.AssertionError({ message: 'the file was accepted' });
}

/** Records, and of them added, flagged and rejected; rows by table. The counts of records are those of SOURCE.md. */
const SOURCES: readonly (readonly [
  string,
  string,
  readonly [number, number, number, number],
  Record<string, number>,
])[] = [
  [
    'epa-rmp/data/output/accidents.csv',
    'epa-rmp-accidents',
    [7211, 7210, 1, 0],
    { incidents: 7211, sites: 3249 },
  ],
  [
    'epa-rmp/data/changes/2025-04/facilities.json',
    'epa-rmp-facility-changes',
    [1103, 72, 0, 1031],
    { sites: 72 },
  ],
  ['epa-rmp/data/dictionaries/accidents.csv', 'epa-rmp-dictionary', [7, 0, 0, 7], {}],
  [
    'phmsa-pipeline/gd2010toPresent.csv',
    'phmsa-gas-distribution-2010',
    [1307, 1307, 0, 0],
    { incidents: 1307, sites: 212 },
  ],
  [
    'phmsa-pipeline/gtgg2002to2009.csv',
    'phmsa-gas-transmission-2002',
    [1029, 1028, 1, 0],
    { incidents: 1029, sites: 181 },
  ],
  [
    'epa-echo/tests/testthat/api/eff_rest_services.download_effluent_chart-81e3b7.csv',
    'epa-echo-effluent',
    [390, 390, 0, 0],
    { monitoring_readings: 390, monitoring_points: 5, monitoring_limits: 2, sites: 1 },
  ],
  [
    'epa-echo/vignettes/int/0/eff_rest_services.download_effluent_chart-1ca27d.csv',
    'epa-echo-effluent',
    [80, 80, 0, 0],
    { monitoring_readings: 80, monitoring_points: 1, monitoring_limits: 1, sites: 1 },
  ],
  [
    'epa-echo/vignettes/int/0/eff_rest_services.download_effluent_chart-79e012.csv',
    'epa-echo-effluent',
    [720, 720, 0, 0],
    { monitoring_readings: 720, monitoring_points: 1, monitoring_limits: 17, findings: 8, sites: 1 },
  ],
  [
    'epa-echo/vignettes/int/0/cwa_rest_services.get_download-e4fbf1.csv',
    'epa-echo-facilities',
    [704, 704, 0, 0],
    { sites: 704 },
  ],
  [
    'epa-echo/vignettes/articles/int/0/cwa_rest_services.get_geojson-fd6370.json',
    'epa-echo-geojson',
    [704, 704, 0, 0],
    { sites: 704 },
  ],
  [
    'epa-echo/tests/testthat/api/caa_poll_rpt_rest_services.get_caapr-75a2fe.json',
    'epa-echo-air',
    [66, 1, 0, 65],
    { sites: 1 },
  ],
  [
    'osha-abstracts-2015-16/osha_abstracts_2015_2016.csv',
    'osha-abstracts',
    [2538, 2536, 0, 2],
    { incidents: 2536, injured_persons: 2536, sites: 1 },
  ],
  ['hse-notices-uk/hse_notices.json', 'hse-notices', [10, 10, 0, 0], { enforcement_actions: 10, sites: 7 }],
  [
    'air-quality-marylebone/marylebone_hourly_1998_2005.csv',
    'air-quality-marylebone',
    [65_533, 65_533, 0, 0],
    { monitoring_readings: 589_797, monitoring_points: 1, sites: 1 },
  ],
  [
    'uk-edm-storm-overflows/2020/eav_edm_return_anglian_water_annual_2020.xlsx',
    'uk-edm-storm-overflows',
    [735, 734, 0, 1],
    { monitoring_readings: 2202, monitoring_points: 734, sites: 724 },
  ],
  [
    'uk-edm-storm-overflows/2020/eav_edm_return_thames_water_annual_2020.xlsx',
    'uk-edm-storm-overflows',
    [468, 468, 0, 0],
    { monitoring_readings: 1404, monitoring_points: 468, sites: 468 },
  ],
  [
    'msha-fatality/data/base_fatality_reports.csv',
    'msha-fatalities',
    [430, 430, 0, 0],
    { incidents: 430, injured_persons: 430, sites: 387 },
  ],
  [
    'osha-dol-enforcement/osha_accident_injury-0002.csv',
    'osha-accident-injury',
    [3063, 2726, 305, 32],
    { injured_persons: 3031, sites: 1 },
  ],
  ['osha-dol-enforcement/osha_accident_lookup2.csv', 'osha-accident-codes', [861, 0, 0, 861], {}],
  ['osha-dol-enforcement/osha_data_dictionary.csv', 'osha-dictionary', [138, 0, 0, 138], {}],
  ['ihm-stefanini/accidents.csv', 'ihm-stefanini', [425, 425, 0, 0], { incidents: 425, sites: 7 }],
  [
    'osha-construction-goh/tagged749.csv',
    'osha-construction',
    [749, 618, 0, 131],
    { incidents: 618, sites: 1 },
  ],
];

for (const [file, name, [records, added, flagged, rejected], rows] of SOURCES) {
  const at = path.join(shared, file);
  test(`records: ${file}`, { skip: existsSync(at) ? false : `${file} is not below ${shared}` }, async () => {
    const bytes = readFileSync(at);
    const mapping = findMapping({
      name: path.basename(file),
      head: utf8.decode(bytes.subarray(0, 16 * 1024)),
    });
    assert.equal(mapping?.name, name);
    const totals = await readAll(mapping, bytes, file);
    assert.deepEqual(
      [totals.records, totals.added, totals.flagged, totals.rejected],
      [records, added, flagged, rejected],
    );
    assert.deepEqual({ ...totals.rows }, { ...rows });
    for (const { batches, rejected: faults } of totals.groups) {
      for (const { reason, line } of faults) assert.ok(reason.length > 10 && line >= 1);
      for (const batch of batches) {
        const { table, columns, length } = batch;
        // What must not be empty is not; a few rows go both ways into the store.
        table.columns.forEach((column, i) => {
          if (!column.nullable)
            assert.ok(columns[i]?.every((value) => value !== null) === true, `${table.name}.${column.name}`);
          assert.ok((columns[i]?.length ?? length) === length);
        });
        if (length < 5000) {
          assert.equal(toRows(batch).length, length);
          const arrow = toRecordBatch(batch);
          assert.equal(arrow.numRows, length);
          const first = toRows(batch)[0]?.[table.key[0] ?? ''];
          assert.equal(arrow.get(0)?.toJSON()[table.key[0] ?? ''], first);
        }
      }
    }
  });
}

test('records: a workbook without records of a site fits no mapping', () => {
  assert.equal(findMapping({ name: 'summary_data.xlsx', head: 'PK\u0003\u0004' }), undefined);
  assert.equal(findMapping({ name: 'law.xml', head: '<CFRGRANULE>' }), undefined);
  assert.equal(findMapping({ name: 'x.csv', head: '"' }), undefined);
});

/** A mapping of our own. */
const ODD: Mapping = asMapping(
  {
    name: 'odd',
    description: 'of our own',
    match: { columns: ['id', 'when'] },
    shape: { type: 'csv', delimiter: ',' },
    encoding: 'detect',
    unique: ['id'],
    optional: ['reported', 'count'],
    emit: [
      {
        table: 'esh.incidents',
        order: [['occurred_at', 'reported_at']],
        columns: {
          incident_id: { concat: [{ value: 'x-' }, 'id'], all: true },
          region: { value: 'US' },
          site_id: { value: 's' },
          occurred_at: { date: 'when', formats: ['DD/MM/YYYY'], past: true },
          reported_at: { date: 'reported', formats: ['DD/MM/YYYY', 'serial'], past: true },
          kind: { value: 'injury' },
          severity: { value: 'low' },
          narrative: { first: ['text', { value: 'none' }] },
          quantity: { number: 'count', min: 0 },
        },
      },
    ],
  },
  'odd',
);
const csv = (...lines: readonly string[]): Uint8Array =>
  encode(`id,when,reported,count,text\n${lines.join('\n')}\n`);

test('records: doubts are flagged, what cannot be kept is rejected with line and reason', async () => {
  const { groups, ...totals } = await readAll(
    ODD,
    csv(
      'a,01/02/2020,03/02/2020,5,fine',
      'b,31/02/2020,,,a day that is none',
      'c,01/01/2203,,,in the future',
      'd,05/02/2020,01/02/2020,1,reported before it happened',
      'e,05/02/2020,31/02/2021,many,"a number, and a date, that are none"',
      'f,05/02/1820,,,long ago',
      'g,,,,no date',
      'a,02/02/2020,,,a key again',
      'h,05/02/2020',
      'i,06/02/2020,43868,"1,234.5",a serial and a number of thousands',
    ),
  );
  assert.deepEqual(
    { ...totals, rows: { ...totals.rows } },
    { records: 10, added: 2, flagged: 4, rejected: 4, rows: { incidents: 6 } },
  );
  const [group] = groups;
  assert.deepEqual(
    group?.rejected.map(({ line }) => line),
    [3, 8, 9, 10],
  );
  const rows = toRows(group?.batches[0] ?? assert.fail());
  assert.deepEqual(
    rows.map(({ flags }) => flags ?? null),
    [
      null,
      ['date-in-future'],
      ['end-before-start'],
      ['date-not-in-calendar', 'number-unreadable'],
      ['date-before-1900'],
      null,
    ],
  );
  assert.equal(rows[1]?.['occurred_at'], '2203-01-01T00:00:00.000Z');
  assert.equal(rows[2]?.['reported_at'], null);
  assert.equal(rows[5]?.['quantity'], 1234.5);
  assert.equal(rows[5]?.['reported_at'], '2020-02-07T00:00:00.000Z');
});

test('records: any division into chunks gives the same rows', async () => {
  const bytes = Buffer.concat([
    encode('id,when,reported,count,text\r\n'),
    encode('a,01/02/2020,,,"two\r\nlines, ""quoted"" — ü"\r\n\r\n'),
    Buffer.from('b,01/02/2020,,,caf\u00e9 \u0096 old\n', 'latin1'),
    encode('c,01/02/2020,,,last'),
  ]);
  const whole = await readAll(ODD, bytes, 'sample.csv', bytes.length);
  for (const size of [1, 2, 3, 7, 64])
    assert.deepEqual((await readAll(ODD, bytes, 'sample.csv', size)).groups, whole.groups);
  const rows = toRows(whole.groups[0]?.batches[0] ?? assert.fail());
  assert.deepEqual(
    rows.map(({ narrative }) => narrative),
    ['two\r\nlines, "quoted" — ü', 'café – old', 'last'],
  );
});

test('records: hostile CSV ends in a typed error and tells no data', async () => {
  const cases: readonly (readonly [Uint8Array | AsyncIterable<Uint8Array>, RegExp])[] = [
    [new Uint8Array(0), /^records\.empty$/],
    [csv('a,01/02/2020,,,"secret'), /^records\.csv$/],
    [csv('a,01/02/2020,,,"secret"x'), /^records\.csv$/],
    [encode('nothing,known\n1,2\n'), /^records\.column$/],
    [Buffer.from('\ufeffid,when\n', 'utf16le'), /^records\.encoding$/],
    [encode(`${'x,'.repeat(600)}\n`), /^limit\.record_fields$/],
    [endless('id,when,text\na,01/02/2020,', 'secret ', 64 * 1024 * 1024, ''), /^limit\.record_bytes$/],
    [endless('id,when,text\na,01/02/2020,"', 'secret\n', 64 * 1024 * 1024, ''), /^limit\.record_bytes$/],
  ];
  for (const [bytes, code] of cases) {
    const error = await failing(ODD, bytes);
    assert.match(error.code, code);
    assert.ok(!/secret|known/.test(error.message));
  }
});

const ofJson = (...paths: readonly string[][]): Mapping =>
  asMapping({ ...ODD, shape: { type: 'json', paths } }, 'odd');
const JSON_ODD = ofJson([]);
const JSON_DEEP = ofJson(['rows', 'list']);

test('records: JSON lists, lines and nesting', async () => {
  const record = (id: string): string =>
    `{"id":"${id}","when":"01/02/2020","text":"a \\"quoted\\" ]}","other":[1,{"x":2}]}`;
  for (const [mapping, text] of [
    [JSON_DEEP, `{"head":{"list":[1]},"rows":{"list":[${record('a')},\n${record('b')}]},"tail":[[1],2]}`],
    [JSON_ODD, `[${record('a')},${record('b')}]`],
    [JSON_ODD, `${record('a')}\n${record('b')}\n`],
  ] as const) {
    const whole = await readAll(mapping, encode(text));
    assert.equal(whole.added, 2, text);
    for (const size of [1, 5])
      assert.deepEqual((await readAll(mapping, encode(text), 'sample.csv', size)).rows, whole.rows);
  }
  for (const [text, code] of [
    ['{"rows":{"list":[{"id":"secret",]}}', /^records\.json$/],
    ['[{"id":"secret"', /^records\.json$/],
    ['', /^records\.json$/],
    [']', /^records\.json$/],
    ['{"rows":['.repeat(80), /^limit\.record_json_depth$/],
  ] as const) {
    const error = await failing(JSON_DEEP, encode(text));
    assert.match(error.code, code, text.slice(0, 20));
    assert.ok(!error.message.includes('secret'));
  }
  const long = endless('[{"id":"', 'secret', 16 * 1024 * 1024, '');
  assert.match((await failing(JSON_ODD, long)).code, /^limit\.record_bytes$/);
});

const XLSX_ODD: Mapping = asMapping(
  { ...ODD, match: { files: ['*.xlsx'], columns: ['id', 'when'] }, shape: { type: 'xlsx' } },
  'odd',
);
const TITLE = '<row r="1"><c r="B1" t="inlineStr"><is><t>a title</t></is></c></row>';
const HEAD =
  '<row r="3"><c r="B3" t="s"><v>0</v></c><c r="D3" t="s"><v>1</v></c><c r="E3" t="inlineStr"><is><t>text</t></is></c></row>';

test('records: workbooks, and those made to hurt', async () => {
  const row = '<row r="4"><c r="B4"><v>7</v></c><c r="D4" t="str"><f>A1</f><v>01/02/2020</v></c></row>';
  const { added, rows } = await readAll(XLSX_ODD, zip(book(TITLE + HEAD + row)));
  assert.deepEqual([added, { ...rows }], [1, { incidents: 1 }]);

  const bomb = book('');
  bomb[3] = { name: 'xl/worksheets/sheet1.xml', data: Buffer.alloc(30 * 1024 * 1024, ' ') };
  const many = Array.from({ length: 5000 }, (_, i) => ({ name: `f${i}`, data: Buffer.alloc(0) }));
  const entity = book('');
  entity[0] = {
    name: 'xl/workbook.xml',
    data: Buffer.from('<!DOCTYPE w [<!ENTITY a "b">]><workbook>&a;</workbook>'),
  };
  for (const [bytes, code] of [
    [zip(bomb), /^limit\.zip_ratio$/],
    [zip(many), /^limit\.zip_entries$/],
    [zip(entity), /^xml\.entity_declaration$/],
    [zip(book(TITLE)), /^records\.header$/],
    [zip(book(`${HEAD}<row><c r="XFD9"><v>1</v></c></row>`)), /^limit\.record_fields$/],
    [zip([{ name: 'xl/workbook.xml', data: Buffer.from('x'), flags: 1 }]), /^zip\.encrypted$/],
    [zip([{ name: 'other', data: Buffer.from('x') }]), /^xlsx\.malformed$/],
    [encode('PK\u0003\u0004 and no more of it, which is too short'), /^zip\.malformed$/],
    [zip(book(HEAD)).subarray(0, 300), /^zip\.malformed$/],
    [new Uint8Array(0), /^zip\.malformed$/],
  ] as const)
    assert.match((await failing(XLSX_ODD, bytes)).code, code);
});

test('records: a mapping with a fault is refused by name', async () => {
  const broken: readonly Record<string, unknown>[] = [
    { ...ODD, name: undefined },
    { ...ODD, emit: {} },
    { ...ODD, run: 'code' },
    { ...ODD, shape: { type: 'xml' } },
    { ...ODD, shape: { type: 'csv', delimiter: '' } },
  ];
  for (const value of broken)
    assert.throws(
      () => asMapping(value, 'odd.json'),
      (error) => error instanceof FractalError && error.code === 'mapping.malformed',
    );
  for (const columns of [{ nothing: 'id' }, { region: { code: 1 } }, { occurred_at: 'when' }])
    await assert.rejects(
      readAll(
        { ...ODD, emit: [{ table: 'esh.incidents', columns }] } as unknown as Mapping,
        csv('a,b,c,d,e'),
      ),
      (error) => error instanceof FractalError && error.code === 'mapping.malformed',
    );
});

test('records: dates by format', () => {
  const day = (format: string, text: string): unknown => {
    const found = dateParser([format])(text);
    return typeof found === 'number' ? new Date(found / 1000).toISOString() : found;
  };
  const at = (text: string): string => `${text}.000Z`;
  assert.equal(day('YYYY-MM-DD', '2024-02-29'), at('2024-02-29T00:00:00'));
  assert.equal(day('YYYY-MM-DD', '2023-02-29'), 'not-in-calendar');
  assert.equal(day('YYYY-MM-DD', '2023-2-29x'), 'unreadable');
  assert.equal(day('MM/DD/YY hh:mm', '6/23/16 21:05'), at('2016-06-23T21:05:00'));
  assert.equal(day('MM/DD/YY', '1/2/85'), at('1985-01-02T00:00:00'));
  assert.equal(day('YYYYMMDD', '19991231'), at('1999-12-31T00:00:00'));
  assert.equal(day('YYYYMMDD', '1999123'), 'unreadable');
  assert.equal(day('DD MON YYYY', '7 March 2001'), at('2001-03-07T00:00:00'));
  assert.equal(day('MM/DD/YYYY hh:mm AM', '1/2/2003 12:30 PM'), at('2003-01-02T12:30:00'));
  assert.equal(day('YYYY-MM-DDThh:mm:ssZ', '2019-12-03T00:00:00-05:00'), at('2019-12-03T05:00:00'));
  assert.equal(day('serial', '43831.5'), at('2020-01-01T12:00:00'));
  assert.equal(day('in text', 'On August 27th, 2013 a worker'), at('2013-08-27T00:00:00'));
  assert.equal(day('in text', 'On February 30 2013'), 'not-in-calendar');
  for (let days = -30_000; days < 80_000; days += 379) {
    const text = new Date(days * 86_400_000).toISOString();
    assert.equal(day('YYYY-MM-DD', text.slice(0, 10)), text);
  }
});

test('records: ready mappings have names of their own and say what they are', () => {
  assert.equal(new Set(MAPPINGS.map(({ name }) => name)).size, MAPPINGS.length);
  for (const { description } of MAPPINGS) assert.ok(description.length > 10);
});
