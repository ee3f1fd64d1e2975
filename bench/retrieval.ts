/**
 * Retrieval quality on ObliQA's development set, through the node's own search: `node bench/retrieval.ts [DATA]`.
 *
 * DATA is the folder of the set (default ../shared/data/obliqa). Each of the 13,732 passages is one section; a question
 * counts what share of its gold passages are among the first ten (Recall@10), and their average precision (MAP@10).
 * Writes bench/results/retrieval.json.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SeededRandom } from '../src/base/index.ts';
import {
  SECTION_TABLE,
  passageVectors,
  sectionBatch,
  type IndexedSection,
  type SearchMode,
} from '../src/query/index.ts';
import { Maintenance } from '../src/store/index.ts';
import { bench, keep, percentile, shippedModel } from './kit.ts';

interface Passage {
  readonly DocumentID: number;
  readonly PassageID: string;
  readonly Passage: string;
}
interface Question {
  readonly Question: string;
  readonly Passages: readonly { readonly DocumentID: number; readonly PassageID: string }[];
}

const data = process.argv[2] ?? '../shared/data/obliqa';
const K = 10;
const random = new SeededRandom(1);

const read = <T>(file: string): T => JSON.parse(readFileSync(path.join(data, file), 'utf8')) as T;
const key = (one: { DocumentID: number; PassageID: string }): string => `${one.DocumentID}#${one.PassageID}`;
const questions = read<Question[]>('ObliQA_dev.json');
const passages = globSync('StructuredRegulatoryDocuments/*.json', { cwd: data })
  .sort()
  .flatMap((file) => read<Passage[]>(file));

const embedder = await shippedModel();
const b = await bench(embedder);

const PART = 1024;
const started = performance.now();
for (let from = 0; from < passages.length; from += PART) {
  const part = passages.slice(from, from + PART);
  const rows = part.map((one): IndexedSection => ({
    section_id: key(one),
    version_id: `v${from}`,
    document_id: String(one.DocumentID),
    jurisdiction: 'AE',
    language: 'en',
    level: 'paragraph',
    citation: one.PassageID,
    heading: '',
    text: one.Passage,
    search_text: one.Passage,
    in_force_from: undefined,
    in_force_to: undefined,
  }));
  const vectors = await passageVectors(
    embedder,
    part.map((one) => one.Passage),
  );
  await b.store.transact('bench', async (transaction) => {
    const batch = sectionBatch(rows, vectors, embedder.model.dimension, 1n);
    await transaction.stage(SECTION_TABLE, batch);
  });
}
await new Maintenance({ store: b.store }).run();
const indexing_s = (performance.now() - started) / 1000;

interface Measured {
  /** Per question. */
  readonly recall: number[];
  readonly precision: number[];
  readonly times: number[];
}

async function measure(mode: SearchMode): Promise<Measured> {
  const recall: number[] = [];
  const precision: number[] = [];
  const times: number[] = [];
  for (const question of questions) {
    const gold = new Set(question.Passages.map(key));
    const start = performance.now();
    const hits = await b.find(question.Question, mode, K);
    times.push(performance.now() - start);
    let found = 0;
    let sum = 0;
    const seen = new Set<string>();
    hits.forEach((hit, i) => {
      if (!gold.has(hit.section_id) || seen.has(hit.section_id)) return;
      seen.add(hit.section_id);
      found++;
      sum += found / (i + 1);
    });
    recall.push(found / gold.size);
    precision.push(sum / Math.min(gold.size, K));
  }
  return { recall, precision, times };
}

const round = (value: number): number => Number(value.toFixed(4));
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean gain of b over a with its 95 % interval, by a paired bootstrap over questions. */
function gain(a: readonly number[], b: readonly number[]): number[] {
  const differences = b.map((value, i) => value - (a[i] ?? 0));
  const means = Array.from({ length: 2000 }, () =>
    mean(differences.map(() => differences[random.below(differences.length)] ?? 0)),
  ).sort((x, y) => x - y);
  return [mean(differences), means[50] ?? 0, means[1949] ?? 0].map(round);
}

const measured: Partial<Record<SearchMode, Measured>> = {};
const modes: Record<string, Record<string, number>> = {};
for (const mode of ['text', 'vector', 'hybrid'] as const) {
  const one = await measure(mode);
  measured[mode] = one;
  modes[mode] = {
    recall_at_10: round(mean(one.recall)),
    map_at_10: round(mean(one.precision)),
    p50_ms: percentile(one.times, 0.5),
    p99_ms: percentile(one.times, 0.99),
  };
  process.stdout.write(`${mode}: ${JSON.stringify(modes[mode])}\n`);
}
/** Every fourth question, and the one after it, were looked at when the weights of the fusion were chosen. */
const heldOut = (values: readonly number[] = []): number[] => values.filter((_, i) => i % 4 > 1);
const { text, hybrid } = measured;
const gains = {
  all: {
    recall_at_10: gain(text?.recall ?? [], hybrid?.recall ?? []),
    map_at_10: gain(text?.precision ?? [], hybrid?.precision ?? []),
  },
  held_out_half: {
    recall_at_10: gain(heldOut(text?.recall), heldOut(hybrid?.recall)),
    map_at_10: gain(heldOut(text?.precision), heldOut(hybrid?.precision)),
  },
};
process.stdout.write(`hybrid over text, mean and 95 % interval: ${JSON.stringify(gains)}\n`);
keep('retrieval', {
  command: 'node bench/retrieval.ts',
  method: 'all questions of ObliQA dev, each passage one section, search at k = 10, one question at a time',
  model: `${embedder.model.id} ${embedder.model.version} ${embedder.model.sha256}`,
  passages: passages.length,
  questions: questions.length,
  indexing_s: Number(indexing_s.toFixed(1)),
  modes,
  gain_of_hybrid_over_text: gains,
});
await b.close();
