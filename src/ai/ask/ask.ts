/**
 * A question to an answer with its evidence: provisions are found and gathered under the principal's policy, their
 * sentences weighed; the node abstains when they are weak, and else answers in sentences of the law or, with a generator,
 * in statements that were checked against them. Every answer is recorded before it is given.
 */
import { badInputError, sha256, today, type Clock, type Limits } from '../../base/index.ts';
import type { Embedder, Principal } from '../../query/index.ts';
import type { Generator, Generators } from '../generator.ts';
import type { InferenceLog } from '../inference.ts';
import { CONFIDENCE, CONFIDENCE_MIN, CONFIDENCE_NAMED, confidenceOf } from './confidence.ts';
import { weigh, type SplitSentences, type Weighed } from './evidence.ts';
import { Extractor } from './extract.ts';
import { gather, passagesOf, type GatherPorts, type Gathered } from './gather.ts';
import { generateAnswer } from './generate.ts';
import { speaksToModel } from './hostile.ts';
import type { AskAnswer, AskEvent, AskRequest, Claim, DroppedReason } from './types.ts';

export interface AskPorts extends GatherPorts {
  readonly embedder: Embedder;
  readonly generators: Generators;
  readonly inferences: InferenceLog;
  readonly split: SplitSentences;
  readonly clock: Clock;
  readonly limits: Limits;
}

/** The name of no generator. */
export const EXTRACTIVE = 'extractive';
/** Provisions that are read when nothing else is asked. */
export const ASK_K = 8;
const USE_CASE = 'ask';
/** A term may be defined in several acts. */
const MEANINGS_MAX = 3;

const BADGE = {
  noGenerator:
    'No generator is installed: the answer is sentences of the law, quoted. `fractal models` says how to add one.',
  unchecked:
    'The model stated nothing that the law found here supports: sentences of the law are quoted instead.',
  uncalibrated: 'The confidence was not calibrated for this embedding model.',
  hostile: (n: number): string =>
    `${n} ${n === 1 ? 'provision was' : 'provisions were'} left out: the text speaks to a model, not to a reader.`,
} as const;

export class Asker {
  readonly #ports: AskPorts;

  constructor(ports: AskPorts) {
    this.#ports = ports;
  }

  /** The events of one answer. Throws `ask.empty`, what search throws, and what the generator throws. */
  async *ask(principal: Principal, request: AskRequest, signal?: AbortSignal): AsyncGenerator<AskEvent> {
    const { clock, limits, embedder, split, generators } = this.#ports;
    const question = request.question.trim();
    if (question === '')
      throw badInputError('ask.empty', 'the question is empty', 'Ask in a sentence or a few words.');
    const at = request.at ?? today(clock);
    const { k = ASK_K, jurisdiction, document } = request;
    if (!Number.isInteger(k) || k < 1 || k > limits.ask_k)
      throw badInputError(
        'ask.k',
        `the number of provisions to read must be 1 to ${limits.ask_k}`,
        'Ask for fewer.',
      );
    // First, so that an unknown name or a model that is missing is told at once.
    const generator = request.model === EXTRACTIVE ? undefined : await generators.find(request.model);
    const query = { question, at, k, jurisdiction, document };
    const gathered = await gather(this.#ports, principal, query, signal);
    const passages = passagesOf(gathered.sources, limits.ask_passage_chars);
    yield { type: 'passages', passages };
    const weighed = await this.#weigh(split, question, gathered, signal);
    const confidence = Math.max(
      confidenceOf(weighed.signals),
      gathered.named > 0 || gathered.asked.length > 0 ? CONFIDENCE_NAMED : 0,
    );
    const abstained = gathered.sources.length === 0 || confidence < CONFIDENCE_MIN;
    const extractor = new Extractor(this.#ports, principal, split);
    const said = { claims: [] as Claim[], dropped: [] as DroppedReason[], generated: false };
    if (!abstained && generator !== undefined) {
      const ports = {
        ...{ generator, embedder, split, answerTokens: limits.ask_answer_tokens },
        keptFor: principal.id,
      };
      for await (const one of generateAnswer(ports, question, gathered.sources, signal)) {
        if ('dropped' in one) said.dropped.push(one.dropped);
        else if (!said.claims.some(({ text }) => text === one.claim.text)) {
          said.claims.push(one.claim);
          yield { type: 'claim', claim: one.claim };
        }
      }
      said.generated = said.claims.length > 0;
    }
    if (!abstained && !said.generated)
      for (const claim of await extracted(extractor, gathered, weighed)) {
        said.claims.push(claim);
        yield { type: 'claim', claim };
      }
    const badges = [
      ...(generator === undefined && request.model !== EXTRACTIVE ? [BADGE.noGenerator] : []),
      ...(generator !== undefined && !abstained && !said.generated ? [BADGE.unchecked] : []),
      ...(embedder.model.id === CONFIDENCE.model ? [] : [BADGE.uncalibrated]),
      ...(gathered.hostile === 0 ? [] : [BADGE.hostile(gathered.hostile)]),
    ];
    const answer = {
      question,
      at,
      answer: textOfAnswer(said.claims, abstained, gathered),
      claims: said.claims,
      confidence: Number(confidence.toFixed(4)),
      abstained,
      mode: said.generated ? 'generated' : 'extractive',
      model: said.generated && generator !== undefined ? nameOf(generator.model) : nameOf(embedder.model),
      label: said.generated ? 'AI-generated' : 'extracted',
      badges,
      dropped: said.dropped,
      passages,
    } as const;
    const inference_id = await this.#record(
      principal,
      answer,
      said.generated ? generator : undefined,
      gathered,
    );
    yield { type: 'answer', answer: { ...answer, inference_id } };
  }

  async #weigh(
    split: SplitSentences,
    question: string,
    { sources }: Gathered,
    signal?: AbortSignal,
  ): Promise<Weighed> {
    const weighed = await weigh(this.#ports.embedder, split, question, sources, signal);
    const sentences = weighed.sentences.filter(
      ({ source, span }) => !speaksToModel(source.text.slice(span.start, span.end)),
    );
    return { ...weighed, sentences };
  }

  async #record(
    principal: Principal,
    answer: Omit<AskAnswer, 'inference_id'>,
    generator: Generator | undefined,
    { sources }: Gathered,
  ): Promise<string> {
    const { inferences, embedder } = this.#ports;
    const model = generator?.model ?? { ...embedder.model, runtime: 'onnx' };
    const { question, at, confidence, claims, abstained, label, badges } = answer;
    const input = [
      question,
      at,
      ...sources.map(({ version_id, section_id }) => `${version_id} ${section_id}`),
    ];
    const cited = claims.flatMap(({ citations }) => citations.map(({ section_id }) => section_id));
    return await inferences.record({
      use_case: USE_CASE,
      model: { id: model.id, version: model.version, sha256: model.sha256, runtime: model.runtime },
      input_sha256: sha256(input.join('\n')),
      output: JSON.stringify({ abstained, claims: claims.map(({ text }) => text) }),
      confidence,
      evidence: [...new Set(cited)].map((id) => `law.sections:${id}`),
      principal: principal.id,
      label,
      warnings: badges,
    });
  }
}

async function extracted(
  extractor: Extractor,
  { sources, named, asked }: Gathered,
  { sentences }: Weighed,
): Promise<Claim[]> {
  if (asked.length > 0) return different(asked.slice(0, MEANINGS_MAX).map((one) => extractor.meaning(one)));
  if (named <= 0) return await extractor.best(sentences);
  return different(await Promise.all(sources.slice(0, named).map((source) => extractor.whole(source))));
}

/** A claim that says no more than one before it is left out. */
function different(claims: readonly Claim[]): Claim[] {
  return claims.filter((claim, i) => !claims.slice(0, i).some(({ text }) => text.includes(claim.text)));
}

const nameOf = ({ id, version }: { readonly id: string; readonly version: string }): string =>
  `${id} ${version}`;

function textOfAnswer(claims: readonly Claim[], abstained: boolean, { sources }: Gathered): string {
  if (!abstained)
    return claims
      .map(
        ({ text, citations }) =>
          `${text} [${[...new Set(citations.map(({ citation }) => citation))].join('; ')}]`,
      )
      .join('\n');
  return sources.length === 0
    ? 'Nothing in the law on this node comes near the question.'
    : 'The law on this node does not answer this, as far as the node can tell. The nearest passages are listed.';
}
