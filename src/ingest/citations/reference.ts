/** What a reference in a text points at, before anyone knows whether that is on this node. */

/**
 * One step of the way from a document down to a provision: `section:262.34`, `regulation:6`, `schedule:1`, `subpart:I`,
 * or `2`, `a`, `sub:2` (second subparagraph), `indent:1` below such a unit.
 */
export type Step = string;

export type Target =
  /** In the document at hand. `unit`: below the section or article that cites; `around`: from where it stands, outwards. */
  | { readonly in: 'here'; readonly from: 'root' | 'unit' | 'around'; readonly path: readonly Step[] }
  /** In another document, whose identity the text gives. */
  | { readonly in: 'document'; readonly documentId: string; readonly path: readonly Step[] }
  /** In another document, which the text names by its title or official citation. */
  | { readonly in: 'titled'; readonly title: string; readonly path: readonly Step[] }
  /** In another document that the text does not identify: `section 3008 of the Act`. */
  | { readonly in: 'unknown' };

export interface Reference {
  /** Offsets in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly target: Target;
  /** Inside of a printed range, like `(b)` in `(a) through (d)`: counts only when there is such a provision. */
  readonly implied: boolean;
}

/** What the finder must know about the document that cites. */
export interface CitingDocument {
  /** `us/cfr/40/262`. */
  readonly documentId: string;
  readonly jurisdiction: string;
  /** `cfr`, `uksi`, `dir`. */
  readonly family: string;
  /** Names the document gives to other acts: `the 1974 Act` → `Health and Safety at Work etc. Act 1974`. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** The words a step may begin with that name a unit: law calls the same thing by many names. */
const UNITS = /^(?:section|article|regulation|rule):/;
const SCHEDULES = /^(?:schedule|annex):/;

/** The step in the one spelling under which it is looked up. */
export function plainStep(step: Step): string {
  return step
    .replace(UNITS, 'unit:')
    .replace(SCHEDULES, 'schedule:')
    .replace(/^division:/, '')
    .toLowerCase();
}
