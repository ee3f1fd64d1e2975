/**
 * Embedding throughput of the shipped model: `node bench/embed.ts [FILE…]`. Writes bench/results/embed.json.
 *
 * Passages are the provisions of the CFR files given (default: those in ../shared/data/cfr-annual-xml), repeated to at
 * least 10,000; five rounds; tokenising included.
 */
import { globSync, createReadStream } from 'node:fs';
import { DEFAULT_LIMITS } from '../src/base/index.ts';
import { READERS } from '../src/ingest/index.ts';
import { keep, percentile, shippedModel } from './kit.ts';

const given = process.argv.slice(2);
const files = given.length > 0 ? given : globSync('../shared/data/cfr-annual-xml/annual/*.xml').sort();
const reader = READERS.find((one) => one.format === 'cfr-annual');
const passages: string[] = [];
for (const file of files)
  for await (const events of reader?.read({
    name: file,
    chunks: createReadStream(file),
    limits: DEFAULT_LIMITS,
  }) ?? [])
    for (const event of events)
      if (event.type === 'section' && event.section.text !== '') passages.push(event.section.text);
const texts: string[] = [];
while (texts.length < 10_000) texts.push(...passages);

const embedder = await shippedModel();
await embedder.embed(texts.slice(0, 500), 'passage');
const rates: number[] = [];
for (let round = 0; round < 5; round++) {
  const from = performance.now();
  await embedder.embed(texts, 'passage');
  rates.push(Math.round((texts.length / (performance.now() - from)) * 1000));
}
keep('embed', {
  command: 'node bench/embed.ts',
  model: `${embedder.model.id} ${embedder.model.version}`,
  texts: texts.length,
  mean_characters: Math.round(texts.reduce((sum, text) => sum + text.length, 0) / texts.length),
  passages_per_s: rates,
  median: percentile(rates, 0.5),
});
