/** What a duty is about and where its parts stand, as columns of law.obligations. */
import type { Row } from '../../store/index.ts';
import { printEvidence } from '../../schema/index.ts';
import { subjectsOf, type Evidence, type Obligation, type Subject } from '../obligations/index.ts';

/** What the places of evidence are told by. */
export interface Surroundings {
  readonly sectionId: string;
  /** Of each of the lead-ins: its provision, and where in the text of that it begins. */
  readonly leadPlaces: readonly { readonly sectionId: string; readonly start: number }[];
  /** Headings of the provision and around it, outermost first. */
  readonly headings: readonly { readonly sectionId: string; readonly text: string }[];
}

export function structureOf({ sectionId, leadPlaces, headings }: Surroundings, found: Obligation): Row {
  const spans: string[] = [];
  const names = new Map<Evidence['part'], string[]>();
  const name = (part: Evidence['part'], value: string): boolean => {
    const known = names.get(part) ?? [];
    if (known.includes(value)) return false;
    names.set(part, [...known, value]);
    return true;
  };
  for (const { part, name: value, source, start, end } of found.evidence) {
    const lead = leadPlaces[source];
    if (value !== '') name(part, value);
    spans.push(
      printEvidence(
        {
          part,
          name: value,
          sectionId: lead?.sectionId ?? sectionId,
          in: 'text',
          start: start + (lead?.start ?? 0),
          end: end + (lead?.start ?? 0),
        },
        sectionId,
      ),
    );
  }
  // The nearest heading first: what it says the sentence need not repeat.
  for (const { sectionId: of, text } of [...headings].reverse())
    for (const { kind, name: value, start, end } of subjectsOfHeading(text))
      if (name(kind, value))
        spans.push(
          printEvidence({ part: kind, name: value, sectionId: of, in: 'heading', start, end }, sectionId),
        );
  return {
    threshold_comparison: found.quantity?.comparison ?? null,
    threshold_value: found.quantity?.value ?? null,
    threshold_unit: found.quantity === undefined || found.quantity.unit === '' ? null : found.quantity.unit,
    topics: names.get('topic') ?? [],
    sectors: names.get('sector') ?? [],
    substances: names.get('substance') ?? [],
    sizes: names.get('size') ?? [],
    spans,
  };
}

/** A heading stands above many provisions. */
const KEPT_HEADINGS = 256;
const kept = new Map<string, readonly Subject[]>();

function subjectsOfHeading(text: string): readonly Subject[] {
  let found = kept.get(text);
  if (found !== undefined) return found;
  found = subjectsOf(text);
  if (kept.size >= KEPT_HEADINGS) kept.clear();
  kept.set(text, found);
  return found;
}
