/** A text as tokens: words, numbers with their units, punctuation. White space goes with the token before it. */
import { plainText } from './hygiene.ts';

export interface Tokens {
  /** As printed, each with the white space after it; together they are the whole text. */
  readonly raw: readonly string[];
  /** What is compared; empty only when the whole text carries nothing. */
  readonly keys: readonly string[];
}

/** Units that make one thing with the number before them: `50 mg/m3` is another limit than `50 kg`. */
const UNIT =
  '(?:%|‰|°\\s?[CF]|(?:[mkMG]?W(?:h|th)?|[kMG]?J|[kMG]?V|[kM]?Pa|[mkcdµμn]?g|[mkcdµμn]?m[23²³]?|[mcd]?l|dB(?:\\([ABC]\\))?|[kM]?Hz|t|ha|ppm|ppb|s|h)(?:/(?:[mkcd]?m[23²³]?|[mcd]?l|k?g|h|s|d))?(?![\\p{L}\\p{N}])|(?:years?|months?|weeks?|days?|hours?|minutes?|tonnes?|tons?|metres?|meters?|percent|per cent)(?![\\p{L}\\p{N}]))';
const SPACE = '[^\\S\\n\\t]*';
const TOKEN = new RegExp(
  [
    `[▼►]\\s?[ABCMR]\\d{0,3}(?![\\p{L}\\p{N}])${SPACE}`,
    `\\[(?:\\d{1,3}|figure[^\\]\\n]{0,80})\\]${SPACE}`,
    `\\d+(?:[.,]\\d+)*(?:[\\u00a0 ]?${UNIT}|(?![\\p{L}\\p{M}\\p{N}]))${SPACE}`,
    `[\\p{L}\\p{M}\\p{N}\\u00ad]+(?:[’'][\\p{L}]+)*${SPACE}`,
    `(?:[-‐‑‒–—―−]+|\\.{3}|[^\\s])${SPACE}`,
    `\\s${SPACE}`,
  ].join('|'),
  'gu',
);

/** Ends of cells and rows count in a table, and only there. */
export function tokensOf(text: string, isTable: boolean): Tokens {
  const raw: string[] = [];
  const keys: string[] = [];
  let before = '';
  for (const token of text.match(TOKEN) ?? []) {
    const key = isTable && /^[\n\t]/.test(token) ? token.charAt(0) : keyOf(token);
    if (key !== '') {
      raw.push(before + token);
      keys.push(key);
      before = '';
    } else if (raw.length > 0) raw[raw.length - 1] += token;
    else before += token;
  }
  if (before !== '') {
    raw.push(before);
    keys.push('');
  }
  return { raw, keys };
}

function keyOf(token: string): string {
  return /^[\p{L}\p{N}]+ ?$/u.test(token) ? token.trimEnd() : plainText(token);
}
