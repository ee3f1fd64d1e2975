/**
 * Joins two ranked lists into one.
 *
 * Weighted reciprocal rank fusion (Cormack et al., 2009): `Σ w / (k + rank)`. Ranks compare across engines where
 * scores do not. The constants were chosen once on ObliQA's development set (bench/results/retrieval.json).
 */

export interface Candidate {
  readonly id: bigint;
  readonly score: number;
}

export interface Fused {
  readonly id: bigint;
  readonly fused: number;
  readonly text: number | null;
  readonly vector: number | null;
}

export const RRF_K = 60;
export const TEXT_WEIGHT = 1;
export const VECTOR_WEIGHT = 1;

/** Best first; ties go to the smaller id, so that the same question always gets the same order. */
export function fuse(text: readonly Candidate[], vector: readonly Candidate[]): Fused[] {
  const byId = new Map<bigint, { fused: number; text: number | null; vector: number | null }>();
  const add = (list: readonly Candidate[], name: 'text' | 'vector', weight: number): void => {
    list.forEach(({ id, score }, i) => {
      const entry = byId.get(id) ?? { fused: 0, text: null, vector: null };
      entry.fused += weight / (RRF_K + i + 1);
      entry[name] = score;
      byId.set(id, entry);
    });
  };
  add(text, 'text', TEXT_WEIGHT);
  add(vector, 'vector', VECTOR_WEIGHT);
  return [...byId]
    .map(([id, entry]) => ({ id, ...entry }))
    .sort((a, b) => b.fused - a.fused || (a.id < b.id ? -1 : 1));
}
