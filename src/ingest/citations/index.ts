/** References from one provision to another, with what they point at. English texts of the US, the UK and the EU. */
import { findEuropean } from './grammar.ts';
import type { LeadIn } from './lead-ins.ts';
import type { CitingDocument, Reference } from './reference.ts';
import { findUs } from './us.ts';

export { Aliases } from './aliases.ts';
export { LeadIns } from './lead-ins.ts';
export type { LeadIn } from './lead-ins.ts';
export { documentNamed } from './documents.ts';
export { eidsOf } from './names.ts';
export { Places } from './places.ts';
export type { CitingDocument, Reference, Step, Target } from './reference.ts';
export { resolve } from './resolve.ts';
export type { Holdings, Resolution, Resolved } from './resolve.ts';

/** The references of a text, in order; `leadIn` is what stands above it. Time is linear in the length of both. */
export function findReferences(
  text: string,
  document: CitingDocument,
  leadIn?: LeadIn,
): readonly Reference[] {
  const found =
    document.jurisdiction === 'US' ? findUs(text, document) : findEuropean(text, document, leadIn);
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}
