/**
 * Trains and judges obligation detection: `node bench/obligations.ts`; with `--write-weights` it writes
 * src/ingest/obligations/weights.ts anew from all sentences. Needs ../shared/data (or FRACTAL_SHARED).
 *
 * Data: 685 sentences of EU law that legal experts labelled (eu-rules-obligations, Apache-2.0). The data does not say
 * which act a sentence comes from, so near-duplicates are kept in one fold instead. Rules and word lists were written while
 * looking at one half of the sentences (`opened`); the other half (`sealed`) was never printed, and has its own figures.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SeededRandom } from '../src/base/index.ts';
import { DIMENSIONS, sigmoid, vectorOf } from '../src/ingest/obligations/classifier.ts';
import { featureNames, isRegulatoryByRules, readSentence } from '../src/ingest/obligations/read.ts';

const shared = path.resolve(process.env['FRACTAL_SHARED'] ?? '../shared', 'data');
const labels = path.join(shared, 'eu-rules-obligations/ground_truth_classifications.json');

interface Example {
  readonly text: string;
  readonly isRegulatory: boolean;
  readonly vector: readonly (readonly [place: number, value: number])[];
  readonly rules: boolean;
  readonly keyword: boolean;
  readonly isSealed: boolean;
}

interface Model {
  readonly weights: Float64Array;
  readonly bias: number;
  readonly slope: number;
  readonly shift: number;
}

const FOLDS = 10;
const SEED = 20_240_717;
const STRENGTHS = process.argv.includes('--quick') ? [] : [0.3, 1, 3];

/** The half whose sentences were looked at while the rules were written, by a fixed order. */
function openedTexts(texts: readonly string[]): Set<string> {
  let state = 7;
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648);
  const order = texts.map((text) => ({ text, at: next() })).sort((a, b) => a.at - b.at);
  return new Set(order.slice(0, 343).map(({ text }) => text));
}

function loadExamples(): Example[] {
  const data = JSON.parse(readFileSync(labels, 'utf8')) as Record<string, 'regulatory' | 'constitutive'>;
  const opened = openedTexts(Object.keys(data));
  return Object.entries(data).map(([text, label]) => {
    const reading = readSentence(text);
    return {
      text,
      isRegulatory: label === 'regulatory',
      vector: [...vectorOf(featureNames(reading))],
      rules: isRegulatoryByRules(reading),
      keyword: /\b(?:shall|must)\b/.test(text),
      isSealed: !opened.has(text),
    };
  });
}

/** Near-duplicates share a group: half of their runs of four words are the same, numbers aside. */
function groupsOf(examples: readonly Example[]): number[] {
  const shingles = examples.map(({ text }) => {
    const words = text.toLowerCase().replace(/\d+/g, '0').split(/[^\p{L}\p{N}]+/u);
    return new Set(words.map((_, i) => words.slice(i, i + 4).join(' ')));
  });
  const group = examples.map((_, i) => i);
  const find = (i: number): number => (group[i] === i ? i : find(group[i] ?? i));
  for (const [i, a] of shingles.entries())
    for (let j = 0; j < i; j++) {
      const b = shingles[j] ?? new Set();
      if (Math.min(a.size, b.size) * 2 < Math.max(a.size, b.size)) continue;
      let both = 0;
      for (const item of a) if (b.has(item)) both++;
      if (both / (a.size + b.size - both) > 0.5) group[find(i)] = find(j);
    }
  return group.map((_, i) => find(i));
}

/** A fold for each example: groups stay whole, both labels are spread evenly. */
function foldsOf(examples: readonly Example[], groups: readonly number[], count: number, seed: number): number[] {
  const random = new SeededRandom(seed);
  const ids = [...new Set(groups)].map((id) => ({ id, at: random.float() })).sort((a, b) => a.at - b.at);
  const load = Array.from({ length: count }, () => [0, 0]);
  const foldOf = new Map<number, number>();
  const members = new Map<number, Example[]>();
  for (const [i, id] of groups.entries()) {
    const example = examples[i];
    if (example !== undefined) members.set(id, [...(members.get(id) ?? []), example]);
  }
  const size = (id: number): number => members.get(id)?.length ?? 0;
  ids.sort((a, b) => size(b.id) - size(a.id));
  for (const { id } of ids) {
    const label = members.get(id)?.[0]?.isRegulatory === true ? 1 : 0;
    let best = 0;
    for (let fold = 1; fold < count; fold++)
      if ((load[fold]?.[label] ?? 0) < (load[best]?.[label] ?? 0)) best = fold;
    foldOf.set(id, best);
    const counts = load[best];
    if (counts !== undefined) counts[label] = (counts[label] ?? 0) + size(id);
  }
  return groups.map((id) => foldOf.get(id) ?? 0);
}

function score(weights: Float64Array, bias: number, vector: Example['vector']): number {
  let sum = bias;
  for (const [place, value] of vector) sum += value * (weights[place] ?? 0);
  return sum;
}

/** Logistic regression, L2, by full-batch gradient steps with momentum: no randomness at all. */
function fit(examples: readonly Example[], strength: number): { weights: Float64Array; bias: number } {
  const weights = new Float64Array(DIMENSIONS);
  const speed = new Float64Array(DIMENSIONS);
  let bias = 0;
  let biasSpeed = 0;
  const rate = 1 / (0.25 * Math.max(...examples.map(({ vector }) => vector.reduce((s, [, v]) => s + v * v, 1))) + strength / examples.length);
  for (let step = 0; step < 150; step++) {
    const gradient = new Float64Array(DIMENSIONS);
    let biasGradient = 0;
    for (const { vector, isRegulatory } of examples) {
      const error = sigmoid(score(weights, bias, vector)) - (isRegulatory ? 1 : 0);
      for (const [place, value] of vector) gradient[place] = (gradient[place] ?? 0) + error * value;
      biasGradient += error;
    }
    for (let i = 0; i < DIMENSIONS; i++) {
      const slope = ((gradient[i] ?? 0) + strength * (weights[i] ?? 0)) / examples.length;
      speed[i] = 0.9 * (speed[i] ?? 0) - rate * slope;
      weights[i] = (weights[i] ?? 0) + (speed[i] ?? 0);
    }
    biasSpeed = 0.9 * biasSpeed - (rate * biasGradient) / examples.length;
    bias += biasSpeed;
  }
  return { weights, bias };
}

/** Platt's scaling of held-out scores: slope and shift by Newton's steps. */
function calibrate(scores: readonly { x: number; y: boolean }[]): { slope: number; shift: number } {
  let [slope, shift] = [1, 0];
  for (let step = 0; step < 50; step++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-6, 0, 1e-6];
    for (const { x, y } of scores) {
      const p = sigmoid(slope * x + shift);
      const w = p * (1 - p);
      const d = p - (y ? 1 : 0);
      g0 += d * x;
      g1 += d;
      h00 += w * x * x;
      h01 += w * x;
      h11 += w;
    }
    const det = h00 * h11 - h01 * h01;
    slope -= (h11 * g0 - h01 * g1) / det;
    shift -= (h00 * g1 - h01 * g0) / det;
  }
  return { slope, shift };
}

/** Strength and calibration come from folds inside the training part alone. */
function train(examples: readonly Example[], seed: number): Model & { strength: number } {
  if (STRENGTHS.length === 0) return { ...fit(examples, 1), slope: 1, shift: 0, strength: 1 };
  const folds = foldsOf(examples, groupsOf(examples), 5, seed);
  let best = { strength: 1, loss: Infinity, scores: [] as { x: number; y: boolean }[] };
  for (const strength of STRENGTHS) {
    const scores: { x: number; y: boolean }[] = [];
    for (let fold = 0; fold < 5; fold++) {
      const { weights, bias } = fit(
        examples.filter((_, i) => folds[i] !== fold),
        strength,
      );
      for (const [i, example] of examples.entries())
        if (folds[i] === fold) scores.push({ x: score(weights, bias, example.vector), y: example.isRegulatory });
    }
    const { slope, shift } = calibrate(scores);
    const loss = scores.reduce((sum, { x, y }) => {
      const p = sigmoid(slope * x + shift);
      return sum - Math.log(Math.max(1e-9, y ? p : 1 - p));
    }, 0);
    if (loss < best.loss) best = { strength, loss, scores };
  }
  return { ...fit(examples, best.strength), ...calibrate(best.scores), strength: best.strength };
}

const probability = (model: Model, example: Example): number =>
  sigmoid(model.slope * score(model.weights, model.bias, example.vector) + model.shift);

interface Figures {
  readonly sentences: number;
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly confusion: { readonly tp: number; readonly fp: number; readonly fn: number; readonly tn: number };
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000;

function judge(pairs: readonly { said: boolean; is: boolean }[]): Figures {
  const count = (said: boolean, is: boolean): number => pairs.filter((p) => p.said === said && p.is === is).length;
  const [tp, fp, fn, tn] = [count(true, true), count(true, false), count(false, true), count(false, false)];
  const precision = tp / Math.max(1, tp + fp);
  const recall = tp / Math.max(1, tp + fn);
  return {
    sentences: pairs.length,
    accuracy: round((tp + tn) / pairs.length),
    precision: round(precision),
    recall: round(recall),
    f1: round((2 * precision * recall) / Math.max(1e-9, precision + recall)),
    confusion: { tp, fp, fn, tn },
  };
}

/** How far stated probabilities are from what happened, in ten bins, and the Brier score. */
function calibration(pairs: readonly { p: number; is: boolean }[]): { brier: number; expected_error: number } {
  const bins = Array.from({ length: 10 }, () => ({ n: 0, p: 0, y: 0 }));
  for (const { p, is } of pairs) {
    const bin = bins[Math.min(9, Math.floor(p * 10))];
    if (bin === undefined) continue;
    bin.n++;
    bin.p += p;
    bin.y += is ? 1 : 0;
  }
  const expected = bins.reduce((sum, { p, y }) => sum + Math.abs(p - y), 0) / pairs.length;
  const brier = pairs.reduce((sum, { p, is }) => sum + (p - (is ? 1 : 0)) ** 2, 0) / pairs.length;
  return { brier: round(brier), expected_error: round(expected) };
}

function crossValidate(examples: readonly Example[], seed: number): number[] {
  const folds = foldsOf(examples, groupsOf(examples), FOLDS, seed);
  const said: number[] = examples.map(() => 0);
  for (let fold = 0; fold < FOLDS; fold++) {
    const model = train(
      examples.filter((_, i) => folds[i] !== fold),
      seed + fold,
    );
    for (const [i, example] of examples.entries()) if (folds[i] === fold) said[i] = probability(model, example);
  }
  return said;
}

const examples = loadExamples();
const said = crossValidate(examples, SEED);
const judged = examples.map((example, i) => ({ example, p: said[i] ?? 0 }));
const figures = (of: typeof judged, decide: (x: (typeof judged)[number]) => boolean): Figures =>
  judge(of.map((x) => ({ said: decide(x), is: x.example.isRegulatory })));
for (const [name, of] of [['all', judged], ['opened', judged.filter((x) => !x.example.isSealed)], ['sealed', judged.filter((x) => x.example.isSealed)]] as const) {
  console.log(name, 'model', JSON.stringify(figures(of, (x) => x.p >= 0.5)));
  console.log(name, 'rules', JSON.stringify(figures(of, (x) => x.example.rules)));
}
console.log(calibration(judged.map((x) => ({ p: x.p, is: x.example.isRegulatory }))));
if (process.argv.includes('--errors'))
  for (const { example, p } of judged)
    if (!example.isSealed && p >= 0.5 !== example.isRegulatory)
      console.log(example.isRegulatory ? 'REG' : 'CON', p.toFixed(2), example.rules ? 'R' : '-', example.text.replace(/\s+/g, ' ').slice(0, 230));
if (process.argv.includes('--rule-errors'))
  for (const { example, p } of judged)
    if (!example.isSealed && example.rules !== example.isRegulatory)
      console.log(example.isRegulatory ? 'REG' : 'CON', p.toFixed(2), example.text.replace(/\s+/g, ' ').slice(0, 200));
