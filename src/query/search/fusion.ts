/**
 * Joins what full text, the passage vector and the single terms say of each candidate into one ranking.
 *
 * Each kind of score is stretched to 0…1 over the candidates and the three are added with fixed weights. Chosen once on
 * ObliQA's development set (bench/results/retrieval.json), where ranks alone (reciprocal rank fusion) lost against full
 * text, because they throw away by how much the first hit leads.
 */

/** What is known of one candidate. Higher is better. */
export interface Evidence {
  readonly id: bigint;
  /** BM25; null when full text did not list it. */
  readonly text: number | null;
  /** Cosine of the vectors of question and passage. */
  readonly vector: number;
  /** Late interaction, 0…1; null when the model has no terms. */
  readonly terms: number | null;
}

export interface Fused extends Evidence {
  readonly fused: number;
}

export const WEIGHTS = { text: 0.4, terms: 0.4, vector: 0.2 } as const;
/** For models without terms. */
export const WEIGHTS_WITHOUT_TERMS = { text: 0.65, vector: 0.35 } as const;

/** To 0…1 over the list; all equal gives 0. */
function stretch(values: readonly number[]): number[] {
  const low = Math.min(...values);
  const range = Math.max(...values) - low;
  return values.map((value) => (range > 0 ? (value - low) / range : 0));
}

/** Best first; ties go to the smaller id, so that the same question always gets the same order. */
export function fuse(candidates: readonly Evidence[]): Fused[] {
  if (candidates.length === 0) return [];
  const listed = candidates.flatMap(({ text }) => (text === null ? [] : [text]));
  // What full text did not list is worth no more than the last that it did.
  const least = listed.length === 0 ? 0 : Math.min(...listed);
  const text = stretch(candidates.map((one) => one.text ?? least));
  const vector = stretch(candidates.map((one) => one.vector));
  const withTerms = candidates.every((one) => one.terms !== null);
  const terms = stretch(candidates.map((one) => one.terms ?? 0));
  const at = (list: readonly number[], i: number): number => list[i] ?? 0;
  return candidates
    .map((one, i) => ({
      ...one,
      fused: withTerms
        ? WEIGHTS.text * at(text, i) + WEIGHTS.terms * at(terms, i) + WEIGHTS.vector * at(vector, i)
        : WEIGHTS_WITHOUT_TERMS.text * at(text, i) + WEIGHTS_WITHOUT_TERMS.vector * at(vector, i),
    }))
    .sort((a, b) => b.fused - a.fused || (a.id < b.id ? -1 : 1));
}
