/**
 * Mutants of real and made files through every reader: `npm run test:fuzz -- [--minutes N] [--seed S] [--mutants N] [--only I]`.
 *
 * Mutant I of seed S is the same bytes on every machine. Two threads read them, each with a bounded heap; this one watches
 * the clock and the memory and ends a thread that hangs. Failing mutants are kept, made small, in fuzz-failures/.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Mutants } from './mutants.ts';
import { loadSeeds } from './seeds.ts';
import { Verdicts } from './verdict.ts';
import type { Report, Task } from './worker.ts';

const THREADS = 2;
const HEAP_MIB = 384;
/** A mutant that is still being read after this long hangs. Slowness is judged inside, by processor time. */
const HANG_MS = 30_000;
const WATCH_MS = 250;
const MEMORY_BYTES = 1536 * 1024 * 1024;
const FOLDER = 'fuzz-failures';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    mutants: { type: 'string', default: '100000' },
    only: { type: 'string' },
  },
});
const run = Number(values.seed);
const end = Number(values.mutants);
const started = performance.now();
const deadline = started + Number(values.minutes) * 60_000;

interface Failure {
  readonly index: number;
  readonly broken: string;
}
const failures: Failure[] = [];
const outcomes = new Map<string, number>();
let memoryPeak = 0;

function keep(index: number, broken: string, detail: string, name: string, bytes: Uint8Array): void {
  failures.push({ index, broken });
  mkdirSync(FOLDER, { recursive: true });
  const file = `${FOLDER}/seed-${run}-mutant-${index}-${name.replace(/[^\w.-]/g, '_')}`;
  writeFileSync(file, bytes);
  process.stdout.write(
    `BROKEN ${broken}: seed ${run}, mutant ${index}, ${bytes.length} bytes in ${file}\n  ${detail.replaceAll('\n', '\n  ')}\n`,
  );
}

if (values.only !== undefined) {
  const index = Number(values.only);
  const mutant = new Mutants(run, loadSeeds()).at(index);
  const verdicts = new Verdicts();
  await verdicts.learn(mutant.seed);
  const verdict = await verdicts.of(mutant, index);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/seed-${run}-mutant-${index}-${mutant.seed.name}`, mutant.bytes);
  process.stdout.write(
    `${mutant.seed.format} ${mutant.seed.name} ${mutant.bytes.length} bytes: ${verdict.outcome}\n${verdict.detail}\n`,
  );
  process.exit(verdict.broken === undefined ? 0 : 1);
}

/** Reads every `THREADS`th mutant; a thread that had to be ended is followed by one that goes on after it. */
async function lane(first: number): Promise<number> {
  let read = 0;
  let from = first;
  for (;;) {
    const progress = new SharedArrayBuffer(8);
    const view = new Int32Array(progress);
    Atomics.store(view, 0, from);
    const task: Task = { run, from, step: THREADS, end, progress };
    const ended = await watch(task, view);
    read += Atomics.load(view, 1);
    if (ended === 'done') return read;
    const index = Atomics.load(view, 0);
    const { seed, bytes } = new Mutants(run, loadSeeds()).at(index);
    keep(index, `${ended} (${seed.format})`, `the thread had to be ended`, seed.name, bytes);
    from = index + THREADS;
  }
}

async function watch(task: Task, view: Int32Array): Promise<string> {
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  worker.on('message', (report: Report) => {
    if (report.type === 'failure')
      keep(report.index, report.broken, report.detail, report.name, report.bytes);
    else
      for (const [key, count] of Object.entries(report.counts))
        outcomes.set(key, (outcomes.get(key) ?? 0) + count);
  });
  let done = -1;
  let since = performance.now();
  return new Promise((resolve) => {
    const stop = (why: string): void => {
      clearInterval(timer);
      worker.removeAllListeners('error');
      worker.removeAllListeners('exit');
      void worker.terminate().then(() => resolve(why));
    };
    const timer = setInterval(() => {
      const now = performance.now();
      const count = Atomics.load(view, 1);
      if (count !== done) since = now;
      done = count;
      const memory = process.memoryUsage.rss();
      memoryPeak = Math.max(memoryPeak, memory);
      if (now > deadline) stop('done');
      // A failure is being made small: several readings, so it may take longer.
      else if (now - since > HANG_MS * (count === 0 ? 3 : 1)) stop('hang');
      else if (memory > MEMORY_BYTES) stop('memory');
    }, WATCH_MS);
    worker.on('error', (error: NodeJS.ErrnoException) => {
      stop(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : `thread ${error.message.slice(0, 80)}`);
    });
    worker.on('exit', () => stop('done'));
  });
}

const counts = await Promise.all(Array.from({ length: THREADS }, (_, first) => lane(first)));
const total = counts.reduce((sum, count) => sum + count, 0);
const seconds = (performance.now() - started) / 1000;
const byFormat = new Map<string, { read: number; refused: number }>();
for (const [key, count] of outcomes) {
  const [format = '', outcome] = key.split(' ', 2);
  const sum = byFormat.get(format) ?? { read: 0, refused: 0 };
  if (outcome === 'read') sum.read += count;
  else sum.refused += count;
  byFormat.set(format, sum);
}
process.stdout.write(
  `${total} of ${end} mutants of seed ${run} in ${Math.round(seconds)} s, ${Math.round(memoryPeak / 1048576)} MiB at most\n`,
);
for (const [format, { read, refused }] of [...byFormat].sort())
  process.stdout.write(
    `${format.padEnd(18)}${String(read).padStart(8)} read ${String(refused).padStart(8)} refused\n`,
  );
process.stdout.write(`${failures.length} broken promises\n`);
if (failures.length > 0 || (total < end && performance.now() < deadline)) process.exit(1);
