/**
 * What the node's search lists for each question of ObliQA before it orders again, one JSON object a line:
 * `node bench/rerank-candidates.ts OUT [DATA]` (default ../shared/data). For learning the reranker offline.
 */
import { createWriteStream } from 'node:fs';
import { indexed } from './eval/corpus.ts';
import { obliqaDev, obliqaMultiVal, obliqaPassages } from './eval/sets.ts';

// Before any thread of the pool is made; a node refuses to open with fewer.
process.env['UV_THREADPOOL_SIZE'] ??= '16';
process.env['LANCEDB_LOG'] ??= 'error';

const [, , out = '', data = '../shared/data'] = process.argv;
const CANDIDATES = 200;
class Seen extends Error {}
let line = {};
const corpus = await indexed(
  obliqaPassages(data),
  (ids, candidates) => {
    const number = (value: number | null): number | null =>
      value === null ? null : Number(value.toPrecision(7));
    line = {
      ids,
      bm25: candidates.map(({ bm25 }) => number(bm25)),
      vector: candidates.map(({ vector }) => number(vector)),
      terms: candidates.map(({ terms }) => number(terms)),
    };
    throw new Seen();
  },
  { rerank_candidates: CANDIDATES },
);
const file = createWriteStream(out);
const dev = obliqaDev(data);
for (const [i, { question, gold }] of [...dev, ...obliqaMultiVal(data)].entries()) {
  await corpus.find(question, 'hybrid', 10, true).catch((error: unknown) => {
    if (!(error instanceof Seen)) throw error;
  });
  file.write(`${JSON.stringify({ question, gold: [...gold], dev: i < dev.length, ...line })}\n`);
  if (i % 100 === 0) process.stderr.write(`${i}\n`);
}
await new Promise((done) => file.end(done));
await corpus.close();
