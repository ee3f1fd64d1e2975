/** One mutant read twice and judged: broken promises, differing answers, and what it cost. */
import { Broken } from './judge.ts';
import type { Mutant } from './mutants.ts';
import type { Seed } from './seeds.ts';
import { readMutant } from './targets.ts';

/** Processor time one mutant may take, times that of its seed; below the floor nothing is told apart from noise. */
const SLOWER_TIMES_MAX = 20;
const SLOW_FLOOR_MS = 1500;
/** A second reading costs as much as the first; a PDF file is read again one time in this many. */
const PDF_TWICE = 10;

export interface Verdict {
  /** `read`, or the code of a refusal. */
  readonly outcome: string;
  /** A broken promise. */
  readonly broken: string | undefined;
  readonly detail: string;
}

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

export class Verdicts {
  readonly #costs = new Map<Seed, number>();

  /** Reads a seed until its code is warm; its cost is the measure for its mutants. */
  async learn(seed: Seed): Promise<void> {
    let best = Infinity;
    for (let run = 0; run < (seed.kind === 'pdf' ? 1 : 3); run++) {
      const before = cpuMs();
      await readMutant(seed, seed.bytes);
      best = Math.min(best, cpuMs() - before);
    }
    this.#costs.set(seed, best);
  }

  async of({ seed, bytes }: Mutant, index: number): Promise<Verdict> {
    try {
      const before = cpuMs();
      const first = await readMutant(seed, bytes);
      const cost = cpuMs() - before;
      const allowed = Math.max(SLOW_FLOOR_MS, SLOWER_TIMES_MAX * (this.#costs.get(seed) ?? 0));
      if (cost > allowed)
        return {
          outcome: 'slow',
          broken: `slow ${seed.format}`,
          detail: `${Math.round(cost)} ms of processor time`,
        };
      const again = seed.kind !== 'pdf' || Math.floor(index / 18) % PDF_TWICE === 0;
      if (again && (await readMutant(seed, bytes)) !== first)
        return {
          outcome: 'differs',
          broken: `differs ${seed.format}`,
          detail: 'the same bytes gave other events',
        };
      return { outcome: /^[0-9a-f]{64}$/.test(first) ? 'read' : first, broken: undefined, detail: '' };
    } catch (error) {
      const code = error instanceof Broken ? error.code : 'harness';
      const detail = error instanceof Error ? (error.stack ?? error.message).slice(0, 600) : String(error);
      return { outcome: 'broken', broken: `${code} (${seed.format})`, detail };
    }
  }
}
