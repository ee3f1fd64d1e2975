/**
 * What evaluations share. Each file of this folder that exports `evaluation` is run by `npm run eval` and adds its rows to
 * the table and its failures to bench/results/eval.json.
 */
import { SeededRandom } from '../../src/base/index.ts';

/** One line of the table: a model in a configuration on a set, with its figures. */
export interface EvalRow {
  readonly set: string;
  readonly model: string;
  readonly configuration: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** What went wrong, told so that a reader can look it up. No more than FAILURES_MAX per set are kept. */
export interface EvalFailure {
  readonly set: string;
  readonly input: string;
  readonly expected: string;
  readonly found: string;
}

export interface EvalResult {
  readonly rows: readonly EvalRow[];
  readonly failures: readonly EvalFailure[];
  /** What a reader must know to judge the figures: who made the set, what was learned on what. */
  readonly notes: readonly string[];
}

export interface Evaluation {
  readonly name: string;
  readonly doc: string;
  /** `data` is the folder of public sets. A set that is not there is left out with a note. */
  /** `most`: at most so many questions of each set, by the hash of their words; all when absent. */
  run(data: string, most?: number): Promise<EvalResult>;
}

export const FAILURES_MAX = 12;

export const round = (value: number): number => Number(value.toFixed(4));
export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

export interface Ranked {
  readonly recall: number;
  readonly precision: number;
  readonly reciprocal: number;
}

/** Recall, average precision and reciprocal rank of the first ten, each key counted once. */
export function judge(found: readonly string[], gold: ReadonlySet<string>, k = 10): Ranked {
  const seen = [...new Set(found)].slice(0, k);
  let right = 0;
  let sum = 0;
  let reciprocal = 0;
  seen.forEach((key, i) => {
    if (!gold.has(key)) return;
    right++;
    sum += right / (i + 1);
    if (reciprocal === 0) reciprocal = 1 / (i + 1);
  });
  return { recall: right / gold.size, precision: sum / Math.min(gold.size, k), reciprocal };
}

/** Mean of b over a with its 95 % interval, by a paired bootstrap. */
export function gain(a: readonly number[], b: readonly number[]): readonly [number, number, number] {
  const random = new SeededRandom(1);
  const differences = b.map((value, i) => value - (a[i] ?? 0));
  const means = Array.from({ length: 1000 }, () =>
    mean(differences.map(() => differences[random.below(differences.length)] ?? 0)),
  ).sort((x, y) => x - y);
  return [round(mean(differences)), round(means[25] ?? 0), round(means[974] ?? 0)];
}
