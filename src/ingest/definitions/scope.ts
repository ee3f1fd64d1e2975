/** Where a definition counts: the words that say so, and the provision they point at. */
import type { Step, Target } from '../citations/index.ts';

export interface Scope {
  /** As printed: `for the purposes of this Part`. */
  readonly text: string;
  /** Undefined is the whole document. */
  readonly target: Target | undefined;
}

const WHERE =
  '(?:(?:solely |only )?for (?:the )?purposes? of|(?:when |as )?used (?:in|throughout)|wherever used in|throughout|in|(?:apply|applies|applicable) (?:to|in|throughout|for|only to))';
const LEVEL =
  '(section|subsection|paragraph|sub-paragraph|subparagraph|subpart|part|chapter|article|regulation|rule|schedule|annex|appendix|title|act|regulations|order|rules|directive|decision|scheme|measure|instrument)';
const PLACE = new RegExp(
  `(?<![\\p{L}])${WHERE} (?:(?:this|these|the present) ${LEVEL}(?![\\p{L}])|(subpart|part|chapter|schedule|annex|article|section|regulation|paragraph) (\\(?[\\dA-Z][\\w.]{0,9}\\)?(?:\\([\\w]{1,4}\\)){0,4}))`,
  'iu',
);
/** Longest text that is searched for a scope: it stands in the words that lead in. */
const LEAD_IN_CHARS = 600;

/** A text that leads into definitions, not one that happens to cite. */
const LEADS_IN = /mean|defin|interpret|context|following|[—:-]\s*$|^\W*(?:in|for)\s/i;

/** Where the words that say the scope may stand. */
export interface ScopeTexts {
  /** The sentence up to the term. */
  readonly before: string;
  /** What follows the verb: `means, for the purposes of this Subpart, …`. */
  readonly after: string;
  /** Texts and headings above, innermost first. */
  readonly above: readonly string[];
  readonly headings: readonly string[];
}

/** The scope that the nearest of these texts gives. */
export function scopeOf({ before, after, above, headings }: ScopeTexts): Scope | undefined {
  const own =
    read(before) ?? (/^,? (?:solely |only )?for (?:the )?purpose/i.test(after) ? read(after) : undefined);
  if (own !== undefined) return own;
  for (const text of [...above, ...headings]) {
    const found = LEADS_IN.test(text.slice(0, LEAD_IN_CHARS)) ? read(text) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function read(text: string): Scope | undefined {
  const found = PLACE.exec(text.slice(0, LEAD_IN_CHARS));
  return found === null ? undefined : { text: found[0], target: targetOf(found[1], found[2], found[3]) };
}

/** Words for the document as a whole. */
const WHOLE = /^(?:act|regulations|order|rules|directive|decision|scheme|measure|instrument|title)$/;

function targetOf(
  own: string | undefined,
  word: string | undefined,
  number: string | undefined,
): Target | undefined {
  if (own !== undefined) {
    const level = own.toLowerCase();
    // A regulation of the EU is a document, one of the UK a provision: the capital tells.
    if (WHOLE.test(level) || own === 'Regulation') return undefined;
    const path = [`own:${/paragraph|subsection/.test(level) ? 'paragraph' : level}`];
    return { in: 'here', from: 'around', path };
  }
  const kind = (word ?? '').toLowerCase();
  const parts = (number ?? '').split(/[()]/).filter((part) => part !== '');
  const [first = '', ...rest] = parts;
  const path: Step[] = kind === 'paragraph' ? parts : [`${kind}:${first.replace(/\.$/, '')}`, ...rest];
  return { in: 'here', from: kind === 'paragraph' ? 'around' : 'root', path };
}
