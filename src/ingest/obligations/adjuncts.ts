/**
 * What limits a duty: conditions, thresholds, deadlines and exceptions, as ranges of tokens.
 *
 * Each is found by the word that opens it and runs to the next comma that closes it; where two kinds meet (`within 30
 * days unless …`), the later opener ends the earlier phrase.
 */
import {
  AUXILIARIES,
  CONJUNCTIONS,
  DETERMINERS,
  FINITE,
  isAdverb,
  isParticiple,
  PREPOSITIONS,
  RELATIVES,
} from './lexicon.ts';
import { lowerAt, type Range, type Token } from './tokens.ts';

export type AdjunctKind = 'condition' | 'threshold' | 'deadline' | 'exception';
export interface Adjunct extends Range {
  readonly kind: AdjunctKind;
}

const PHRASE_TOKENS = 80;
const SHORT_TOKENS = 16;

const set = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/));
const TIME = set(
  `second seconds minute minutes hour hours day days week weeks month months year years quarter quarters shift shifts`,
);
const MONTHS = set('january february march april may june july august september october november december');
const NUMBERS = set(
  'one two three four five six seven eight nine ten twelve fifteen twenty thirty sixty ninety half',
);
const FREQUENCIES = set(
  'annually yearly monthly weekly daily hourly quarterly biannually biennially periodically',
);
const AT_ONCE = set('immediately forthwith promptly');
const COMPARATIVES = set('more less greater fewer higher lower longer shorter larger smaller');

/** Several words that open a phrase, longest first. A word alone is an opener by itself. */
const OPENERS: readonly (readonly [readonly string[], AdjunctKind])[] = [
  ['with the exception of', 'exception'],
  ['except', 'exception'],
  ['unless', 'exception'],
  ['other than', 'exception'],
  ['save where', 'exception'],
  ['save as', 'exception'],
  ['save in', 'exception'],
  ['save for', 'exception'],
  ['by way of derogation', 'exception'],
  ['in the event', 'condition'],
  ['in the case of', 'condition'],
  ['in case of', 'condition'],
  ['in cases where', 'condition'],
  ['in such cases', 'condition'],
  ['on condition that', 'condition'],
  ['provided that', 'condition'],
  ['provided', 'condition'],
  ['as long as', 'condition'],
  ['so long as', 'condition'],
  ['in the absence of', 'condition'],
  ['in any case where', 'condition'],
  ['in that case', 'condition'],
  ['on receipt of', 'condition'],
  ['if', 'condition'],
  ['where', 'condition'],
  ['when', 'condition'],
  ['whenever', 'condition'],
  ['so far as', 'condition'],
  ['to the extent', 'condition'],
  ['no later than', 'deadline'],
  ['not later than', 'deadline'],
  ['at the latest', 'deadline'],
  ['on or before', 'deadline'],
  ['prior to', 'deadline'],
  ['before', 'deadline'],
  ['until', 'deadline'],
  ['without undue delay', 'deadline'],
  ['without delay', 'deadline'],
  ['as soon as', 'deadline'],
  ['at regular intervals', 'deadline'],
  ['at intervals', 'deadline'],
  ['in due time', 'deadline'],
  ['on an annual basis', 'deadline'],
  ['on a monthly basis', 'deadline'],
].map(([words, kind]) => [(words as string).split(' '), kind as AdjunctKind]);
const FIRST_WORDS = new Map<string, (readonly [readonly string[], AdjunctKind])[]>();
for (const opener of OPENERS) {
  const first = opener[0][0] ?? '';
  FIRST_WORDS.set(first, [...(FIRST_WORDS.get(first) ?? []), opener]);
}

const isNumber = (tokens: readonly Token[], i: number): boolean =>
  tokens[i]?.kind === 'number' || NUMBERS.has(lowerAt(tokens, i));

/** Whether `words` stand at `at`. */
function matches(tokens: readonly Token[], at: number, words: readonly string[]): boolean {
  return words.every((word, k) => lowerAt(tokens, at + k) === word);
}

/** A number with a unit of time within the next few tokens: the offset after the unit, or 0. */
function timeAfter(tokens: readonly Token[], at: number): number {
  let hasNumber = false;
  for (let i = at; i < at + 9 && i < tokens.length; i++) {
    if (isNumber(tokens, i)) hasNumber = true;
    else if (hasNumber && TIME.has(lowerAt(tokens, i).replace(/'s?$/, ''))) return i + 1;
    else if (tokens[i]?.lower === ',' || tokens[i]?.lower === ';') return 0;
  }
  return 0;
}

/** A date at a token: `1 January 2025`, `January 1, 2025`, `December`. The offset after it, or 0. */
function dateAt(tokens: readonly Token[], at: number): number {
  let i = at;
  if (tokens[i]?.kind === 'number') i++;
  if (!MONTHS.has(lowerAt(tokens, i)) || !/^\p{Lu}/u.test(tokens[i]?.text ?? '')) return 0;
  i++;
  if (tokens[i]?.kind === 'number') i++;
  if (lowerAt(tokens, i) === ',' && /^\d{4}$/.test(lowerAt(tokens, i + 1))) i += 2;
  return i;
}

/** Where a phrase that opens at `from` ends: at a comma, a bracket that closes around it, a break, or another opener. */
function phraseEnd(
  tokens: readonly Token[],
  from: number,
  body: number,
  end: number,
  max: number,
  needsVerb = false,
): number {
  const depth = tokens[from]?.depth ?? 0;
  const stop = Math.min(end, from + max);
  let hasVerb = !needsVerb;
  let firstComma = 0;
  for (let i = body; i < stop; i++) {
    const token = tokens[i];
    if (AUXILIARIES.has(token?.lower ?? '') || FINITE.has(token?.lower ?? '')) hasVerb = true;
    if (token === undefined || token.kind === 'gap' || token.depth < depth) return i;
    if (token.depth > depth) continue;
    if (token.lower === ';' || token.lower === ':' || token.lower === '—') return i;
    // `so far as is practicable that anything provided`
    if (token.lower === 'that' && lowerAt(tokens, from) === 'so') return i;
    if (token.lower === ',') {
      // `, or`, `, and` and `, in the` inside a condition go on with it when a verb follows soon.
      if (CONJUNCTIONS.has(lowerAt(tokens, i + 1)) && !hasModalSoon(tokens, i + 1)) continue;
      // `where the unexpected energizing, start up or release could`: the clause is not over before its verb.
      if (!hasVerb && firstComma === 0) {
        if (i > body) firstComma = i;
        continue;
      }
      return !hasVerb && firstComma > 0 ? firstComma : i;
    }
    if (token.lower === '.' && i === tokens.length - 1) return hasVerb || firstComma === 0 ? i : firstComma;
  }
  return hasVerb || firstComma === 0 ? stop : firstComma;
}

function hasModalSoon(tokens: readonly Token[], from: number): boolean {
  for (let i = from; i < from + 12 && i < tokens.length; i++) {
    const word = lowerAt(tokens, i);
    if (word === ',' || word === ';') return false;
    if (word === 'shall' || word === 'must' || word === 'may') return true;
  }
  return false;
}

/** The multi-word opener at a token. */
function openerAt(tokens: readonly Token[], at: number): { kind: AdjunctKind; body: number } | undefined {
  const found = FIRST_WORDS.get(lowerAt(tokens, at))?.find(([words]) => matches(tokens, at, words));
  if (found === undefined) return undefined;
  const [words, kind] = found;
  const body = at + words.length;
  // `the area where`, `the period when`, `other than` in a noun phrase stay with their noun only for `where` and `when`.
  const isRelative =
    (words[0] === 'where' || words[0] === 'when') &&
    /^(?:area|place|point|territory|site|date|case|cases|location|period|time|moment|day|country|state)s?$/.test(
      lowerAt(tokens, at - 1),
    );
  if (isRelative) return undefined;
  if (words[0] === 'provided' && words.length === 1)
    return lowerAt(tokens, body) === ',' && lowerAt(tokens, body + 1) === 'that'
      ? { kind, body: body + 2 }
      : undefined;
  if (words[0] === 'if' && /^(?:as|even)$/.test(lowerAt(tokens, at - 1))) return undefined;
  return { kind, body };
}

/** A deadline or frequency without an opener of several words. */
function timeAt(tokens: readonly Token[], at: number, end: number): Adjunct | undefined {
  const word = lowerAt(tokens, at);
  const deadline = (to: number): Adjunct => ({ kind: 'deadline', from: at, to: Math.min(to, end) });
  if (FREQUENCIES.has(word)) return deadline(at + 1);
  // `be immediately obvious` is no deadline, `be immediately reported` is.
  if (AT_ONCE.has(word))
    return lowerAt(tokens, at - 1) === 'be' && !isParticiple(lowerAt(tokens, at + 1))
      ? undefined
      : deadline(at + 1);
  if (word === 'by' || word === 'from' || word === 'after' || word === 'on') {
    const dated = dateAt(tokens, at + 1);
    if (dated > 0 && (word === 'by' || word === 'after')) return deadline(dated);
    if (word === 'by' && matches(tokens, at, ['by', 'the', 'end', 'of']))
      return deadline(phraseEnd(tokens, at, at + 4, end, 8));
    return undefined;
  }
  if (word === 'within' || word === 'every' || word === 'for' || word === 'during') {
    const timed = timeAfter(tokens, at + 1);
    if (timed > 0 && timed - at <= 9) {
      const isOf = /^(?:of|after|from|before|following|prior)$/.test(lowerAt(tokens, timed));
      return deadline(
        word === 'within' && isOf ? phraseEnd(tokens, at, timed + 1, end, SHORT_TOKENS + 6) : timed,
      );
    }
    if (word === 'every' && TIME.has(lowerAt(tokens, at + 1))) return deadline(at + 2);
    return undefined;
  }
  if (word === 'each' && TIME.has(lowerAt(tokens, at + 1))) return deadline(at + 2);
  if (word === 'once' || word === 'twice') {
    const next = lowerAt(tokens, at + 1);
    const back = matches(tokens, at - 2, ['at', 'least']) ? at - 2 : at;
    if (next === 'a' || next === 'per' || next === 'each')
      return TIME.has(lowerAt(tokens, at + 2)) ? { ...deadline(at + 3), from: back } : undefined;
    if (next === 'every') {
      const timed = timeAfter(tokens, at + 2);
      return { ...deadline(timed > 0 ? timed : at + 3), from: back };
    }
  }
  if (word === 'at' && matches(tokens, at, ['at', 'least']) && FREQUENCIES.has(lowerAt(tokens, at + 2)))
    return deadline(at + 3);
  return undefined;
}

/** Words that compare with a quantity; returns the token after them, or 0. */
function comparativeAt(tokens: readonly Token[], at: number): number {
  const word = lowerAt(tokens, at);
  if (['≥', '≤', '<', '>'].includes(word)) return at + 1;
  if (word === 'exceed' || word === 'exceeds' || word === 'exceeding' || word === 'exceeded') return at + 1;
  if (COMPARATIVES.has(word) && lowerAt(tokens, at + 1) === 'than') return at + 2;
  if (word === 'at' && ['least', 'most'].includes(lowerAt(tokens, at + 1))) return at + 2;
  if (matches(tokens, at, ['at', 'or', 'above']) || matches(tokens, at, ['at', 'or', 'below'])) return at + 3;
  if (matches(tokens, at, ['equal', 'to', 'or'])) return at + 3;
  if (word === 'above' || word === 'below' || word === 'over' || word === 'under') return at + 1;
  if (matches(tokens, at, ['up', 'to'])) return at + 2;
  if (word === 'minimum' || word === 'maximum') return lowerAt(tokens, at + 1) === 'of' ? at + 2 : at + 1;
  return 0;
}

/** A comparison with a number: `more than 1 000 kg`, `80 dB or more`. */
function thresholdAt(tokens: readonly Token[], at: number, end: number): Adjunct | undefined {
  const compared = comparativeAt(tokens, at);
  if (compared > 0) {
    let i = compared;
    while (
      i < compared + 4 &&
      !isNumber(tokens, i) &&
      /^(?:a|an|the|or|equal|to|than|by|total|of|eur|usd|£|\$|€)$/.test(lowerAt(tokens, i))
    )
      i++;
    if (!isNumber(tokens, i) || lowerAt(tokens, i) === 'one') return undefined;
    const back = /^(?:no|not)$/.test(lowerAt(tokens, at - 1)) ? at - 1 : at;
    return { kind: 'threshold', from: back, to: Math.min(unitEnd(tokens, i), end) };
  }
  if (tokens[at]?.kind !== 'number') return undefined;
  const unit = unitEnd(tokens, at);
  if (
    lowerAt(tokens, unit) === 'or' &&
    /^(?:more|less|greater|above|below|fewer|over|higher|lower)$/.test(lowerAt(tokens, unit + 1))
  ) {
    // `10 or more employees`: the unit comes last.
    const last = unit === at + 1 && isNoun(tokens[unit + 2]) ? unit + 3 : unit + 2;
    return { kind: 'threshold', from: at, to: Math.min(last, end) };
  }
  return undefined;
}

function isNoun(token: Token | undefined): boolean {
  const word = token?.lower ?? '';
  return (
    token?.kind === 'word' &&
    !PREPOSITIONS.has(word) &&
    !CONJUNCTIONS.has(word) &&
    !DETERMINERS.has(word) &&
    !RELATIVES.has(word) &&
    !AUXILIARIES.has(word) &&
    !isAdverb(word) &&
    !FINITE.has(word)
  );
}

/** After a number and its unit: `1 000 kg`, `85 dB (A-weighted)`, `10 %`, `50 metres`. */
function unitEnd(tokens: readonly Token[], number: number): number {
  let i = number + 1;
  while (tokens[i]?.kind === 'number') i++;
  if (/^[%°℃/²³µ$€£]$/.test(lowerAt(tokens, i))) i++;
  const max = i + 2;
  while (i < max && tokens[i]?.kind === 'word') {
    const word = lowerAt(tokens, i);
    if (PREPOSITIONS.has(word) && word !== 'per') break;
    if (CONJUNCTIONS.has(word) || DETERMINERS.has(word) || RELATIVES.has(word) || AUXILIARIES.has(word))
      break;
    if (isAdverb(word) || FINITE.has(word)) break;
    i++;
  }
  if (tokens[i]?.lower === '(' && (tokens[i + 1]?.end ?? 0) - (tokens[i]?.end ?? 0) < 24) {
    for (let j = i + 1; j < i + 8 && j < tokens.length; j++) if (tokens[j]?.lower === ')') return j + 1;
  }
  return i;
}

/** `where applicable`, `if necessary`: a clause without verb. */
function isAdjective(word: string): boolean {
  return /^(?:applicable|appropriate|necessary|relevant|possible|available|practicable|required|needed|any|so|not)$/.test(
    word,
  );
}

/** First words of what `timeAt` and `thresholdAt` know, but for numbers. */
const SMALL_OPENERS: ReadonlySet<string> = new Set([
  ...FREQUENCIES,
  ...AT_ONCE,
  ...COMPARATIVES,
  ...[
    'by',
    'from',
    'after',
    'on',
    'within',
    'every',
    'for',
    'during',
    'each',
    'once',
    'twice',
    'at',
    'equal',
  ],
  ...['≥', '≤', '<', '>', 'exceed', 'exceeds', 'exceeding', 'exceeded', 'above', 'below', 'over', 'under'],
  ...['up', 'minimum', 'maximum'],
]);

function opensSmall(token: Token | undefined): boolean {
  return token !== undefined && (token.kind === 'number' || SMALL_OPENERS.has(token.lower));
}

/** All limits in a range, in order. Deadlines and thresholds inside a condition are listed too. */
export function findAdjuncts(tokens: readonly Token[], range: Range): readonly Adjunct[] {
  const found: Adjunct[] = [];
  let wordy: { index: number; to: number } | undefined;
  for (let i = range.from; i < range.to; i++) {
    const opener = openerAt(tokens, i);
    if (opener !== undefined) {
      // A second opener ends the phrase before it, but an exception inside a condition belongs to it.
      const open = wordy === undefined ? undefined : found[wordy.index];
      if (open !== undefined && wordy !== undefined && i < wordy.to) {
        // `except where`, `unless and until`: one phrase.
        if (open.kind === opener.kind || i - open.from < 3) continue;
        found[wordy.index] = { ...open, to: i };
      }
      const max = opener.kind === 'deadline' ? SHORT_TOKENS + 8 : PHRASE_TOKENS;
      const isClause = /^(?:if|where|when|whenever|unless)$/.test(lowerAt(tokens, i));
      const to = phraseEnd(
        tokens,
        i,
        opener.body,
        range.to,
        max,
        isClause && !isAdjective(lowerAt(tokens, opener.body)),
      );
      if (to > opener.body || opener.kind === 'deadline') {
        found.push({ kind: opener.kind, from: i, to: Math.max(to, opener.body) });
        wordy = { index: found.length - 1, to };
      }
      continue;
    }
    if (!opensSmall(tokens[i])) continue;
    const small = timeAt(tokens, i, range.to) ?? thresholdAt(tokens, i, range.to);
    const last = found.at(-1);
    if (small === undefined || small.to <= i || (last?.kind === small.kind && last.to > small.from)) continue;
    // `for at least three years` is one deadline, not a threshold within it.
    if (
      small.kind === 'threshold' &&
      found.some((a) => a.kind === 'deadline' && a.from <= small.from && a.to > small.from)
    )
      continue;
    const isInside = wordy !== undefined && i < wordy.to;
    found.push(small);
    if (!isInside) i = small.to - 1;
  }
  return found;
}
