/**
 * How far labels of the caller's own carry: the nearest label by the embedding model, against labels given by people.
 *
 * `node bench/zero-shot.ts --write`. The 11 causes of the Goh narratives are asked by their names as they stand; nothing
 * is trained or chosen. Macro-F1 beside the trained head's says what the badge of such answers means.
 */
import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { likenessToLabels } from '../src/ai/index.ts';
import { keep, shippedModel } from './kit.ts';

const DATA = '../shared/data/osha-construction-goh/tagged749.csv';

const lines: string[][] = parse(await readFile(DATA, 'utf8'), { relax_column_count: true });
const [head = [], ...rows] = lines;
const at = (name: string): number => head.indexOf(name);
const texts = rows.map((row) => `${row[at('title')] ?? ''}. ${row[at('Summary2')] ?? ''}`);
const truth = rows.map((row) => (row[at('Tagged2')] ?? '').trim());
const labels = [...new Set(truth)].sort();
const model = await shippedModel();
const guesses = (await likenessToLabels(model, texts, labels)).map(
  (scores) => labels[scores.indexOf(Math.max(...scores))] ?? '',
);

const count = (test: (i: number) => boolean): number => truth.filter((_, i) => test(i)).length;
const f1 = (label: string): number => {
  const hit = count((i) => truth[i] === label && guesses[i] === label);
  const all = count((i) => truth[i] === label) + count((i) => guesses[i] === label);
  return all === 0 ? 0 : (2 * hit) / all;
};
const round = (value: number): number => Math.round(value * 1e4) / 1e4;
const found = {
  set: 'Goh, 11 causes',
  texts: texts.length,
  model: `${model.model.id} ${model.model.version}`,
  accuracy: round(count((i) => truth[i] === guesses[i]) / truth.length),
  macro_f1: round(labels.reduce((sum, label) => sum + f1(label), 0) / labels.length),
  share_of_largest_label: round(Math.max(...labels.map((l) => count((i) => truth[i] === l))) / truth.length),
};
console.log(JSON.stringify(found, null, 2));
if (process.argv.includes('--write')) keep('zero-shot', found);
