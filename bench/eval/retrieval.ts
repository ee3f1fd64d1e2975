/** Retrieval: full text, hybrid, and hybrid ordered again, on ObliQA dev and on two sets of our own. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sha256 } from '../../src/base/index.ts';
import type { SectionHit } from '../../src/query/index.ts';
import { percentile } from '../kit.ts';
import { indexed } from './corpus.ts';
import {
  FAILURES_MAX,
  gain,
  judge,
  mean,
  round,
  type EvalFailure,
  type EvalRow,
  type Evaluation,
} from './kit.ts';
import { eregsCitations, hseNote, obliqaDev, obliqaPassages, oshaTitles, type RetrievalSet } from './sets.ts';

const K = 10;
const CONFIGURATIONS = [
  { name: 'text', mode: 'text', rerank: false },
  { name: 'hybrid', mode: 'hybrid', rerank: false },
  { name: 'hybrid, reranked', mode: 'hybrid', rerank: true },
] as const;

function sets(data: string): RetrievalSet[] {
  const has = (folder: string): boolean => existsSync(path.join(data, folder));
  return [
    ...(has('obliqa')
      ? [
          {
            name: 'ObliQA dev',
            note: 'machine-made questions over financial rules; the weights of the fusion were chosen, and those of the reranker learned, on these questions: see the cross-validated line',
            passages: obliqaPassages(data),
            questions: obliqaDev(data),
          },
        ]
      : []),
    ...(has('osha-1926-text') ? [oshaTitles(data)] : []),
    ...(has('eregs-epa-parse') ? [eregsCitations(data)] : []),
  ];
}

async function measure(set: RetrievalSet): Promise<{ rows: EvalRow[]; failures: EvalFailure[] }> {
  const corpus = await indexed(set.passages);
  const rows: EvalRow[] = [];
  const failures: EvalFailure[] = [];
  let before: number[] | undefined;
  try {
    for (const { name, mode, rerank } of CONFIGURATIONS) {
      const times: number[] = [];
      const judged: ReturnType<typeof judge>[] = [];
      for (const { question, gold, self } of set.questions) {
        const start = performance.now();
        // Parts of one section count once, so more of them are asked for.
        const hits = await corpus.find(question, mode, 4 * K, rerank);
        times.push(performance.now() - start);
        const found = keysOf(hits).filter((key) => key !== self);
        const one = judge(found, gold, K);
        judged.push(one);
        if (rerank && one.recall === 0 && failures.length < FAILURES_MAX)
          failures.push({
            set: set.name,
            input: question.slice(0, 300),
            expected: [...gold].slice(0, 5).join(', '),
            found: found.slice(0, 3).join(', '),
          });
      }
      const recall = judged.map((one) => one.recall);
      const [by = 0, from = 0, to = 0] = before === undefined ? [] : gain(before, recall);
      rows.push({
        set: set.name,
        model: mode === 'text' ? 'BM25' : corpus.model,
        configuration: name,
        figures: {
          recall_at_10: round(mean(recall)),
          map_at_10: round(mean(judged.map((one) => one.precision))),
          mrr_at_10: round(mean(judged.map((one) => one.reciprocal))),
          p50_ms: percentile(times, 0.5),
          questions: set.questions.length,
          ...(rerank ? { recall_gain: by, recall_gain_low: from, recall_gain_high: to } : {}),
        },
      });
      before = recall;
    }
  } finally {
    await corpus.close();
  }
  return { rows, failures };
}

/** A part that hangs on the words alone. */
const some = (all: RetrievalSet['questions'], most: number | undefined): RetrievalSet['questions'] =>
  most === undefined
    ? all
    : [...all].sort((a, b) => (sha256(a.question) < sha256(b.question) ? -1 : 1)).slice(0, most);

const keysOf = (hits: readonly SectionHit[]): string[] => [...new Set(hits.map(({ citation }) => citation))];

/** What bench/rerank-fit.ts found with questions that its weights were not learned from. */
function crossValidated(): EvalRow[] {
  const file = 'bench/results/rerank-fit.json';
  if (!existsSync(file)) return [];
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, number>>;
  return (
    [
      ['ObliQA dev', 'obliqa_dev_cross_validated'],
      ['ObliQA multi-passage val', 'obliqa_multi_passage_val_cross_validated'],
    ] as const
  ).flatMap(([set, key]) => {
    const figures = kept[key];
    if (figures === undefined) return [];
    return [{ set, model: 'fractal-embed 1.0.0', configuration: 'reranked, cross-validated', figures }];
  });
}

export const evaluation: Evaluation = {
  name: 'retrieval',
  doc: 'Which passages a search finds: Recall@10, MAP@10, MRR@10, time of one question.',
  async run(data, most) {
    const rows: EvalRow[] = [];
    const failures: EvalFailure[] = [];
    const notes: string[] = [];
    for (const set of sets(data)) {
      const found = await measure({ ...set, questions: some(set.questions, most) });
      rows.push(...found.rows);
      failures.push(...found.failures);
      notes.push(`${set.name}: ${set.note}.`);
    }
    const validated = crossValidated();
    rows.push(...validated);
    notes.push(
      validated.length > 0
        ? 'Cross-validated lines are read from bench/results/rerank-fit.json (`node bench/rerank-fit.ts`).'
        : 'Cross-validated figures of the weights that ship: bench/results/rerank-kin.json.',
    );
    notes.push(hseNote(data));
    return { rows, failures, notes };
  },
};
