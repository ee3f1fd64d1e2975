/**
 * Answers: whether the first claim cites the right provision, whether every quote stands there, how well the node abstains,
 * and whether the check of claims tells right ones from ones that were made wrong on purpose.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CONFIDENCE_MIN, checkClaim, confidenceOf, type AskAnswer } from '../../src/ai/index.ts';
import { silentLog } from '../../src/base/index.ts';
import { findObligations } from '../../src/ingest/index.ts';
import { initNode, openNode, type FractalNode } from '../../src/node/index.ts';
import { percentile } from '../kit.ts';
import { abstention, answerableCases } from './answerable.ts';
import { FAILURES_MAX, mean, round, type EvalFailure, type EvalRow, type Evaluation } from './kit.ts';

interface Questions {
  readonly with_answer: readonly (readonly [question: string, citation: string])[];
  readonly without_answer: readonly string[];
}
const SET = '29 CFR 1910.147, questions of ours';
const OBLIQA_CASES = 300;

async function lockout(data: string): Promise<{ rows: EvalRow[]; failures: EvalFailure[] }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'fractal-eval-'));
  const dataDir = path.join(folder, 'node');
  await initNode({ dataDir, log: silentLog, name: 'eval' });
  const node = await openNode({ dataDir, log: silentLog, principal: 'local-operator' });
  try {
    for await (const event of node.import({ paths: [path.join(data, 'ecfr-osha-1910-147')] })) void event;
    return await asked(node);
  } finally {
    await node.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function asked(node: FractalNode): Promise<{ rows: EvalRow[]; failures: EvalFailure[] }> {
  const file = path.join(import.meta.dirname, 'questions-1910-147.json');
  const { with_answer: has, without_answer: none } = JSON.parse(readFileSync(file, 'utf8')) as Questions;
  const failures: EvalFailure[] = [];
  const cases: { answerable: boolean; abstained: boolean }[] = [];
  const right: { first: boolean; any: boolean; read: boolean }[] = [];
  const times: number[] = [];
  let quotes = 0;
  let standing = 0;
  const ask = async (question: string): Promise<AskAnswer> => {
    const start = performance.now();
    for await (const event of node.ask({ question, model: 'extractive' }))
      if (event.type === 'answer') {
        times.push(performance.now() - start);
        return event.answer;
      }
    throw new TypeError('no answer');
  };
  for (const [question, expected] of has) {
    const answer = await ask(question);
    const cited = answer.claims.map(({ citations }) => citations.map(({ citation }) => citation));
    const fits = (citations: readonly string[] = []): boolean =>
      citations.some((citation) => citation.startsWith(expected));
    cases.push({ answerable: true, abstained: answer.abstained });
    const read = fits(answer.passages.map(({ citation }) => citation));
    right.push({ first: fits(cited[0]), any: cited.some(fits), read });
    if (!fits(cited[0]))
      failures.push({ set: SET, input: question, expected, found: cited[0]?.join(', ') ?? 'abstained' });
    for (const { citations } of answer.claims)
      for (const one of citations) {
        quotes++;
        const [row] = await node.parts.store.rows<{ text: string }>(
          'select text from law.sections where version_id = $1 and section_id = $2',
          [one.version_id, one.section_id],
        );
        if (row?.text.slice(one.start, one.end) === one.quote) standing++;
      }
  }
  for (const question of none) {
    const answer = await ask(question);
    cases.push({ answerable: false, abstained: answer.abstained });
    if (!answer.abstained)
      failures.push({
        set: SET,
        input: question,
        expected: 'abstain',
        found: answer.claims[0]?.text.slice(0, 120) ?? '',
      });
  }
  const share = (of: (one: (typeof right)[number]) => boolean): number =>
    round(mean(right.map((one) => (of(one) ? 1 : 0))));
  const row: EvalRow = {
    set: SET,
    model: 'fractal-embed 1.0.0',
    configuration: 'ask, extractive',
    figures: {
      first_claim_right: share(({ first }) => first),
      a_claim_right: share(({ any }) => any),
      right_one_read: share(({ read }) => read),
      quotes_that_stand: round(standing / Math.max(1, quotes)),
      ...abstention(cases),
      p50_ms: percentile(times, 0.5),
    },
  };
  const checked = await checks(node);
  return { rows: [row, ...checked.rows], failures: [...failures, ...checked.failures] };
}

/** Changes that make a sentence of law say something else, or nothing different. */
const CHANGES: readonly (readonly [name: string, isRight: boolean, change: (sentence: string) => string])[] =
  [
    ['as it stands', true, (sentence) => sentence],
    ['shall → must', true, (sentence) => sentence.replace(/\bshall\b/g, 'must')],
    ['first words left out', true, (sentence) => sentence.replace(/^[^,]{3,60}, (?=\w+ \w+)/, '')],
    ['duty → permission', false, (sentence) => sentence.replace(/\b(?:shall|must)\b/g, 'may')],
    ['negation put in', false, (sentence) => sentence.replace(/\b(shall|must|may)\b/, '$1 not')],
    ['a number put in', false, (sentence) => `${sentence.replace(/[.;]\s*$/, '')} within 45 days.`],
  ];

async function checks(node: FractalNode): Promise<{ rows: EvalRow[]; failures: EvalFailure[] }> {
  const set = 'check of claims, sentences of 29 CFR 1910.147 changed';
  const { store, embedder } = node.parts;
  const sections = await store.rows<{ text: string }>('select text from law.sections where text <> $1', ['']);
  const sentences = sections
    .flatMap(({ text }) =>
      findObligations({ text, language: 'en', leadIns: [] }).map(({ sentence }) => sentence),
    )
    .filter((sentence) => sentence.split(' ').length >= 8);
  const rows: EvalRow[] = [];
  const failures: EvalFailure[] = [];
  const all: typeof CHANGES = [
    ...CHANGES,
    [
      'another sentence',
      false,
      (sentence) => sentences[(sentences.indexOf(sentence) + 7) % sentences.length] ?? '',
    ],
  ];
  for (const [configuration, isRight, change] of all) {
    const pairs = sentences
      .map((sentence) => [sentence, change(sentence)] as const)
      .filter(([sentence, claim]) => configuration === 'as it stands' || claim !== sentence);
    let judgedRight = 0;
    for (const [sentence, claim] of pairs) {
      const { ok } = await checkClaim(embedder, claim, [sentence]);
      if (ok === isRight) judgedRight++;
      else if (failures.length < FAILURES_MAX)
        failures.push({
          set,
          input: claim.slice(0, 200),
          expected: isRight ? 'shown' : 'left out',
          found: configuration,
        });
    }
    rows.push({
      set,
      model: 'rules',
      configuration: `${configuration} (${isRight ? 'to be shown' : 'to be left out'})`,
      figures: { judged_right: round(judgedRight / Math.max(1, pairs.length)), claims: pairs.length },
    });
  }
  return { rows, failures };
}

async function obliqa(data: string, most: number): Promise<{ row: EvalRow; failures: EvalFailure[] }> {
  const set = 'ObliQA dev, half of the documents, questions not learned from';
  const cases = (await answerableCases(data, most)).filter(({ learn }) => !learn);
  const told = cases.map((one) => ({ ...one, abstained: confidenceOf(one.signals) < CONFIDENCE_MIN }));
  const has = told.filter(({ answerable }) => answerable);
  const failures = told
    .filter(({ answerable, abstained }) => answerable === abstained)
    .map(({ question, answerable, found, signals }) => ({
      set,
      input: question.slice(0, 300),
      expected: answerable ? 'an answer' : 'abstain',
      found: `confidence ${round(confidenceOf(signals))}${answerable && !found ? ', no gold passage read' : ''}`,
    }))
    .slice(0, FAILURES_MAX);
  const row: EvalRow = {
    set,
    model: 'fractal-embed 1.0.0',
    configuration: 'abstention',
    figures: { ...abstention(told), right_one_read: round(mean(has.map(({ found }) => (found ? 1 : 0)))) },
  };
  return { row, failures };
}

export const evaluation: Evaluation = {
  name: 'ask',
  doc: 'Answers: right citation, quotes that stand, abstention, check of claims.',
  async run(data, most = OBLIQA_CASES) {
    const rows: EvalRow[] = [];
    const failures: EvalFailure[] = [];
    const notes = [
      `Of ObliQA's questions with and without an answer the first ${most} each are asked, by the hash of their words.`,
      'Of the ObliQA questions those are used that `node bench/ask-fit.ts` does not learn from. Labels "without answer" there are those of the set: another rule may answer, so some are wrong.',
      'The questions about 29 CFR 1910.147 are ours; rules of the extraction and the weights of the confidence were set with them in sight, so their figures are no forecast.',
    ];
    if (existsSync(path.join(data, 'ecfr-osha-1910-147'))) {
      const one = await lockout(data);
      rows.push(...one.rows);
      failures.push(...one.failures);
    } else notes.push('29 CFR 1910.147 is not here.');
    if (existsSync(path.join(data, 'obliqa'))) {
      const one = await obliqa(data, most);
      rows.push(one.row);
      failures.push(...one.failures);
    } else notes.push('ObliQA is not here.');
    return { rows, failures, notes };
  },
};
