/**
 * Whether quotes carry a claim. A claim is shown only when every test passes; none of them asks a model.
 *
 * The quote must stand in the provision, word for word. Every number of the claim must stand in its quotes. Claim and
 * quotes must agree on negation and on duty against permission, because those turn a duty into its opposite and hardly
 * change any other measure. The words of the claim must be met by those of the quotes. `npm run eval` says how often each
 * test is right on claims that were made wrong on purpose.
 */
import type { Embedder } from '../../query/index.ts';
import { contentWords, meet } from './evidence.ts';
import { asRead } from './hostile.ts';
import { negationFits } from './negation.ts';
import type { DroppedReason } from './types.ts';

/** Share of a claim's words that must stand in its quotes. */
export const SHARE_MIN = 0.5;
/** How well the quotes must meet the words of the claim, by the embedding model's terms. */
export const MEET_MIN = 0.7;

export type Verdict =
  { readonly ok: true; readonly support: number } | { readonly ok: false; readonly reason: DroppedReason };

const bad = (reason: DroppedReason): Verdict => ({ ok: false, reason });

export async function checkClaim(
  embedder: Embedder,
  claim: string,
  quotes: readonly string[],
): Promise<Verdict> {
  if (quotes.length === 0) return bad('no-citation');
  const evidence = asRead(quotes.join(' '));
  const numbers = new Set(numbersIn(evidence));
  if (numbersIn(claim).some((number) => !numbers.has(number))) return bad('numbers');
  if (!negationFits(claim, evidence)) return bad('negation');
  if (!modalityFits(claim, evidence)) return bad('modality');
  const words = contentWords(claim);
  const there = contentWords(evidence);
  const share = words.size === 0 ? 0 : [...words].filter((word) => there.has(word)).length / words.size;
  const [met = 0] = await meet(embedder, claim, [evidence]);
  if (share < SHARE_MIN || met < MEET_MIN || addsOwn(claim, evidence, there)) return bad('unsupported');
  return { ok: true, support: Math.min(1, met) };
}

/**
 * Whether a claim hangs something of its own on words that its quotes carry: a name, an address, letters of another
 * script (which look like Latin ones), or several words in a row that the quotes do not have.
 */
function addsOwn(claim: string, evidence: string, there: ReadonlySet<string>): boolean {
  const said = evidence.toLowerCase();
  const marks = claim.match(ADDRESS) ?? [];
  const names = claim.match(NAME) ?? [];
  if ([...marks, ...names].some((one) => !said.includes(one.toLowerCase()))) return true;
  let run = 0;
  for (const word of contentWords(claim)) {
    run = there.has(word) ? 0 : run + 1;
    if (run >= OWN_RUN || (run > 0 && FOREIGN.test(word))) return true;
  }
  return false;
}
const OWN_RUN = 4;
const ADDRESS = /\S+@\S+|\b\w+:\/\/\S+|\bwww\.\S+/gi;
/** Words with a capital that do not open a sentence. */
const NAME = /(?<=[\p{Ll}\p{N},;:)] )\p{Lu}[\p{L}\p{N}]+/gu;
const FOREIGN = /[^\p{Script=Latin}\p{N}μΩω]/u;

const WORD_NUMBERS = new Map(
  [
    ...'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'
      .split(' ')
      .map((word, i) => [word, i] as const),
    ...'twenty thirty forty fifty sixty seventy eighty ninety hundred'
      .split(' ')
      .map((word, i) => [word, 10 * (i + 2)] as const),
    ['thousand', 1000],
    ['million', 1_000_000],
  ].map(([word, value]) => [String(word), Number(value)]),
);
const WORD_NUMBER = new RegExp(
  `\\b(?:${[...WORD_NUMBERS.keys()].filter((word) => word !== 'one').join('|')})\\b`,
  'g',
);

/**
 * Numbers as written, without thousands separators and trailing zeros; those in words too, except `one`, each word for
 * itself. Digits of other scripts count as they are.
 */
function numbersIn(text: string): string[] {
  const digits = text.match(/\p{N}+(?:[.,]\p{N}+)*/gu) ?? [];
  const words = text.toLowerCase().match(WORD_NUMBER);
  return [
    ...digits.map((number) =>
      number
        .replace(/,(?=\d{3})/g, '')
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, ''),
    ),
    ...(words ?? []).map((word) => String(WORD_NUMBERS.get(word))),
  ];
}

const DUTY = /\b(?:must|shall|required?s?|has to|have to|obliged?|ensure|needs? to)\b/i;
const PERMISSION = /\b(?:may|can|might|permitted|allowed|optional|voluntary)\b/i;

/** A permission is no duty and the other way round; a claim of neither kind says neither. */
function modalityFits(claim: string, evidence: string): boolean {
  const [claims, says] = [modality(claim), modality(evidence)];
  return claims === 'neither' || says === 'both' || claims === says;
}

function modality(text: string): 'duty' | 'permission' | 'both' | 'neither' {
  const duty = DUTY.test(text);
  const permission = PERMISSION.test(text);
  if (duty && permission) return 'both';
  return duty ? 'duty' : permission ? 'permission' : 'neither';
}

/**
 * Where a quote stands in a text: white space and characters that nobody sees may differ, nothing else. A quote of less than a few words proves nothing
 * and counts as not found.
 */
export function locate(
  text: string,
  quote: string,
): { readonly start: number; readonly end: number } | undefined {
  const words = quote
    .replace(/\p{Cf}/gu, '')
    .trim()
    .split(/\s+/)
    .filter(Boolean);
  if (words.length < QUOTE_WORDS_MIN) return undefined;
  const pattern = words
    .map((word) => [...word].map((char) => char.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\p{Cf}*'))
    .join('[\\s\\p{Cf}]+');
  const found = new RegExp(pattern, 'u').exec(text);
  return found === null ? undefined : { start: found.index, end: found.index + found[0].length };
}
const QUOTE_WORDS_MIN = 3;
