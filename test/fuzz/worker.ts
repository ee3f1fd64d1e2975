/** A thread that reads mutants one by one; `main.ts` watches it from outside and ends it when it hangs. */
import { parentPort, workerData } from 'node:worker_threads';
import { minimise } from './minimise.ts';
import { Mutants } from './mutants.ts';
import { loadSeeds } from './seeds.ts';
import { Verdicts } from './verdict.ts';

export interface Task {
  readonly run: number;
  readonly from: number;
  readonly step: number;
  readonly end: number;
  /** Two numbers: the mutant being read, and how many were read. */
  readonly progress: SharedArrayBuffer;
}
export type Report =
  | { readonly type: 'outcomes'; readonly counts: Readonly<Record<string, number>> }
  | {
      readonly type: 'failure';
      readonly index: number;
      readonly broken: string;
      readonly detail: string;
      readonly name: string;
      readonly bytes: Uint8Array;
    };

const REPORT_EVERY = 500;

async function work(task: Task, send: (report: Report) => void): Promise<void> {
  const progress = new Int32Array(task.progress);
  const seeds = loadSeeds();
  const verdicts = new Verdicts();
  for (const seed of seeds) await verdicts.learn(seed);
  const mutants = new Mutants(task.run, seeds);
  let counts: Record<string, number> = {};
  const seen = new Set<string>();
  let left = REPORT_EVERY;
  for (let index = task.from; index < task.end; index += task.step) {
    Atomics.store(progress, 0, index);
    const mutant = mutants.at(index);
    const { outcome, broken, detail } = await verdicts.of(mutant, index);
    const key = `${mutant.seed.format} ${outcome}`;
    counts[key] = (counts[key] ?? 0) + 1;
    if (broken !== undefined) {
      // One small example of each broken promise is enough; the others are counted.
      const bytes = seen.has(broken) ? mutant.bytes : await minimise(mutant, broken, index, verdicts);
      if (!seen.has(broken)) send({ type: 'failure', index, broken, detail, name: mutant.seed.name, bytes });
      seen.add(broken);
    }
    Atomics.add(progress, 1, 1);
    if (--left === 0) {
      send({ type: 'outcomes', counts });
      counts = {};
      left = REPORT_EVERY;
    }
  }
  Atomics.store(progress, 0, -1);
  send({ type: 'outcomes', counts });
}

if (parentPort !== null) {
  const port = parentPort;
  await work(workerData as Task, (report) => port.postMessage(report));
}
