/**
 * Late interaction (Khattab and Zaharia, 2020) over single terms: for each word of the question the best-matching word
 * of the passage counts, weighted by how much the model makes of the question's word.
 */
import type { TermVectors } from '../ports.ts';

/** Question words beyond this many, lightest first to go, are not compared. */
const QUESTION_TERMS_MAX = 48;

/** Terms are 16-bit ids. */
const TERM_IDS = 65_536;

/** One score per passage, 0…1. `passages` holds the different terms of each. */
export async function interact(
  model: TermVectors,
  question: string,
  passages: readonly Uint16Array[],
): Promise<number[]> {
  const [all = new Uint16Array(0)] = await model.termsOf([question]);
  const allWeights = await model.weightsOf(all);
  const order = [...all.keys()].sort((a, b) => (allWeights[b] ?? 0) - (allWeights[a] ?? 0));
  const kept = order.slice(0, QUESTION_TERMS_MAX);
  const asked = Uint16Array.from(kept, (i) => all[i] ?? 0);
  const weights = kept.map((i) => allWeights[i] ?? 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);

  // Where each term's column is. Plain loops from here: iterators over typed arrays took most of the time.
  const place = new Int32Array(TERM_IDS).fill(-1);
  const ids: number[] = [];
  for (const terms of passages)
    for (let i = 0; i < terms.length; i++) {
      const id = terms[i] ?? 0;
      if (place[id] === -1) place[id] = ids.push(id) - 1;
    }
  if (total === 0 || ids.length === 0) return passages.map(() => 0);
  const likeness = await model.likeness(asked, Uint16Array.from(ids));
  return passages.map((terms) => {
    let score = 0;
    for (let row = 0; row < weights.length; row++) {
      const from = row * ids.length;
      let best = 0;
      for (let i = 0; i < terms.length; i++) {
        const value = likeness[from + (place[terms[i] ?? 0] ?? 0)] ?? 0;
        if (value > best) best = value;
      }
      score += (weights[row] ?? 0) * best;
    }
    return score / total;
  });
}
