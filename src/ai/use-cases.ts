/** What models are used for, as data: the risk class of each use, and how sure a model must be to recommend something. */
import { badInputError } from '../base/index.ts';

/**
 * Classes as the EU AI Act has them: `high` (Annex III), `limited` (duties of Article 50: people are told that a machine
 * wrote it), `minimal`. Which class a use has is for whoever deploys the node to decide; the file that ships is a proposal.
 */
export type RiskClass = 'minimal' | 'limited' | 'high';

export interface UseCase {
  readonly doc: string;
  readonly risk: RiskClass;
  /** An output below it is not shown as a recommendation. 0 to 1; null where outputs are no recommendations. */
  readonly threshold: number | null;
  /** How people oversee it, in words. */
  readonly oversight: string;
}

export interface UseCaseDocument {
  readonly format: 'fractal.use-cases/1';
  readonly version: string;
  readonly use_cases: Readonly<Record<string, UseCase>>;
}

/** What an output may be shown as. */
export type Standing = 'recommendation' | 'below-threshold' | 'information';

export interface Gate {
  readonly use_case: string;
  readonly risk: RiskClass;
  readonly threshold: number | null;
  readonly standing: Standing;
}

export class UseCases {
  readonly document: UseCaseDocument;

  constructor(document: UseCaseDocument) {
    this.document = document;
  }

  /** Whether an output of this confidence may be shown as a recommendation. One without a confidence may not. */
  gate(useCase: string, confidence: number | null): Gate {
    const { use_cases: known } = this.document;
    const found = Object.hasOwn(known, useCase) ? known[useCase] : undefined;
    if (found === undefined)
      throw badInputError(
        'use_case.unknown',
        `no use of models is called ${JSON.stringify(useCase)}`,
        `Uses are ${Object.keys(known).join(', ')}; add it to the file of use cases.`,
      );
    const { risk, threshold } = found;
    return { use_case: useCase, risk, threshold, standing: standingOf(threshold, confidence) };
  }
}

function standingOf(threshold: number | null, confidence: number | null): Standing {
  if (threshold === null) return 'information';
  return confidence !== null && confidence >= threshold ? 'recommendation' : 'below-threshold';
}

const NAME = /^[a-z][a-z0-9_.-]{0,63}$/;
const RISKS: readonly unknown[] = ['minimal', 'limited', 'high'];

/** A document as read from a file. Throws `use_case.document`. */
export function checkUseCases(value: unknown, source: string): UseCaseDocument {
  const bad = (why: string): Error =>
    badInputError('use_case.document', `the file of use cases is not usable: ${why}`, 'Correct the file.', {
      place: { source },
    });
  const document = value as UseCaseDocument | null;
  if (typeof document !== 'object' || document?.format !== 'fractal.use-cases/1')
    throw bad('its format is not fractal.use-cases/1');
  if (typeof document.version !== 'string') throw bad('it has no version');
  const cases: unknown = document.use_cases;
  if (typeof cases !== 'object' || cases === null) throw bad('it has no use_cases');
  for (const [name, one] of Object.entries(cases as Record<string, Partial<UseCase> | null>)) {
    if (!NAME.test(name)) throw bad('a name is not plain');
    if (typeof one !== 'object' || one === null) throw bad(`${name} is no object`);
    if (!RISKS.includes(one.risk)) throw bad(`the risk of ${name} is not minimal, limited or high`);
    const { threshold } = one;
    if (threshold !== null && !(typeof threshold === 'number' && threshold >= 0 && threshold <= 1))
      throw bad(`the threshold of ${name} is not null or a number from 0 to 1`);
    if (typeof one.doc !== 'string' || typeof one.oversight !== 'string')
      throw bad(`${name} lacks doc or oversight in words`);
  }
  return document;
}
