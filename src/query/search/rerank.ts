/**
 * Orders candidates again by what their words say: pairs of neighbouring words, parts of words and the share of the
 * question that a passage meets, beside the scores of the search. A linear model over ten figures, each stretched to 0…1
 * over the candidates, and an eleventh: how well the provision around a candidate, one right below it, or the one before
 * or after it fits. Frequencies are those among the candidates, so nothing is kept between questions.
 */

import { kinOf } from './kin.ts';

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
/** Longer texts are weighed by their beginning. */
const TEXT_CHARS = 8000;
const PART_CHARS = 4;

/** One row of figures per candidate, row-major: `candidates.length × RERANK_FEATURES.length`, each 0…1. */
export function rerankFeatures(question: string, candidates: readonly Candidate[]): Float64Array {
  const columns = RERANK_FEATURES.length;
  const texts = candidates.map(({ text }) => wordsOf(text.slice(0, TEXT_CHARS)));
  const asked = wordsOf(question);
  const words = weigh(asked, texts);
  const pairs = weigh(pairsOf(asked), texts.map(pairsOf));
  const parts = weigh(partsOf(asked), texts.map(partsOf));
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
    texts.map(({ length }) => Math.log1p(length)),
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
function weigh(
  asked: readonly string[],
  texts: readonly (readonly string[])[],
): { readonly scores: number[]; readonly met: number[] } {
  const wanted = new Map<string, number>();
  for (const one of asked) wanted.set(one, (wanted.get(one) ?? 0) + 1);
  const counts = texts.map((text) => {
    const count = new Map<string, number>();
    for (const one of text) if (wanted.has(one)) count.set(one, (count.get(one) ?? 0) + 1);
    return count;
  });
  const frequency = new Map<string, number>();
  for (const count of counts)
    for (const one of count.keys()) frequency.set(one, (frequency.get(one) ?? 0) + 1);
  const idf = new Map(
    [...wanted.keys()].map((one) => {
      const df = frequency.get(one) ?? 0;
      return [one, Math.log(1 + (texts.length - df + 0.5) / (df + 0.5))];
    }),
  );
  const mean = texts.reduce((sum, { length }) => sum + length, 0) / Math.max(1, texts.length);
  let total = 0;
  for (const weight of idf.values()) total += weight;
  const scores: number[] = [];
  const met: number[] = [];
  counts.forEach((count, i) => {
    const long = K1 * (1 - B + (B * (texts[i]?.length ?? 0)) / Math.max(1, mean));
    let score = 0;
    let share = 0;
    for (const [one, n] of count) {
      const weight = idf.get(one) ?? 0;
      score += ((wanted.get(one) ?? 0) * weight * n * (K1 + 1)) / (n + long);
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

const STOP_WORDS = new Set(
  (
    'a about above after again against all am an and any are as at be because been before being below between both but by ' +
    'can could did do does doing down during each few for from further had has have having he her here how i if in into is ' +
    'it its just me more most my no nor not now of off on once only or other our out over own same she should so some such ' +
    'than that the their them then there these they this those through to too under until up very was we were what when ' +
    'where which while who whom why will with would you your'
  ).split(' '),
);

/** Words in lower case without those that are everywhere, and without common endings. */
function wordsOf(text: string): string[] {
  const out: string[] = [];
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
    if (!STOP_WORDS.has(word)) out.push(stem(word));
  return out;
}

/** Endings of plural, past and going on, where enough of the word is left. */
function stem(word: string): string {
  if (word.length < 5) return word;
  const cut = word.replace(/(?:ations?|ments?|ings?|edly|ies|ed|es|ly|s)$/, '');
  const base = cut.length >= 3 ? cut : word;
  return base.replace(/(?:e|y|i)$/, '');
}

function pairsOf(words: readonly string[]): string[] {
  return words.slice(1).map((word, i) => `${words[i] ?? ''} ${word}`);
}

/** Runs of a few letters, with marks where words begin and end: what words of one root share. */
function partsOf(words: readonly string[]): string[] {
  const out: string[] = [];
  for (const word of words) {
    const marked = `_${word}_`;
    for (let i = 0; i === 0 || i + PART_CHARS <= marked.length; i++)
      out.push(marked.slice(i, i + PART_CHARS));
  }
  return out;
}
