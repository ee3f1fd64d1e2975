/**
 * Joins list items to what they go on from: `(a) keep records;` under `The operator shall:` is read as
 * `The operator shall keep records`.
 */
import { LEAD_INS, LEAD_IN_CHARS, SENTENCE_CHARS } from './bounds.ts';
import { splitSentences } from './sentences.ts';

/** How a sentence that is left unfinished can end: cheap, and never wrong when it says no. */
const MAY_BE_UNFINISHED =
  /(?:[:—–;,-]|shall|must|may|not|that|to|and|or|by|with|of|for|if|where|when|either)$/;
const UNFINISHED = /[:—–;,-]$|\b(?:shall|must|may|not|that|to|and|or|by|with|of|for|if|where|when|either)$/;
/** As long as the longest such end. */
const END_CHARS = 6;
const LABEL = /^\(?(?:\p{L}{1,4}|\d{1,3})\)\s+/u;
const LEAD_TAIL = /[\s:;.—–-]+$/;
const ITEM_SIGNS = ';,:.—–';
const JOINTS = [' and/or', ' and', ' or', ' but', ';and', ';or', ',and', ',or'];

/** Words that lead an item in, and where they stand. */
export interface LeadIn {
  readonly text: string;
  /** Which of the ancestors they are of; OWN_TEXT for the provision itself. */
  readonly source: number;
  /** Offset in that text. */
  readonly start: number;
}

/** As `source`: the text of the provision itself. */
export const OWN_TEXT = -1;

/** The last sentence of a text, when it is left unfinished; its tail of signs cut. */
export function openSentence(text: string): { readonly text: string; readonly start: number } | undefined {
  const whole = text.trimEnd();
  const tail = whole.slice(-LEAD_IN_CHARS);
  if (!MAY_BE_UNFINISHED.test(tail.slice(-END_CHARS))) return undefined;
  const last = splitSentences(tail).at(-1);
  if (last === undefined || last.role === 'heading') return undefined;
  const sentence = tail.slice(last.start, last.end);
  // A flush text after a list (`and the employer shall assess …,`) is unfinished only by a colon, a dash or a word.
  if (!UNFINISHED.test(sentence)) return undefined;
  const bare = sentence.slice(labelLength(sentence));
  return {
    text: bare.trimEnd().replace(LEAD_TAIL, ''),
    start: whole.length - tail.length + last.end - bare.length,
  };
}

/** Length of `(a) ` before an item. */
export function labelLength(text: string): number {
  return LABEL.exec(text)?.[0].length ?? 0;
}

/**
 * What the ancestors of a provision say before it, outermost first: from the nearest one up, as long as each is left
 * unfinished. Ancestors without text of their own are passed over.
 */
export function leadInChain(ancestors: readonly string[]): readonly LeadIn[] {
  const chain: LeadIn[] = [];
  for (let i = ancestors.length - 1; i >= 0 && chain.length < LEAD_INS; i--) {
    const text = ancestors[i] ?? '';
    if (text.trim() === '') continue;
    const open = openSentence(text);
    if (open === undefined || open.text === '') break;
    chain.unshift({ ...open, source: i });
  }
  return chain;
}

/** What `leadInChain` looks at of the ancestors, and no more: their texts may be long, and cross to a thread. */
export function leadInTails(ancestors: readonly string[]): readonly LeadIn[] {
  const tails: LeadIn[] = [];
  for (let i = ancestors.length - 1; i >= 0 && tails.length < LEAD_INS; i--) {
    const whole = (ancestors[i] ?? '').trimEnd();
    const tail = whole.slice(-LEAD_IN_CHARS);
    if (tail === '') continue;
    if (!MAY_BE_UNFINISHED.test(tail.slice(-END_CHARS))) break;
    tails.unshift({ text: tail, source: i, start: whole.length - tail.length });
  }
  return tails;
}

/** An item without its label and its tail (`; and`). Loops, not a pattern: a tail may be as long as the text. */
export function itemWords(text: string): string {
  const words = text.slice(labelLength(text), SENTENCE_CHARS);
  const bare = words.slice(0, endOfWords(words));
  const joint = JOINTS.find((ending) => bare.endsWith(ending));
  if (joint === undefined) return bare;
  const before = bare.slice(0, bare.length - joint.length + 1);
  const end = endOfWords(before);
  // `safe and` is a tail only after a sign: `; and`.
  return ';,'.includes(before.charAt(end)) && end < before.length ? before.slice(0, end) : bare;
}

function endOfWords(text: string): number {
  let end = text.length;
  while (end > 0 && (text.charAt(end - 1).trim() === '' || ITEM_SIGNS.includes(text.charAt(end - 1)))) end--;
  return end;
}
