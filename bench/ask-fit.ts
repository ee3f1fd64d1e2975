/**
 * Learns how sure an answer is: `node bench/ask-fit.ts [DATA [CASES]]`. A logistic model over four signals, on the cases for
 * learning of bench/eval/answerable.ts; prints weights for src/ai/ask/confidence.ts, whose own were set by hand, and figures
 * on the others.
 */
import type { Signals } from '../src/ai/index.ts';
import { abstention, answerableCases, type AnswerableCase } from './eval/answerable.ts';
import { round } from './eval/kit.ts';
import { keep } from './kit.ts';

const CASES = Number(process.argv[3] ?? 500);
const STEPS = 20_000;
const RATE = 1;
const PENALTY = 0.0005;
const NAMES = ['sentence', 'passage', 'exact', 'vector'] as const satisfies readonly (keyof Signals)[];

const cases = await answerableCases(process.argv[2] ?? '../shared/data', CASES);
const learn = cases.filter((one) => one.learn);
const rest = cases.filter((one) => !one.learn);
const weights = [0, 0, 0, 0, 0];
const rowOf = ({ signals }: AnswerableCase): number[] => [1, ...NAMES.map((name) => signals[name])];
const chance = (one: AnswerableCase): number =>
  1 / (1 + Math.exp(-rowOf(one).reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0)));
for (let step = 0; step < STEPS; step++) {
  const gradient = weights.map((weight, i) => (i === 0 ? 0 : 2 * PENALTY * weight));
  for (const one of learn) {
    const push = chance(one) - (one.answerable ? 1 : 0);
    rowOf(one).forEach((value, i) => {
      gradient[i] = (gradient[i] ?? 0) + (push * value) / learn.length;
    });
  }
  gradient.forEach((value, i) => {
    weights[i] = (weights[i] ?? 0) - RATE * value;
  });
}
const mean = (name: keyof Signals, answerable: boolean): number => {
  const of = cases.filter((one) => one.answerable === answerable);
  return round(of.reduce((sum, { signals }) => sum + signals[name], 0) / of.length);
};
const at = (threshold: number): object =>
  abstention(rest.map((one) => ({ answerable: one.answerable, abstained: chance(one) < threshold })));
keep('ask-fit', {
  command: `node bench/ask-fit.ts${process.argv[3] === undefined ? '' : ` ../shared/data ${CASES}`}`,
  method:
    'half of ObliQA’s documents are the corpus; learned on half of the questions by gold passage, figures on the others',
  learned_from: learn.length,
  weights: Object.fromEntries(
    ['bias', ...NAMES].map((name, i) => [name, Number((weights[i] ?? 0).toFixed(2))]),
  ),
  means: Object.fromEntries(NAMES.map((name) => [name, [mean(name, true), mean(name, false)]])),
  held_out_by_threshold: Object.fromEntries([0.3, 0.4, 0.5, 0.6, 0.7].map((one) => [one, at(one)])),
});
