/** Names in narratives: on text of our own, and measured on real narratives that a fixture labels by offsets alone. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findNames, spansOfCell } from '../../src/ingest/records/personal.ts';
import { CsvParser } from '../../src/ingest/records/csv.ts';
import { ESH } from '../../src/schema/index.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const shared = path.resolve(here, '../..', process.env['FRACTAL_SHARED'] ?? '../shared', 'data');

const masked = (text: string): string => {
  let out = '';
  let at = 0;
  for (const { start, end } of findNames(text)) {
    out += `${text.slice(at, start)}*`;
    at = end;
  }
  return out + text.slice(at);
};

test('personal: names by title, given name, job and initial', () => {
  for (const [text, expected] of [
    [
      'At noon Mr. John Q. Doe and the welder fell. Doe was taken to hospital.',
      'At noon * and the welder fell. * was taken to hospital.',
    ],
    [
      'the victim john q zyxwell operator was shoveling when zyxwell slipped',
      'the victim * operator was shoveling when * slipped',
    ],
    ['REPORTED BY ROBERT SMITHSON OF THE GAS COMPANY.', 'REPORTED BY * OF THE GAS COMPANY.'],
    [
      'The employee was using a saw when the blade broke on March 2, 2016.',
      'The employee was using a saw when the blade broke on March 2, 2016.',
    ],
    ['A LEAK OCCURRED AT A VALVE IN TEXAS.', 'A LEAK OCCURRED AT A VALVE IN TEXAS.'],
    ['', ''],
  ] as const)
    assert.equal(masked(text), expected);
});

test('personal: columns of names are names from end to end', () => {
  const column = (name: string) =>
    ESH.injuredPersons.columns.find((one) => one.name === name) ?? assert.fail();
  assert.deepEqual(spansOfCell(column('name'), 'J. Doe'), [{ start: 0, end: 6, kind: 'name' }]);
  assert.deepEqual(spansOfCell(column('age'), 'J. Doe'), []);
  assert.deepEqual(spansOfCell(column('name'), ''), []);
});

test('personal: hostile text takes linear time', () => {
  const begun = performance.now();
  for (const piece of ['a ', 'John ', 'john q ', 'Mr. ', "O'", 'victim x ', '\u0000'])
    findNames(piece.repeat(50_000));
  assert.ok(performance.now() - begun < 5000);
});

interface Labelled {
  readonly source: string;
  readonly key: string;
  readonly window: string;
  readonly names: readonly (readonly [number, number])[];
}
interface Fixture {
  readonly chars: number;
  readonly narratives: readonly Labelled[];
}
const fixture = JSON.parse(readFileSync(path.join(here, 'records-names.json'), 'utf8')) as Record<
  'seen' | 'unseen',
  Fixture
>;

/** File, delimiter, column of the key, column of the narrative. */
const FILES: Readonly<Record<string, readonly [string, string, string, string]>> = {
  msha: ['msha-fatality/data/base_fatality_reports.csv', '|', 'report-key', 'f-p-desc-of-accident'],
  ihm: ['ihm-stefanini/accidents.csv', ',', '', 'Description'],
  phmsa: ['phmsa-pipeline/gtgg2002to2009.csv', ',', 'RPTID', 'NARRATIVE'],
  osha: ['osha-abstracts-2015-16/osha_abstracts_2015_2016.csv', ',', 'summary_nr', 'Abstract Text'],
};
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

function narratives(source: string): ReadonlyMap<string, string> {
  const [file, delimiter, key, narrative] = FILES[source] ?? assert.fail();
  const text = readFileSync(path.join(shared, file), 'utf8').replace(/^\ufeff/, '');
  const parser = new CsvParser({
    source,
    delimiter,
    quoted: delimiter === ',',
    recordBytes: 1e6,
    fields: 512,
  });
  const rows = [...parser.parse(text, true)].flatMap((group) => group.rows);
  const [header = []] = rows;
  const [k, n] = [header.indexOf(key), header.indexOf(narrative)];
  return new Map(rows.slice(1).map((row) => [digest(row[k] ?? ''), row[n] ?? '']));
}

/** `seen`: the sample that the rules were made with. `unseen`: labelled after they were finished. */
for (const [name, leastRecall, leastPrecision] of [
  ['seen', 0.95, 0.87],
  ['unseen', 0.88, 0.9],
] as const) {
  const isThere = Object.values(FILES).every(([file]) => existsSync(path.join(shared, file)));
  test(
    `personal: recall and precision on the ${name} sample`,
    { skip: isThere ? false : `no data below ${shared}` },
    (t) => {
      const { chars, narratives: labelled } = fixture[name];
      const texts = new Map(Object.keys(FILES).map((source) => [source, narratives(source)]));
      let found = 0;
      let missed = 0;
      let right = 0;
      let wrong = 0;
      for (const { source, key, window, names } of labelled) {
        const text = (texts.get(source)?.get(key) ?? assert.fail(`${source} ${key} is gone`)).slice(0, chars);
        assert.equal(digest(text), window, `${source} ${key} has changed`);
        const spans = findNames(text);
        for (const [from, to] of names) {
          const isWhole = [...text.slice(from, to)].every(
            (char, i) => char === ' ' || spans.some(({ start, end }) => start <= from + i && from + i < end),
          );
          if (isWhole) found++;
          else missed++;
        }
        for (const { start, end } of spans)
          if (names.some(([from, to]) => from < end && start < to)) right++;
          else wrong++;
      }
      const recall = found / (found + missed);
      const precision = right / (right + wrong);
      t.diagnostic(
        `${labelled.length} narratives, ${found + missed} names: recall ${recall.toFixed(3)}, precision ${precision.toFixed(3)}`,
      );
      assert.ok(
        recall >= leastRecall && precision >= leastPrecision,
        `recall ${recall}, precision ${precision}`,
      );
    },
  );
}
