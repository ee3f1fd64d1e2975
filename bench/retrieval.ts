/**
 * Retrieval quality on ObliQA's development set, through the node's own search: `node bench/retrieval.ts [DATA]`.
 *
 * DATA is the folder of the set (default ../shared/data/obliqa). Each of the 13,732 passages is one section; a question
 * counts what share of its gold passages are among the first ten (Recall@10), and their average precision (MAP@10).
 * Writes bench/results/retrieval.json.
 */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { OnnxEmbedder, readModelFolder } from '../src/ai/index.ts';
import { DEFAULT_LIMITS, nodeFileSystem, silentLog, systemClock, systemRandom } from '../src/base/index.ts';
import {
  SECTION_TABLE,
  SectionSearch,
  passageVectors,
  sectionBatch,
  type IndexedSection,
  type Principal,
  type SearchMode,
} from '../src/query/index.ts';
import { Maintenance, Store } from '../src/store/index.ts';

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
const principal: Principal = { id: 'bench', roles: [] };

const read = <T>(file: string): T => JSON.parse(readFileSync(path.join(data, file), 'utf8')) as T;
const key = (one: { DocumentID: number; PassageID: string }): string => `${one.DocumentID}#${one.PassageID}`;
const questions = read<Question[]>('ObliQA_dev.json');
const passages = globSync('StructuredRegulatoryDocuments/*.json', { cwd: data })
  .sort()
  .flatMap((file) => read<Passage[]>(file));

const folder = mkdtempSync(path.join(tmpdir(), 'fractal-bench-'));
const fs = nodeFileSystem;
const store = await Store.open({
  folder,
  limits: DEFAULT_LIMITS,
  clock: systemClock,
  random: systemRandom,
  fs,
  log: silentLog,
});
const embedder = new OnnxEmbedder({
  model: await readModelFolder(fs, process.env['MODEL'] ?? 'models/fractal-embed-v1'),
  fs,
  limits: DEFAULT_LIMITS,
});
const policy = { decide: () => ({ allowed: true, predicate: undefined }) as const };
const search = new SectionSearch({ store, embedder, policy, limits: DEFAULT_LIMITS });
await search.prepare();

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
  }));
  const vectors = await passageVectors(
    embedder,
    part.map((one) => one.Passage),
  );
  await store.transact('bench', async (transaction) => {
    const batch = sectionBatch(
      rows,
      vectors,
      embedder.model.dimension,
      { from: undefined, to: undefined },
      1n,
    );
    await transaction.stage(SECTION_TABLE, batch);
  });
}
await new Maintenance({ store }).run();
const indexing_s = (performance.now() - started) / 1000;

async function measure(mode: SearchMode): Promise<Record<string, number>> {
  let recall = 0;
  let precision = 0;
  const times: number[] = [];
  for (const question of questions) {
    const gold = new Set(question.Passages.map(key));
    const start = performance.now();
    const hits = await search.find(principal, {
      query: question.Question,
      mode,
      k: K,
      at: '2026-01-01',
      jurisdiction: undefined,
      document: undefined,
    });
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
    recall += found / gold.size;
    precision += sum / Math.min(gold.size, K);
  }
  times.sort((a, b) => a - b);
  const round = (value: number, digits: number): number => Number(value.toFixed(digits));
  return {
    recall_at_10: round(recall / questions.length, 4),
    map_at_10: round(precision / questions.length, 4),
    p50_ms: round(times[times.length >> 1] ?? 0, 2),
    p99_ms: round(times[Math.floor(times.length * 0.99)] ?? 0, 2),
  };
}

const modes: Record<string, Record<string, number>> = {};
for (const mode of ['text', 'vector', 'hybrid'] as const) {
  modes[mode] = await measure(mode);
  process.stdout.write(`${mode}: ${JSON.stringify(modes[mode])}\n`);
}
writeFileSync(
  'bench/results/retrieval.json',
  `${JSON.stringify(
    {
      command: 'node bench/retrieval.ts',
      method:
        'all questions of ObliQA dev, each passage one section, search at k = 10, one question at a time',
      model: `${embedder.model.id} ${embedder.model.version} ${embedder.model.sha256}`,
      node: process.versions.node,
      passages: passages.length,
      questions: questions.length,
      indexing_s: Number(indexing_s.toFixed(1)),
      modes,
    },
    null,
    2,
  )}\n`,
);
await store.close();
rmSync(folder, { recursive: true });
