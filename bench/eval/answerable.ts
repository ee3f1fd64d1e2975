/**
 * Questions with and without an answer in the corpus: half of ObliQA's documents are the corpus; a question whose gold
 * passages all lie in it has an answer there, one whose gold passages all lie in the other half has none (as far as the
 * set knows: another rule may say the same, so some of these labels are wrong).
 */
import { sha256 } from '../../src/base/index.ts';
import { weigh, type Signals } from '../../src/ai/index.ts';
import { splitSentences } from '../../src/ingest/index.ts';
import { indexed } from './corpus.ts';
import { obliqaDev, obliqaPassages } from './sets.ts';

export interface AnswerableCase {
  readonly question: string;
  readonly answerable: boolean;
  /** Whether one of the passages read is a gold one. */
  readonly found: boolean;
  readonly signals: Signals;
  /** Cases of `learn` are for fitting, the others for figures. No document's questions are in both. */
  readonly learn: boolean;
}

const PASSAGES = 8;
const bucket = (text: string): number => parseInt(sha256(text).slice(0, 8), 16);

export async function answerableCases(data: string, count: number): Promise<AnswerableCase[]> {
  const isHere = (key: string): boolean => bucket(`document ${key.split('#')[0] ?? ''}`) % 2 === 0;
  const corpus = await indexed(obliqaPassages(data).filter(({ key }) => isHere(key)));
  const asked = obliqaDev(data)
    .flatMap((one) => {
      const here = [...one.gold].filter(isHere).length;
      return here === 0 || here === one.gold.size ? [{ ...one, answerable: here > 0 }] : [];
    })
    .sort((a, b) => bucket(a.question) - bucket(b.question));
  const cases: AnswerableCase[] = [];
  try {
    for (const answerable of [true, false])
      for (const { question, gold } of asked.filter((one) => one.answerable === answerable).slice(0, count)) {
        const hits = await corpus.find(question, 'hybrid', PASSAGES, true);
        const sources = hits.map((hit) => ({ ...hit, around: '' }));
        const { signals } = await weigh(corpus.embedder, splitSentences, question, sources);
        const learn = bucket(`split ${[...gold][0] ?? ''}`) % 2 === 0;
        cases.push({
          question,
          answerable,
          found: hits.some(({ citation }) => gold.has(citation)),
          signals,
          learn,
        });
      }
  } finally {
    await corpus.close();
  }
  return cases;
}

export interface Abstention {
  /** Of the questions it abstained from, the share without an answer. */
  readonly abstain_precision: number;
  /** Of the questions without an answer, the share it abstained from. */
  readonly abstain_recall: number;
  /** Of the questions with an answer, the share it answered. */
  readonly answered: number;
  readonly questions: number;
}

export function abstention(cases: readonly { answerable: boolean; abstained: boolean }[]): Abstention {
  const share = (some: number, all: number): number => (all === 0 ? 0 : Number((some / all).toFixed(4)));
  const none = cases.filter(({ answerable }) => !answerable);
  const abstained = cases.filter((one) => one.abstained);
  const right = abstained.filter(({ answerable }) => !answerable).length;
  const has = cases.filter(({ answerable }) => answerable);
  return {
    abstain_precision: share(right, abstained.length),
    abstain_recall: share(right, none.length),
    answered: share(has.filter((one) => !one.abstained).length, has.length),
    questions: cases.length,
  };
}
