/** Deontic words: `shall`, `must`, `may`, `is required to`, `is prohibited`, and what they mean together with `not`. */
import { CONJUNCTIONS, DETERMINERS, isAdverb } from './lexicon.ts';
import { lowerAt, type Token } from './tokens.ts';

export type Modality = 'must' | 'must-not' | 'may';

/** A deontic expression at a token. */
export interface Trigger {
  readonly modality: Modality;
  /** First token after it. */
  readonly next: number;
  readonly forbidsSubject?: boolean;
  /** `shall`, `must`, `may`: the next verb is bare. Others are verb phrases of their own. */
  readonly modalVerb: boolean;
}

export const BE: ReadonlySet<string> = new Set(['is', 'are', 'was', 'were', 'be', 'been']);
const FORBIDDEN: ReadonlySet<string> = new Set(['prohibited', 'forbidden', 'unlawful', 'banned']);
const BOUND: ReadonlySet<string> = new Set(['required', 'obliged', 'obligated', 'bound']);
const ALLOWED: ReadonlySet<string> = new Set([
  'permitted',
  'allowed',
  'authorised',
  'authorized',
  'entitled',
]);

/** Some word without which nothing below is deontic. */
const DEONTIC =
  /shall|must|may|cannot|duty|offence|responsible|prohibited|forbidden|unlawful|banned|required|obliged|obligated|bound|permitted|allowed|authori[sz]ed|entitled/i;

/** Whether a text can have a trigger: cheap, and never wrong when it says no. */
export function mayHaveTrigger(text: string): boolean {
  return DEONTIC.test(text);
}

export function skipAdverbs(tokens: readonly Token[], from: number): number {
  let i = from;
  for (;;) {
    // `clearly and specifically outline`
    const next = CONJUNCTIONS.has(lowerAt(tokens, i)) && i > from ? i + 1 : i;
    if (!isAdverb(lowerAt(tokens, next))) return i;
    i = next + 1;
  }
}

/** The deontic expression that begins at a token, if one does. */
export function triggerAt(tokens: readonly Token[], at: number): Trigger | undefined {
  const word = lowerAt(tokens, at);
  const next = lowerAt(tokens, at + 1);
  if (word === 'shall' || word === 'must') {
    const isNegated = next === 'not' || next === 'never';
    const after = skipAdverbs(tokens, at + 1);
    const state = lowerAt(tokens, after) === 'be' ? skipAdverbs(tokens, after + 1) : -1;
    if (state > 0 && FORBIDDEN.has(lowerAt(tokens, state)) && !isNegated) return forbidding(tokens, state);
    if (state > 0 && BOUND.has(lowerAt(tokens, state)) && lowerAt(tokens, state + 1) === 'to')
      return isNegated ? undefined : { modality: 'must', next: state + 2, modalVerb: true };
    if (state > 0 && ALLOWED.has(lowerAt(tokens, state)) && lowerAt(tokens, state + 1) === 'to' && isNegated)
      return { modality: 'must-not', next: state + 2, modalVerb: true };
    return { modality: isNegated ? 'must-not' : 'must', next: isNegated ? at + 2 : at + 1, modalVerb: true };
  }
  // `May` with a capital is the month.
  if (word === 'may' && tokens[at]?.text === 'may')
    return next === 'not'
      ? { modality: 'must-not', next: at + 2, modalVerb: true }
      : { modality: 'may', next: at + 1, modalVerb: true };
  if (word === 'cannot') return { modality: 'must-not', next: at + 1, modalVerb: true };
  if (word === 'has' || word === 'have') {
    const duty = DETERMINERS.has(next) ? at + 2 : at + 1;
    return lowerAt(tokens, duty) === 'duty' && lowerAt(tokens, duty + 1) === 'to'
      ? { modality: 'must', next: duty + 2, modalVerb: true }
      : undefined;
  }
  if (word === 'is' || word === 'are') {
    if (next === 'the' && lowerAt(tokens, at + 2) === 'duty' && lowerAt(tokens, at + 3) === 'of')
      return { modality: 'must', next: at, modalVerb: true };
    if (next === 'an' && lowerAt(tokens, at + 2) === 'offence' && lowerAt(tokens, at - 1) === 'it')
      return { modality: 'must-not', next: at, modalVerb: true };
    if (next === 'responsible' && lowerAt(tokens, at + 2) === 'for')
      return { modality: 'must', next: at + 3, modalVerb: true };
    const isNegated = next === 'not';
    const state = skipAdverbs(tokens, at + 1);
    const name = lowerAt(tokens, state);
    const to = lowerAt(tokens, state + 1) === 'to';
    if (FORBIDDEN.has(name) && !isNegated) return forbidding(tokens, state);
    if (BOUND.has(name) && to && !isNegated) return { modality: 'must', next: state + 2, modalVerb: true };
    if (ALLOWED.has(name) && to)
      return { modality: isNegated ? 'must-not' : 'may', next: state + 2, modalVerb: true };
  }
  return undefined;
}

/** `is prohibited`, `is prohibited from carrying`, `shall be unlawful for any person to`. */
function forbidding(tokens: readonly Token[], state: number): Trigger {
  const isFrom = lowerAt(tokens, state + 1) === 'from';
  return {
    modality: 'must-not',
    next: isFrom ? state + 2 : state + 1,
    modalVerb: isFrom,
    forbidsSubject: !isFrom,
  };
}
