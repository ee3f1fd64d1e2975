/** Obligation detection: sentences of law to who must, must not or may do what. */
export { CONFIDENCE_MIN, findObligations, knowsLanguage, METHOD } from './detect.ts';
export type { Evidence, Obligation, ObligationInput } from './detect.ts';
export { leadInChain, leadInTails, OWN_TEXT } from './lead-in.ts';
export type { LeadIn } from './lead-in.ts';
export type { PartName } from './phrases.ts';
export { readQuantity } from './quantity.ts';
export type { Comparison, Quantity } from './quantity.ts';
export { subjectsOf } from './subjects.ts';
export type { Subject, SubjectKind } from './subjects.ts';
export { splitSentences } from './sentences.ts';
export type { SentenceSpan, SpanRole } from './sentences.ts';
export { ObligationFinder } from './finder.ts';
