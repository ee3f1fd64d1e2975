/** Obligation detection: sentences of law to who must, must not or may do what. */
export { CONFIDENCE_MIN, findObligations, knowsLanguage, METHOD } from './detect.ts';
export type { Obligation, ObligationInput } from './detect.ts';
export { leadInChain, leadInTails } from './lead-in.ts';
export { splitSentences } from './sentences.ts';
export type { SentenceSpan, SpanRole } from './sentences.ts';
export { ObligationFinder } from './finder.ts';
