/**
 * Time and memory of one question over ObliQA's 13,732 passages, ordered again, one after the other:
 * `node bench/question.ts [DATA]` (default ../shared/data). Writes bench/results/question.json.
 *
 * Wall time and processor time (all threads of the process; less shaken by what else the machine does) of search by text
 * alone, hybrid, and hybrid ordered again; the first 20 questions of each warm up. Memory is the resident set of the process
 * that asks: its greatest while it also indexed, and while it asked.
 */
import { indexed } from './eval/corpus.ts';
import { obliqaDev, obliqaPassages } from './eval/sets.ts';
import { keep, percentile } from './kit.ts';

// Before any thread of the pool is made; a node refuses to open with fewer.
process.env['UV_THREADPOOL_SIZE'] ??= '16';
process.env['LANCEDB_LOG'] ??= 'error';

const WARM = 20;
const QUESTIONS = 200;
const data = process.argv[2] ?? '../shared/data';
const MIB = 1024 * 1024;
const corpus = await indexed(obliqaPassages(data));
const indexing = Math.round(process.resourceUsage().maxRSS / 1024);
const questions = obliqaDev(data).slice(0, WARM + QUESTIONS);
let most = 0;
const rows: object[] = [];
for (const [name, mode, rerank] of [
  ['text', 'text', false],
  ['hybrid', 'hybrid', false],
  ['hybrid, reranked', 'hybrid', true],
] as const) {
  const wall: number[] = [];
  const processor: number[] = [];
  for (const [i, { question }] of questions.entries()) {
    const before = process.cpuUsage();
    const start = performance.now();
    await corpus.find(question, mode, 10, rerank);
    const took = performance.now() - start;
    const { user, system } = process.cpuUsage(before);
    most = Math.max(most, process.memoryUsage.rss());
    if (i < WARM) continue;
    wall.push(took);
    processor.push((user + system) / 1000);
  }
  rows.push({
    configuration: name,
    wall_p50_ms: percentile(wall, 0.5),
    wall_p95_ms: percentile(wall, 0.95),
    processor_p50_ms: percentile(processor, 0.5),
    resident_after_mib: Math.round(process.memoryUsage.rss() / MIB),
  });
}
await corpus.close();
keep('question', {
  command: 'node bench/question.ts',
  questions: QUESTIONS,
  rows,
  resident_mib: { while_indexing: indexing, while_asking: Math.round(most / MIB) },
});
