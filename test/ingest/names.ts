/** Narratives labelled by offsets alone (`records-names.json`), and how many of their names are found. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CsvParser } from '../../src/ingest/records/csv.ts';
import { findNames } from '../../src/ingest/records/personal.ts';

const here = import.meta.dirname;
export const shared = path.resolve(here, '../..', process.env['FRACTAL_SHARED'] ?? '../shared', 'data');

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
export const areThere = Object.values(FILES).every(([file]) => existsSync(path.join(shared, file)));

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

function narratives(source: string): ReadonlyMap<string, string> {
  const [file, delimiter, key, narrative] = FILES[source] ?? ['', ',', '', ''];
  const text = readFileSync(path.join(shared, file), 'utf8').replace(/^\ufeff/, '');
  const quoted = delimiter === ',';
  const parser = new CsvParser({ source, delimiter, quoted, recordBytes: 1e6, fields: 512 });
  const rows = [...parser.parse(text, true)].flatMap((group) => group.rows);
  const [header = []] = rows;
  const [k, n] = [header.indexOf(key), header.indexOf(narrative)];
  return new Map(rows.slice(1).map((row) => [digest(row[k] ?? ''), row[n] ?? '']));
}

export interface Found {
  narratives: number;
  /** Names found whole, and not. */
  found: number;
  missed: number;
  /** Spans that touch a name, and that do not. */
  right: number;
  wrong: number;
}

/** Counts by source. `seen`: the sample that the rules were made with. `unseen`: labelled after they were finished. */
export function countNames(sample: 'seen' | 'unseen'): ReadonlyMap<string, Found> {
  const { chars, narratives: labelled } = fixture[sample];
  const texts = new Map(Object.keys(FILES).map((source) => [source, narratives(source)]));
  const counts = new Map<string, Found>();
  for (const { source, key, window, names } of labelled) {
    const text = texts.get(source)?.get(key)?.slice(0, chars) ?? '';
    if (digest(text) !== window) throw new RangeError(`${source} ${key} has changed`);
    const count = counts.get(source) ?? { narratives: 0, found: 0, missed: 0, right: 0, wrong: 0 };
    counts.set(source, count);
    count.narratives++;
    const spans = findNames(text);
    for (const [from, to] of names) {
      const isWhole = [...text.slice(from, to)].every(
        (char, i) => char === ' ' || spans.some(({ start, end }) => start <= from + i && from + i < end),
      );
      if (isWhole) count.found++;
      else count.missed++;
    }
    for (const { start, end } of spans)
      if (names.some(([from, to]) => from < end && start < to)) count.right++;
      else count.wrong++;
  }
  return counts;
}

export function total(counts: ReadonlyMap<string, Found>): Found & { recall: number; precision: number } {
  const sum = { narratives: 0, found: 0, missed: 0, right: 0, wrong: 0 };
  for (const count of counts.values())
    for (const key of ['narratives', 'found', 'missed', 'right', 'wrong'] as const) sum[key] += count[key];
  return {
    ...sum,
    recall: Number((sum.found / (sum.found + sum.missed)).toFixed(3)),
    precision: Number((sum.right / (sum.right + sum.wrong)).toFixed(3)),
  };
}
