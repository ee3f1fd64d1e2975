/**
 * Orders candidates again by what their words say: pairs of neighbouring words, parts of words and the share of the
 * question that a passage meets, beside the scores of the search. A linear model over ten figures, each stretched to 0…1
 * over the candidates, and an eleventh: how well the provision around a candidate, one right below it, or the one before
 * or after it fits. Frequencies are those among the candidates, so nothing is kept between questions.
 */

import { kinOf } from './kin.ts';
import { overlapOf, type Counts } from './words.ts';

/** One candidate. Higher scores are better. */
export interface Candidate {
  readonly text: string;
  readonly document: string;
  /** Id of the provision: what stands around it and beside it is read from it. */
  readonly section: string;
  /** BM25; null when full text did not list it. */
  readonly bm25: number | null;
  readonly vector: number;
  /** Late interaction, 0…1; null when the model has no terms. */
  readonly terms: number | null;
}

export const RERANK_FEATURES = [
  'bm25',
  'words',
  'pairs',
  'parts',
  'words met',
  'pairs met',
  'vector',
  'terms',
  'length',
  'document',
  'kin',
] as const;

/** What a candidate is judged by alone, before its kin is looked at: all features but the last. */
const FIRST_WEIGHTS: readonly number[] = [1.4, 0.7, 0.7, 1.8, 1.1, 1.9, 1.3, 3.5, -1.9, 1];

/**
 * In the order of RERANK_FEATURES. Learned with the method of bench/rerank-fit.ts by a prototype that computes these figures
 * from what this search listed for ObliQA's questions, dev and the multi-passage val set (bench/results/rerank-kin.json):
 * cross-validated over passages Recall@10 0.810 and MAP@10 0.686 on dev, 0.803 and 0.685 without kin. Kin was chosen among
 * six further figures with these questions in sight. `npm run eval -- retrieval` says what the product gives.
 */
export const RERANK_WEIGHTS: readonly number[] = [
  1.94, 0.28, 0.79, 0.84, 0.26, 1.52, 1.36, 3.58, -1.56, 1.02, 1.15,
];

const K1 = 1.2;
const B = 0.75;

/** One row of figures per candidate, row-major: `candidates.length × RERANK_FEATURES.length`, each 0…1. */
export function rerankFeatures(question: string, candidates: readonly Candidate[]): Float64Array {
  const columns = RERANK_FEATURES.length;
  const overlap = overlapOf(
    question,
    candidates.map(({ text }) => text),
  );
  const words = weigh(overlap.words);
  const pairs = weigh(overlap.pairs);
  const parts = weigh(overlap.parts);
  const listed = candidates.flatMap(({ bm25 }) => (bm25 === null ? [] : [bm25]));
  const least = listed.length === 0 ? 0 : Math.min(...listed);
  const bm25 = candidates.map((one) => one.bm25 ?? least);
  const values = [
    bm25,
    words.scores,
    pairs.scores,
    parts.scores,
    words.met,
    pairs.met,
    candidates.map(({ vector }) => vector),
    candidates.map(({ terms }) => terms ?? 0),
    Array.from(overlap.words.lengths, Math.log1p),
    byDocument(candidates, words.scores),
  ];
  const out = new Float64Array(candidates.length * columns);
  values.map(stretched).forEach((list, column) => {
    list.forEach((value, row) => (out[row * columns + column] = value));
  });
  const alone = stretched(
    candidates.map((_, row) =>
      FIRST_WEIGHTS.reduce((sum, weight, i) => sum + weight * (out[row * columns + i] ?? 0), 0),
    ),
  );
  const kin = kinOf(candidates.map(({ section }) => section));
  kin.forEach((rows, row) => {
    out[row * columns + columns - 1] = Math.max(0, ...rows.map((other) => alone[other] ?? 0));
  });
  return out;
}

/** To 0…1 over the list; all equal gives 0. */
function stretched(list: readonly number[]): number[] {
  const low = Math.min(...list);
  const range = Math.max(...list) - low;
  return list.map((value) => (range > 0 ? (value - low) / range : 0));
}

/** One score per candidate; higher is better, only their differences mean something. */
export function rerankScores(question: string, candidates: readonly Candidate[]): number[] {
  const features = rerankFeatures(question, candidates);
  return candidates.map((_, row) =>
    RERANK_WEIGHTS.reduce(
      (sum, weight, i) => sum + weight * (features[row * RERANK_WEIGHTS.length + i] ?? 0),
      0,
    ),
  );
}

/** BM25 of each text for what is asked, and the share of it that the text meets, by weight. */
function weigh({ asked, found, lengths }: Counts): { readonly scores: number[]; readonly met: number[] } {
  const width = asked.length;
  const rows = lengths.length;
  const frequency = asked.map((_, place) => {
    let df = 0;
    for (let at = place; at < found.length; at += width) if ((found[at] ?? 0) > 0) df++;
    return df;
  });
  const idf = frequency.map((df) => Math.log(1 + (rows - df + 0.5) / (df + 0.5)));
  const total = idf.reduce((sum, weight) => sum + weight, 0);
  const mean = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, rows);
  const scores: number[] = [];
  const met: number[] = [];
  lengths.forEach((length, row) => {
    const long = K1 * (1 - B + (B * length) / Math.max(1, mean));
    let score = 0;
    let share = 0;
    for (let place = 0; place < width; place++) {
      const n = found[row * width + place] ?? 0;
      if (n === 0) continue;
      const weight = idf[place] ?? 0;
      score += ((asked[place] ?? 0) * weight * n * (K1 + 1)) / (n + long);
      share += weight;
    }
    scores.push(score);
    met.push(total > 0 ? share / total : 0);
  });
  return { scores, met };
}

/** The best of a document's candidates speak for the others: their scores, each next one worth less. */
function byDocument(candidates: readonly Candidate[], scores: readonly number[]): number[] {
  const order = scores.map((_, i) => i).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const sums = new Map<string, number>();
  order.forEach((i, rank) => {
    const { document = '' } = candidates[i] ?? {};
    sums.set(document, (sums.get(document) ?? 0) + (scores[i] ?? 0) / (1 + rank * 0.1));
  });
  return candidates.map(({ document }) => sums.get(document) ?? 0);
}
