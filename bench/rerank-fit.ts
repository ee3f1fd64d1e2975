/**
 * Learns the weights of the reranker: `node bench/rerank-fit.ts [DATA]` (default ../shared/data).
 *
 * On the questions of ObliQA dev and of the multi-passage val set, through the node's own search. A listwise softmax over
 * each question's candidates with a small penalty, by gradient descent. The figures are cross-validated: passages fall into
 * five folds by the hash of their id; a question is judged by weights learned without any question that shares a gold
 * passage with its fold. The weights printed last are learned from all. Those that src/query/search/rerank.ts holds
 * were learned by a prototype of this: bench/results/rerank-kin.json.
 */
import { sha256 } from '../src/base/index.ts';
import { RERANK_FEATURES, rerankFeatures, type Candidate } from '../src/query/index.ts';
import { indexed } from './eval/corpus.ts';
import { judge, mean, round } from './eval/kit.ts';
import { obliqaDev, obliqaMultiVal, obliqaPassages } from './eval/sets.ts';
import { keep } from './kit.ts';

const data = process.argv[2] ?? '../shared/data';
const FOLDS = 5;
const STEPS = 250;
const RATE = 0.15;
const PENALTY = 0.001;

interface Case {
  readonly keys: readonly string[];
  readonly rows: Float64Array;
  readonly gold: ReadonlySet<string>;
  readonly folds: ReadonlySet<number>;
  readonly fold: number;
  readonly dev: boolean;
}

let seen: { ids: readonly string[]; candidates: readonly Candidate[] } = { ids: [], candidates: [] };
const corpus = await indexed(obliqaPassages(data), (ids, candidates) => {
  seen = { ids, candidates };
});
const dev = obliqaDev(data);
const foldOf = (key: string): number => parseInt(sha256(key).slice(0, 8), 16) % FOLDS;
const cases: Case[] = [];
for (const [i, { question, gold }] of [...dev, ...obliqaMultiVal(data)].entries()) {
  await corpus.find(question, 'hybrid', 10, true);
  const keys = seen.ids.map((id) => id.split('~')[0] ?? '');
  const rows = rerankFeatures(question, seen.candidates);
  const [first = ''] = gold;
  const folds = new Set([...gold].map(foldOf));
  cases.push({ keys, rows, gold, folds, fold: foldOf(first), dev: i < dev.length });
}
await corpus.close();

const width = RERANK_FEATURES.length;
const scoresOf = ({ keys, rows }: Case, weights: readonly number[]): number[] =>
  keys.map((_, row) => weights.reduce((sum, weight, i) => sum + weight * (rows[row * width + i] ?? 0), 0));

/** Adam on minus the log of what the softmax gives the gold passages. */
function fit(learn: readonly Case[]): number[] {
  const weights = RERANK_FEATURES.map(() => 1);
  const first = weights.map(() => 0);
  const second = weights.map(() => 0);
  for (let step = 1; step <= STEPS; step++) {
    const gradient = weights.map((weight) => 2 * PENALTY * weight);
    for (const one of learn) {
      const right = one.keys.flatMap((key, row) => (one.gold.has(key) ? [row] : []));
      if (right.length === 0) continue;
      const scores = scoresOf(one, weights);
      const high = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - high));
      const total = shares.reduce((sum, share) => sum + share, 0);
      for (let row = 0; row < shares.length; row++) {
        const push = (shares[row] ?? 0) / total - (one.gold.has(one.keys[row] ?? '') ? 1 / right.length : 0);
        for (let i = 0; i < width; i++)
          gradient[i] = (gradient[i] ?? 0) + (push * (one.rows[row * width + i] ?? 0)) / learn.length;
      }
    }
    for (let i = 0; i < width; i++) {
      const g = gradient[i] ?? 0;
      first[i] = 0.9 * (first[i] ?? 0) + 0.1 * g;
      second[i] = 0.999 * (second[i] ?? 0) + 0.001 * g * g;
      const m = (first[i] ?? 0) / (1 - 0.9 ** step);
      const v = (second[i] ?? 0) / (1 - 0.999 ** step);
      weights[i] = (weights[i] ?? 0) - (RATE * m) / (Math.sqrt(v) + 1e-8);
    }
  }
  return weights;
}

function figures(
  list: readonly Case[],
  weightsFor: (one: Case) => readonly number[],
): Record<string, number> {
  const judged = list.map((one) => {
    const scores = scoresOf(one, weightsFor(one));
    const order = scores.map((_, i) => i).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
    return judge(
      order.map((i) => one.keys[i] ?? ''),
      one.gold,
    );
  });
  return {
    recall_at_10: round(mean(judged.map(({ recall }) => recall))),
    map_at_10: round(mean(judged.map(({ precision }) => precision))),
    questions: list.length,
  };
}

const byFold = Array.from({ length: FOLDS }, (_, fold) => fit(cases.filter(({ folds }) => !folds.has(fold))));
const weightsOfFold = ({ fold }: Case): readonly number[] => byFold[fold] ?? [];
const all = fit(cases);
keep('rerank-fit', {
  command: 'node bench/rerank-fit.ts',
  method:
    'five folds by gold passage; no question that shares a gold passage with a fold takes part in learning for it',
  features: RERANK_FEATURES,
  among_candidates: round(
    mean(cases.filter((one) => one.dev).map(({ keys, gold }) => judge(keys, gold, keys.length).recall)),
  ),
  obliqa_dev_cross_validated: figures(
    cases.filter((one) => one.dev),
    weightsOfFold,
  ),
  obliqa_multi_passage_val_cross_validated: figures(
    cases.filter((one) => !one.dev),
    weightsOfFold,
  ),
  weights_by_fold: byFold.map((weights) => weights.map(round)),
  weights: all.map((weight) => Number(weight.toFixed(2))),
});
