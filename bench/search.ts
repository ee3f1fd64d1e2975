/**
 * Search over 100,000 sections: `node bench/search.ts [ROWS]`. Writes bench/results/search.json.
 *
 * Sections of 20 to 120 words, drawn by Zipf's law from the words of the sample's law and 30,000 rare invented ones;
 * queries are 4 to 8 words from a random section. Shipped model, vector and text index as a node builds them, the date
 * prefilter of every search, texts of ten hits read. One query at a time, warm.
 */
import { globSync, readFileSync } from 'node:fs';
import { SeededRandom } from '../src/base/index.ts';
import { SECTION_TABLE, passageVectors, sectionBatch, type IndexedSection } from '../src/query/index.ts';
import { Maintenance } from '../src/store/index.ts';
import { bench, keep, percentile, shippedModel } from './kit.ts';

const ROWS = Number(process.argv[2] ?? 100_000);
const PART = 5000;
const QUERIES = 300;
const random = new SeededRandom(42);

const text = globSync('sample/law/*.xml')
  .sort()
  .map((file) => readFileSync(file, 'utf8').replace(/<[^>]*>/g, ' '))
  .join(' ');
const words = [...new Set(text.toLowerCase().match(/[a-z]{2,}/g))];
const syllables = ['ba', 'ken', 'tri', 'mol', 'sev', 'or', 'dap', 'lin', 'qua', 'fer', 'zo', 'mi'];
for (let i = 0; i < 30_000; i++)
  words.push(Array.from({ length: 3 + (i % 2) }, () => syllables[random.below(syllables.length)]).join(''));
/** A word by Zipf's law: rank r comes about 1/r as often as the first. */
const word = (): string => words[Math.floor(words.length ** random.float()) - 1] ?? 'the';

const embedder = await shippedModel();
const b = await bench(embedder);
const samples: string[] = [];
const started = performance.now();
for (let from = 0; from < ROWS; from += PART) {
  const rows = Array.from({ length: Math.min(PART, ROWS - from) }, (_, i): IndexedSection => {
    const body = Array.from({ length: 20 + random.below(100) }, word).join(' ');
    if (random.below(Math.ceil(ROWS / QUERIES)) === 0) samples.push(body);
    return {
      section_id: `d${Math.floor((from + i) / 200)}#${from + i}`,
      version_id: `v${Math.floor((from + i) / 200)}`,
      document_id: `d${Math.floor((from + i) / 200)}`,
      jurisdiction: i % 3 === 0 ? 'UK' : 'US',
      language: 'en',
      level: 'paragraph',
      citation: `99 CFR ${from + i}`,
      heading: 'Heading',
      text: body,
      search_text: body,
      in_force_from: '2020-01-01',
      in_force_to: undefined,
    };
  });
  const vectors = await passageVectors(
    embedder,
    rows.map((row) => row.text),
  );
  const batch = sectionBatch(rows, vectors, embedder.model.dimension, 1n);
  await b.store.transact('bench', (transaction) => transaction.stage(SECTION_TABLE, batch));
}
await b.search.maintainVectorIndex();
await new Maintenance({ store: b.store }).run();
const load_s = Number(((performance.now() - started) / 1000).toFixed(1));

const queries = samples.slice(0, QUERIES).map((body) => {
  const all = body.split(' ');
  const at = random.below(all.length - 8);
  return all.slice(at, at + 4 + random.below(5)).join(' ');
});
const modes: Record<string, { p50_ms: number; p99_ms: number }[]> = {};
for (const mode of ['text', 'vector', 'hybrid'] as const) {
  for (const query of queries.slice(0, 50)) await b.find(query, mode, 10);
  modes[mode] = [];
  for (let round = 0; round < 3; round++) {
    const times: number[] = [];
    for (const query of queries) {
      const from = performance.now();
      await b.find(query, mode, 10);
      times.push(performance.now() - from);
    }
    modes[mode].push({ p50_ms: percentile(times, 0.5), p99_ms: percentile(times, 0.99) });
  }
}
keep('search', {
  command: `node bench/search.ts ${ROWS}`,
  rows: ROWS,
  queries: queries.length,
  load_and_index_s: load_s,
  modes,
  rss_mb: Math.round(process.memoryUsage().rss / 1e6),
});
await b.close();
