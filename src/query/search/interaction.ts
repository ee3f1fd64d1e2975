/**
 * Late interaction (Khattab and Zaharia, 2020) over single terms: for each word of the question the best-matching word
 * of the passage counts, weighted by how much the model makes of the question's word.
 */
import type { TermVectors } from '../ports.ts';

/** Question words beyond this many, lightest first to go, are not compared. */
const QUESTION_TERMS_MAX = 24;

/** One score per passage, 0…1. `passages` holds the different terms of each. */
export async function interact(
  model: TermVectors,
  dimension: number,
  question: string,
  passages: readonly Uint16Array[],
): Promise<number[]> {
  const [asked = new Uint16Array(0)] = await model.termsOf([question]);
  const own = await model.vectorsOf(asked);
  const order = [...asked.keys()].sort((a, b) => (own.weights[b] ?? 0) - (own.weights[a] ?? 0));
  const kept = order.slice(0, QUESTION_TERMS_MAX);
  const total = kept.reduce((sum, i) => sum + (own.weights[i] ?? 0), 0);
  if (total === 0) return passages.map(() => 0);

  const all = Uint16Array.from(new Set(passages.flatMap((terms) => [...terms])));
  const place = new Map([...all].map((id, i) => [id, i]));
  const { vectors } = await model.vectorsOf(all);
  const places = passages.map((terms) => Int32Array.from(terms, (id) => place.get(id) ?? 0));
  const scores = new Float64Array(passages.length);
  const likeness = new Float32Array(all.length);
  for (const i of kept) {
    const word = own.vectors.subarray(i * dimension, (i + 1) * dimension);
    compare(word, vectors, dimension, likeness);
    const share = (own.weights[i] ?? 0) / total;
    places.forEach((list, p) => {
      let best = 0;
      for (const at of list) {
        const value = likeness[at] ?? 0;
        if (value > best) best = value;
      }
      scores[p] = (scores[p] ?? 0) + share * best;
    });
  }
  return [...scores];
}

/** Dot products of one vector with many. The hot loop: four sums at a time keep the processor busy. */
function compare(word: Float32Array, vectors: Float32Array, dimension: number, out: Float32Array): void {
  for (let row = 0, at = 0; row < out.length; row++, at += dimension) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < dimension; i += 4) {
      a += (word[i] as number) * (vectors[at + i] as number);
      b += (word[i + 1] as number) * (vectors[at + i + 1] as number);
      c += (word[i + 2] as number) * (vectors[at + i + 2] as number);
      d += (word[i + 3] as number) * (vectors[at + i + 3] as number);
    }
    out[row] = a + b + c + d;
  }
}
