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
  const evidence = quotes.join(' ');
  const numbers = new Set(numbersIn(evidence));
  if (numbersIn(claim).some((number) => !numbers.has(number))) return bad('numbers');
  if (isNegated(claim) !== isNegated(evidence)) return bad('negation');
  if (!modalityFits(claim, evidence)) return bad('modality');
  const words = contentWords(claim);
  const there = contentWords(evidence);
  const share = words.size === 0 ? 0 : [...words].filter((word) => there.has(word)).length / words.size;
  const [met = 0] = await meet(embedder, claim, [evidence]);
  if (share < SHARE_MIN || met < MEET_MIN) return bad('unsupported');
  return { ok: true, support: Math.min(1, met) };
}

const WORD_NUMBERS = new Map(
  'zero one two three four five six seven eight nine ten eleven twelve'
    .split(' ')
    .map((word, i) => [word, i]),
);

/** Numbers as written, without thousands separators and trailing zeros; small ones in words too, except `one`. */
function numbersIn(text: string): string[] {
  const digits = text.match(/\d+(?:[.,]\d+)*/g) ?? [];
  const words = text
    .toLowerCase()
    .match(/\b(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b/g);
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

const NEGATION =
  /\b(?:not|no|never|neither|nor|without|prohibited|forbidden|cannot|unless|except|exempt\w*|\w+n't)\b/i;
const isNegated = (text: string): boolean => NEGATION.test(text.replaceAll('’', "'"));

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
 * Where a quote stands in a text: white space may differ, nothing else. A quote of less than a few words proves nothing
 * and counts as not found.
 */
export function locate(
  text: string,
  quote: string,
): { readonly start: number; readonly end: number } | undefined {
  const words = quote.trim().split(/\s+/).filter(Boolean);
  if (words.length < QUOTE_WORDS_MIN) return undefined;
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\s+');
  const found = new RegExp(pattern, 'u').exec(text);
  return found === null ? undefined : { start: found.index, end: found.index + found[0].length };
}
const QUOTE_WORDS_MIN = 3;
