/**
 * Provisions that a question cites: `1910.147(c)(4)`, `40 CFR 262.34(a)`, `Directive 2003/87/EC Art. 10a(1)`. They come
 * first, because who cites a provision means that one.
 */

/** A citation in a question. */
export interface NamedProvision {
  /** What the printed citation of every provision of it contains; for a cheap first look. */
  readonly core: string;
  /** Place of a printed citation: 0 the provision itself, 1 below it, 2 and more around it; undefined: another one. */
  place(citation: string): number | undefined;
}

/** Citations in a question beyond this many are words like any others. */
const NAMED_MAX = 4;

const BRACKETS = '((?:\\([a-z0-9]{1,5}\\))*)';
const US = new RegExp(
  `(?:\\b(\\d{1,2})\\s?c\\.?f\\.?r\\.?\\s?(?:part|sec(?:tion|\\.)?|§+)?\\s?|§+\\s?|\\bsec(?:tion|\\.)\\s|\\b)(\\d{1,4}\\.\\d{1,4}[a-z]?)${BRACKETS}(?![\\d.])`,
  'gi',
);
const ACT =
  '(?:directive|regulation|decision)s?\\s(?:\\((?:ec|eu|eec|euratom)\\)\\s)?(?:no\\.?\\s)?(\\d{2,4}/\\d{1,4})(?:/(?:ec|eu|eec|euratom))?';
const UNIT = `(?:articles?|art\\.?|annex)\\s?(\\d{1,3}[a-z]{0,2}|[ivxl]{1,7})${BRACKETS}`;
const EU_INNER_FIRST = new RegExp(`\\b${UNIT}\\s(?:of|in)\\s(?:council\\s|commission\\s)?${ACT}`, 'gi');
const EU_ACT_FIRST = new RegExp(`\\b${ACT},?\\s${UNIT}`, 'gi');
const UK = new RegExp(
  `\\b(?:regulation|reg\\.?|section|s\\.|schedule|sch\\.)\\s?(\\d{1,3}[a-z]{0,2})${BRACKETS}\\s(?:of\\s)?(?:the\\s)?SI\\s(\\d{4}/\\d{1,5})|\\bSI\\s(\\d{4}/\\d{1,5}),?\\s(?:regulation|reg\\.?|section|s\\.|schedule|sch\\.)\\s?(\\d{1,3}[a-z]{0,2})${BRACKETS}`,
  'gi',
);

/** A citation without blanks and without the words for what it names, in lower case. */
const plain = (citation: string): string =>
  citation
    .toLowerCase()
    .replace(
      /\b(?:articles?|art\.?|sections?|sec\.?|s\.|regulations?|reg\.?|paragraphs?|points?|part|annex|schedule|sch\.?)(?=\s|$)|§|[\s,]/g,
      '',
    );

/** Place of the path `own` when `asked` is meant: both like `262.34(a)(1)`. */
function placeOf(own: string, asked: string): number | undefined {
  if (own === asked) return 0;
  if (own.startsWith(asked)) return /^[\d.a-z]/.test(own.slice(asked.length)) ? undefined : 1;
  if (!asked.startsWith(own) || own === '') return undefined;
  const rest = asked.slice(own.length);
  return rest.startsWith('(') ? 1 + (rest.match(/\(/g)?.length ?? 0) : undefined;
}

/** The provisions that a question cites, in its order. Time is linear in its length. */
export function namedIn(question: string): NamedProvision[] {
  const found: { readonly at: number; readonly named: NamedProvision }[] = [];
  for (const { index, 0: whole, 1: title, 2: number = '', 3: inner = '' } of question.matchAll(US)) {
    // `2.5 metres` cites nothing.
    if (/^\d/.test(whole) && title === undefined && inner === '' && !/^\d{3,}\./.test(number)) continue;
    const asked = `${number}${inner}`.toLowerCase();
    found.push({
      at: index,
      named: {
        core: number.toLowerCase(),
        place: (citation) => {
          const [, ofTitle, own = ''] = /^(\d+)cfr(.*)$/.exec(plain(citation)) ?? [];
          return ofTitle === undefined || (title !== undefined && title !== ofTitle)
            ? undefined
            : placeOf(own, asked);
        },
      },
    });
  }
  const act = (at: number, core = '', unit = '', inner = ''): void => {
    const asked = `${unit}${inner}`.toLowerCase();
    found.push({
      at,
      named: {
        core,
        place: (citation) => {
          const from = citation.indexOf(core);
          const after = citation.slice(from + core.length);
          if (from < 0 || /^\d/.test(after)) return undefined;
          return placeOf(plain(after.replace(/^\/[A-Z]+/, '')), asked);
        },
      },
    });
  };
  for (const { index, 1: unit, 2: inner, 3: core } of question.matchAll(EU_INNER_FIRST))
    act(index, core, unit, inner);
  for (const { index, 1: core, 2: unit, 3: inner } of question.matchAll(EU_ACT_FIRST))
    act(index, core, unit, inner);
  for (const { index, 1: unit, 2: inner, 3: core, 4: core2, 5: unit2, 6: inner2 } of question.matchAll(UK))
    act(index, core ?? core2, unit ?? unit2, inner ?? inner2);
  return found
    .sort((a, b) => a.at - b.at)
    .slice(0, NAMED_MAX)
    .map(({ named }) => named);
}
