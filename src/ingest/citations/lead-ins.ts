/**
 * What stands above a provision and before it that says what it amends: the texts above, the headings that name an act,
 * and an earlier provision of the same parent (`(1) The Housing Act 1985 is amended as follows. (2) In section 121 …`).
 */
import type { SectionNode } from '../reader.ts';

interface Open {
  readonly eid: string;
  readonly text: string;
  readonly heading: string;
  /** What a child said it amends: its brothers go on from it. */
  amends: string;
}

/** `is amended as follows`, `are modified—`. */
export const AMENDS =
  /(?:is|are|shall be)(?: further)? (?:hereby )?(?:amended|modified)(?: as follows|\s*[.—:-]|, in accordance| in accordance)/;
/** A sentence of its own: one that ends in a dash goes on in what stands below it. */
const WHOLE = /\.\s*$/;
/** How many texts above count. */
const DEPTH = 3;

export class LeadIns {
  #open: Open[] = [];

  /** The texts above a provision, outermost first; opens the provision. Parents come first. */
  enter({
    eid,
    parentEid,
    text,
    heading,
  }: Pick<SectionNode, 'eid' | 'parentEid' | 'text' | 'heading'>): LeadIn {
    const at = this.#open.findLastIndex((one) => one.eid === parentEid);
    const above = this.#open.slice(0, at + 1);
    const parent = above.at(-1);
    const amends = above.slice(-DEPTH).flatMap((one) => [one.text, one.amends]);
    this.#open = [...above, { eid, text, heading: heading ?? '', amends: '' }];
    if (parent !== undefined && AMENDS.test(text) && WHOLE.test(text)) parent.amends = text;
    return {
      texts: above.map((one) => one.text),
      headings: above.map((one) => one.heading),
      amends: amends.filter((one) => one !== '').join('\n'),
    };
  }
}

export interface LeadIn {
  /** Outermost first, one of each for every provision above. */
  readonly texts: readonly string[];
  readonly headings: readonly string[];
  /** Where the words may stand that say what is amended. */
  readonly amends: string;
}
