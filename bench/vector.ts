/**
 * Vector search at size: `node bench/vector.ts [ROWS]` (default 1,000,000 × 256).
 *
 * Data: 300 clusters over 32 latent dimensions with noise, unit length, seeded; 100 queries from the same clusters.
 * Through the node's own section table and index settings. Recall@10 is held against an exact scan of the same table.
 * Writes bench/results/vector-ROWS.json.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  DEFAULT_LIMITS,
  SeededRandom,
  nodeFileSystem,
  silentLog,
  systemClock,
  systemRandom,
} from '../src/base/index.ts';
import {
  SECTION_TABLE,
  VECTOR_PROBES,
  VECTOR_REFINE,
  SectionSearch,
  sectionBatch,
  type Embedder,
  type IndexedSection,
  type Principal,
} from '../src/query/index.ts';
import { Maintenance, Store } from '../src/store/index.ts';

import { percentile } from './kit.ts';

const ROWS = Number(process.argv[2] ?? 1_000_000);
const DIMENSION = 256;
const CLUSTERS = 300;
const LATENT = 32;
const QUERIES = 50;
const K = 10;
const PART = 50_000;
const random = new SeededRandom(20261122);

/** Roughly normal: the sum of four uniforms, centred. */
const normal = (): number => random.float() + random.float() + random.float() + random.float() - 2;
const project = Float32Array.from({ length: LATENT * DIMENSION }, normal);
const centres = Array.from({ length: CLUSTERS }, () => Float32Array.from({ length: LATENT }, normal));

function vector(out: Float32Array, at: number): void {
  const centre = centres[random.below(CLUSTERS)] ?? new Float32Array(LATENT);
  let norm = 0;
  const latent = centre.map((value) => value + 0.6 * normal());
  for (let d = 0; d < DIMENSION; d++) {
    let sum = 0.2 * normal();
    for (let l = 0; l < LATENT; l++) sum += (latent[l] ?? 0) * (project[l * DIMENSION + d] ?? 0);
    out[at + d] = sum;
    norm += sum * sum;
  }
  norm = Math.sqrt(norm);
  for (let d = 0; d < DIMENSION; d++) out[at + d] = (out[at + d] ?? 0) / norm;
}

const folder = mkdtempSync(path.join(tmpdir(), 'fractal-bench-'));
const limits = { ...DEFAULT_LIMITS, vector_flat_rows: Number.MAX_SAFE_INTEGER };
const store = await Store.open({
  folder,
  limits,
  clock: systemClock,
  random: systemRandom,
  fs: nodeFileSystem,
  log: silentLog,
});
let next = new Float32Array(DIMENSION);
const embedder: Embedder = {
  model: { id: 'bench', version: '1', sha256: 'bench', dimension: DIMENSION },
  embed: async () => next,
  terms: undefined,
};
/** A rule on rows, as an inspector of one jurisdiction has it. */
const RULE = "jurisdiction = 'US'";
const FILTER = `superseded != 1 and (${RULE})`;
const policy = {
  decide: () => ({ allowed: true, predicate: RULE }) as const,
  scope: () => ({ key: '', tables: [] }),
  writing: () => ({ allowed: false, rule: 'nothing is written here' }) as const,
};
const build = (vectorFlatRows: number): SectionSearch =>
  new SectionSearch({ store, embedder, policy, limits: { ...limits, vector_flat_rows: vectorFlatRows } });
const search = build(Number.MAX_SAFE_INTEGER);
await search.prepare();

const seconds = (from: number): number => Number(((performance.now() - from) / 1000).toFixed(1));
let start = performance.now();
for (let from = 0; from < ROWS; from += PART) {
  const n = Math.min(PART, ROWS - from);
  const vectors = new Float32Array(n * DIMENSION);
  for (let i = 0; i < n; i++) vector(vectors, i * DIMENSION);
  const rows = Array.from({ length: n }, (_, i): IndexedSection => ({
    section_id: String(from + i),
    version_id: 'v',
    document_id: 'd',
    jurisdiction: (from + i) % 2 === 0 ? 'US' : 'UK',
    language: 'en',
    level: 'paragraph',
    citation: '',
    heading: '',
    text: '',
    search_text: '',
    in_force_from: undefined,
    in_force_to: undefined,
  }));
  await store.transact('bench', (transaction) =>
    transaction.stage(SECTION_TABLE, sectionBatch(rows, { vectors, terms: undefined }, DIMENSION, 1n)),
  );
}
const load_s = seconds(start);
process.stdout.write(`loaded ${ROWS} rows in ${load_s} s\n`);

const principal: Principal = { id: 'bench', roles: [] };
const ask = async (): Promise<string[]> =>
  (
    await search.find(principal, {
      query: 'q',
      mode: 'vector',
      k: K,
      at: '2026-01-01',
      jurisdiction: undefined,
      document: undefined,
    })
  ).map((hit) => hit.section_id);
const queries = Array.from({ length: QUERIES }, () => {
  const query = new Float32Array(DIMENSION);
  vector(query, 0);
  return query;
});
async function run(): Promise<{ answers: string[][]; p50_ms: number; p99_ms: number }> {
  const answers: string[][] = [];
  const times: number[] = [];
  for (const query of queries) {
    next = query;
    const from = performance.now();
    answers.push(await ask());
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    Number((times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(2));
  return { answers, p50_ms: at(0.5), p99_ms: at(0.99) };
}
const exact = await run();
process.stdout.write(`exact: p50 ${exact.p50_ms} ms\n`);
start = performance.now();
await build(0).maintainVectorIndex();
await new Maintenance({ store }).run();
const build_s = seconds(start);
await run();
const rounds = [await run(), await run(), await run()];
/**
 * LanceDB itself in the same run, the same probes and refinement: the bare question (no filter, ids alone), and the very
 * question that the node asks (its filter, all columns of a hit).
 */
async function direct(where: string | undefined, columns: readonly string[]): Promise<Times> {
  const table = store.lanceTable(SECTION_TABLE).reader;
  const times: number[] = [];
  for (const query of queries) {
    const from = performance.now();
    let asked = table
      .query()
      .nearestTo(query)
      .column('vector')
      .distanceType('cosine')
      .select([...columns, '_distance'])
      .limit(K)
      .nprobes(VECTOR_PROBES)
      .refineFactor(VECTOR_REFINE);
    if (where !== undefined) asked = asked.where(where);
    await asked.toArrow();
    times.push(performance.now() - from);
  }
  return { p50_ms: percentile(times, 0.5), p99_ms: percentile(times, 0.99) };
}
interface Times {
  readonly p50_ms: number;
  readonly p99_ms: number;
}
const HIT = 'section_id,version_id,document_id,citation,heading,text,in_force_from,in_force_to'.split(',');
const directly: Record<string, Times[]> = { ids: [], filter: [], columns: [], node_question: [] };
const governed: Times[] = [];
for (let round = 0; round < 3; round++) {
  directly['ids']?.push(await direct(undefined, ['section_id']));
  directly['filter']?.push(await direct(FILTER, ['section_id']));
  directly['columns']?.push(await direct(undefined, HIT));
  directly['node_question']?.push(await direct(FILTER, [...HIT, '_rowid']));
  const { p50_ms, p99_ms } = await run();
  governed.push({ p50_ms, p99_ms });
}
const recall = (answers: string[][]): number =>
  answers.reduce(
    (sum, found, i) => sum + found.filter((id) => exact.answers[i]?.includes(id)).length / K,
    0,
  ) / QUERIES;
const result = {
  command: `node bench/vector.ts ${ROWS}`,
  method:
    'IVF_RQ, √N partitions, 20 probes, refine 5, with the date prefilter of every search and a rule on rows that half of them meet; texts of hits are read; one query at a time, warm, three rounds of 50 queries after one unmeasured; indexes settled as a node does after an import',
  node: process.versions.node,
  rows: ROWS,
  dimension: DIMENSION,
  load_s,
  index_build_s: build_s,
  exact_p50_ms: exact.p50_ms,
  rounds: rounds.map(({ answers, p50_ms, p99_ms }) => ({
    p50_ms,
    p99_ms,
    recall_at_10: Number(recall(answers).toFixed(4)),
  })),
  direct_lancedb: directly,
  node_in_the_same_rounds: governed,
  rss_mb: Math.round(process.memoryUsage().rss / 1e6),
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
writeFileSync(`bench/results/vector-${ROWS}.json`, `${JSON.stringify(result, null, 2)}\n`);
await store.close();
rmSync(folder, { recursive: true });
