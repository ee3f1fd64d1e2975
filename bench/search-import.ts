/**
 * Latency of hybrid search while a CFR title is imported, and idle: `UV_THREADPOOL_SIZE=16 node bench/search-import.ts [MB]`. Writes
 * bench/results/search-import.json.
 *
 * A whole node with the model that ships, in this process, holding the two real CFR parts. A searcher asks one of 20 questions every
 * 20 ms after the answer before, through NodeApi with policy and reranking off: first for 10 s with nothing else to do, then while a
 * file of real sections of title 1 (repeated under part numbers of their own, default 8 MB) is imported. The longest silence of the
 * event loop is told beside the percentiles.
 */
import { createWriteStream, globSync, mkdtempSync, rmSync, createReadStream } from 'node:fs';
import { once } from 'node:events';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentLog } from '../src/base/index.ts';
import { initNode, openNode } from '../src/node/index.ts';
import { keep, percentile } from './kit.ts';

const MEGABYTES = Number(process.argv[2] ?? 8);
const IDLE_MS = 10_000;
const PAUSE_MS = 20;
const TITLE = '../shared/data/gpo-ecfr-fr-xml/ndash-changes-March2024/current/ECFR-title1.xml';
const QUESTIONS = [
  'hazardous waste container labels',
  'how long may a generator accumulate waste',
  'manifest discrepancies',
  'storage of explosives magazines',
  'distance between magazines and highways',
  'records of acquisition',
  'export notification to the agency',
  'small quantity generator limits',
  'training of personnel',
  'theft or loss of explosive materials',
  'emergency coordinator duties',
  'preparedness and prevention',
  'biennial report contents',
  'packaging before transport',
  'licence application and fee',
  'inspection of magazines',
  'smoking near storage',
  'acutely hazardous waste',
  'international shipments',
  'signature on the manifest',
];

const folder = mkdtempSync(path.join(tmpdir(), 'fractal-bench-'));
const dataDir = path.join(folder, 'node');
await initNode({ dataDir, log: silentLog, name: 'bench' });
const node = await openNode({ dataDir, log: silentLog, principal: 'local-operator' });
let sections = 0;
const importAll = async (paths: readonly string[]): Promise<void> => {
  for await (const event of node.import({ paths }))
    if (event.type === 'result') {
      if (event.result.status === 'rejected') throw new RangeError(event.result.source);
      sections += event.result.sections;
    }
};
await importAll(globSync(path.resolve('../shared/data/cfr-annual-xml/annual/*.xml')));
const before = sections;

/** Times of searches until `done`. */
async function searching(done: () => boolean): Promise<{ times: number[]; silence: number }> {
  const times: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  for (let i = 0; !done(); i++) {
    const from = performance.now();
    await node.search({
      query: QUESTIONS[i % QUESTIONS.length] ?? '',
      mode: 'hybrid',
      k: 10,
      at: '2020-01-01',
    });
    times.push(performance.now() - from);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  delay.disable();
  return { times, silence: Math.round(delay.max / 1e6) };
}

let title = '';
for await (const chunk of createReadStream(TITLE, 'utf8')) title += String(chunk);
const file = path.join(folder, 'title.xml');
const out = createWriteStream(file);
// Whole parts, each time with numbers of their own.
out.write('<ECFR><AMDDATE>Dec. 29, 2022</AMDDATE><DIV1 N="1" NODE="1:1" TYPE="TITLE"><HEAD>Title 1</HEAD>');
const parts = [...title.matchAll(/<DIV5 N="(\d+)"[^]*?<\/DIV5>/g)];
let bytes = 0;
for (let round = 1; bytes < MEGABYTES * 1e6; round++)
  for (const [part, number = ''] of parts) {
    const own = part.replaceAll(
      new RegExp(`\\b${number}(?=[.—"\\s])`, 'g'),
      `${round}${number.padStart(4, '0')}`,
    );
    bytes += Buffer.byteLength(own);
    if (!out.write(own)) await once(out, 'drain');
  }
out.end('</DIV1></ECFR>');
await once(out, 'finish');

const warm = performance.now();
await searching(() => performance.now() - warm > 2000);
const idleFrom = performance.now();
const idle = await searching(() => performance.now() - idleFrom > IDLE_MS);
let ended = false;
const from = performance.now();
const used = process.cpuUsage();
const work = importAll([file]).finally(() => (ended = true));
const during = await searching(() => ended);
await work;
const seconds = (performance.now() - from) / 1000;
const { user, system } = process.cpuUsage(used);
const told = ({ times, silence }: { times: number[]; silence: number }): object => ({
  searches: times.length,
  p50_ms: percentile(times, 0.5),
  p99_ms: percentile(times, 0.99),
  max_ms: percentile(times, 1),
  event_loop_max_ms: silence,
});
await node.close();
rmSync(folder, { recursive: true });
keep('search-import', {
  command: 'node bench/search-import.ts',
  sections_before: before,
  imported: { megabytes: MEGABYTES, sections: sections - before, seconds: Number(seconds.toFixed(1)) },
  processor_s: Number(((user + system) / 1e6).toFixed(1)),
  load: loadavg().map((one) => Number(one.toFixed(1))),
  idle: told(idle),
  during_import: told(during),
});
