/** Reads a threshold as printed (`not more than 1,000 gallons`) into a comparison, a number and a unit. */

export type Comparison = 'at-least' | 'at-most' | 'more-than' | 'less-than';

export interface Quantity {
  readonly comparison: Comparison;
  readonly value: number;
  /** As printed, without what a bracket adds; empty for a bare number. */
  readonly unit: string;
}

const NUMBER_WORDS = new Map(
  'one two three four five six seven eight nine ten eleven twelve'
    .split(' ')
    .map((word, i) => [word, i + 1] as const),
);
for (const [word, value] of [
  ['fifteen', 15],
  ['twenty', 20],
  ['thirty', 30],
  ['sixty', 60],
  ['ninety', 90],
  ['half', 0.5],
] as const)
  NUMBER_WORDS.set(word, value);

/** `1,000`, `1 000`, `0.5`, `2,5` (a comma before one or two digits is a decimal one). */
const DIGITS = /\d{1,3}(?:[ ,]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?/;
const CURRENCY = /[$£€]|\b(?:EUR|USD|GBP)\b/;

/** First match decides: a negated comparison turns round what follows it. */
const COMPARISONS: readonly (readonly [RegExp, Comparison])[] = [
  [/\b(?:no|not)\s+(?:more|greater|higher|longer|larger)\b|\bnot\s+exceed|\bat\s+most\b/i, 'at-most'],
  [/\b(?:no|not)\s+(?:less|fewer|lower|shorter|smaller)\b|\bat\s+least\b/i, 'at-least'],
  [/\bup\s+to\b|\bmaximum\b|\bor\s+(?:less|below|fewer|lower)\b|≤/i, 'at-most'],
  [/\bminimum\b|\bor\s+(?:more|above|over|greater|higher)\b|\bat\s+or\s+above\b|≥/i, 'at-least'],
  [/\bat\s+or\s+below\b/i, 'at-most'],
  [/\b(?:less|fewer|lower|shorter|smaller)\s+than\s+or\s+equal\b/i, 'at-most'],
  [/\b(?:more|greater|higher|longer|larger)\s+than\s+or\s+equal\b/i, 'at-least'],
  [/\b(?:less|fewer|lower|shorter|smaller)\s+than\b|\bbelow\b|\bunder\b|</i, 'less-than'],
  [/\b(?:more|greater|higher|longer|larger)\s+than\b|\bexceed|\babove\b|\bover\b|>/i, 'more-than'],
];

/** Undefined where no number or no comparison is found. */
export function readQuantity(text: string): Quantity | undefined {
  const comparison = COMPARISONS.find(([pattern]) => pattern.test(text))?.[1];
  const found = numberIn(text);
  if (comparison === undefined || found === undefined) return undefined;
  const after = text
    .slice(found.end)
    .replace(/\s*\bor\s+(?:more|above|over|greater|higher|less|below|fewer|lower)\b/i, '')
    .replace(/\s*\([^)]*\)?\s*$/, '')
    .trim();
  return { comparison, value: found.value, unit: after === '' ? (CURRENCY.exec(text)?.[0] ?? '') : after };
}

function numberIn(text: string): { readonly value: number; readonly end: number } | undefined {
  const digits = DIGITS.exec(text);
  if (digits !== null) {
    const [printed] = digits;
    const isGrouped = /^\d{1,3}(?:[ ,]\d{3})+/.test(printed);
    const plain = isGrouped ? printed.replace(/[ ,]/g, '') : printed.replace(',', '.');
    return { value: Number(plain), end: digits.index + printed.length };
  }
  for (const { 0: word, index } of text.matchAll(/[a-z]+/gi)) {
    const value = NUMBER_WORDS.get(word.toLowerCase());
    if (value !== undefined) return { value, end: index + word.length };
  }
  return undefined;
}
