/**
 * Splits the text of a provision into sentences, as spans of it.
 *
 * Law breaks the usual rules: citations are full of full stops, one sentence may run over twenty list items, and a list
 * item is no sentence without its lead-in. So a span has a role, and an item says which span leads it in.
 */
import { CLOSE_ABBREVIATIONS, OPEN_ABBREVIATIONS, OPENERS } from './abbreviations.ts';
import { BRACKET_CHARS } from './bounds.ts';

export type SpanRole = 'sentence' | 'lead-in' | 'item' | 'heading';

/** A piece of the text: `text.slice(start, end)`, without white space around it. */
export interface SentenceSpan {
  readonly start: number;
  readonly end: number;
  readonly role: SpanRole;
  /** Index in the list of spans of the one whose words this item goes on with. */
  readonly leadIn: number | undefined;
}

const LIST_OPENERS = ':—–';
const CLOSERS = `)]}"'’”»`;
const OPEN_QUOTES = `("'‘“«[`;
/** `(a)`, `(iv)`, `(12)`, `(B)` followed by a space. Sticky: it only looks where it is told. */
const MARKER = /\((\p{Ll}{1,5}|\d{1,3}|\p{Lu}{1,2})\)\s/uy;
const LAST_WORD = /[\p{L}\p{N}][\p{L}\p{N}.]*$/u;
const HEADING_CHARS = 90;
/** White space looked through for a list marker, and lists in lists: more is no list. */
const GAP_CHARS = 64;
const LIST_DEPTH = 12;

const isSpace = (char: string): boolean => char !== '' && char.trim() === '';

/** For each `(` and `[` that is closed the offset of its close: one pass with a stack. */
function brackets(text: string): ReadonlyMap<number, number> {
  const close = new Map<number, number>();
  const open: number[] = [];
  BRACKET.lastIndex = 0;
  for (let found = BRACKET.exec(text); found !== null; found = BRACKET.exec(text)) {
    const { index } = found;
    const char = text.charAt(index);
    if (char === '(' || char === '[') open.push(index);
    else {
      const at = open.pop();
      if (at !== undefined) close.set(at, index);
    }
  }
  return close;
}

const BRACKET = /[()[\]]/g;
/** All that a sentence can end or go on at. */
const TURNS = /[([\n.!?;:—–]/g;

/** Whether the full stop at `dot` ends a sentence that began at `start`. */
function endsSentence(text: string, start: number, dot: number): boolean {
  let next = dot + 1;
  while (next < text.length && CLOSERS.includes(text.charAt(next))) next++;
  if (next >= text.length) return true;
  if (!isSpace(text.charAt(next))) return false;
  while (isSpace(text.charAt(next))) next++;
  if (next >= text.length) return true;
  let first = next;
  while (first < text.length - 1 && first < next + 4 && OPEN_QUOTES.includes(text.charAt(first))) first++;
  const letter = text.charAt(first);
  const isOpening = /[\p{Lu}\p{N}§]/u.test(letter) || (first === next && letter === '(');
  // `(a)` after a full stop opens a sentence though its letter is small.
  if (!isOpening && !(text.charAt(next) === '(' && /^\(\p{L}{1,4}\)/u.test(text.slice(next, next + 7))))
    return false;

  const word = LAST_WORD.exec(text.slice(Math.max(start, dot - 24), dot))?.[0].toLowerCase() ?? '';
  if (word === '') return true;
  // `1. The employer` and `A. Scope` number what follows.
  if (
    dot - start <= 6 &&
    /^(?:\d{1,3}|\p{L}|[ivx]{1,4})$/u.test(word) &&
    text.slice(start, dot).trim().toLowerCase() === word
  )
    return false;
  if (OPEN_ABBREVIATIONS.has(word)) return isOpenerAt(text, first) && word.length > 3;
  const isInitials = /^\p{L}(?:\.\p{L})*$/u.test(word);
  if (CLOSE_ABBREVIATIONS.has(word) || isInitials) return isOpenerAt(text, first);
  return true;
}

function isOpenerAt(text: string, at: number): boolean {
  const word = /^\p{L}+/u.exec(text.slice(at, at + 16))?.[0] ?? '';
  return /^\p{Lu}/u.test(word) && OPENERS.has(word.toLowerCase());
}

/** The next place at which something may turn; the length of the text for none. */
function nextTurn(text: string, from: number): number {
  TURNS.lastIndex = from;
  return TURNS.exec(text)?.index ?? text.length;
}

/** A list that is open while its items go by. */
interface OpenList {
  readonly leadIn: number;
  /** Label of the latest item. */
  label: string;
}

const ROMAN = ['i', 'ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii', 'ix', 'x', 'xi', 'xii', 'xiii', 'xiv', 'xv'];

/** Whether a list may go on from one label to the other. */
function follows(before: string, label: string): boolean {
  if (/^\d+$/.test(before)) return Number(label) === Number(before) + 1;
  const roman = ROMAN.indexOf(before);
  if (roman >= 0 && ROMAN[roman + 1] === label) return true;
  const last = before.length - 1;
  const next = String.fromCharCode(before.charCodeAt(last) + 1);
  return label === `${before.slice(0, last)}${next}` || (before === 'z' && label === 'aa');
}

class Splitter {
  readonly spans: SentenceSpan[] = [];
  readonly #text: string;
  #lists: OpenList[] = [];
  #start = 0;
  /** The list item being read, if any. */
  #item: number | undefined;
  #isItem = false;

  constructor(text: string) {
    this.#text = text;
  }

  run(): readonly SentenceSpan[] {
    const text = this.#text;
    const close = brackets(text);
    for (let i = nextTurn(text, 0); i < text.length; i = nextTurn(text, i + 1)) {
      // What joins two items may take the line end between them.
      if (i < this.#start) continue;
      const char = text.charAt(i);
      if ((char === '(' || char === '[') && this.#hasText(i)) {
        const end = close.get(i) ?? 0;
        if (end > i && end - i <= BRACKET_CHARS) i = end;
        continue;
      }
      // Of a run of line ends the last one counts.
      if (char === '\n' && text.charAt(i + 1) === '\n') continue;
      if (char === '\n') this.#line(i);
      else if (char === '.' || char === '!' || char === '?') {
        if (!endsSentence(text, this.#start, i)) continue;
        let end = i + 1;
        while (end < text.length && CLOSERS.includes(text.charAt(end))) end++;
        this.#cut(end, 'sentence');
        this.#endItem();
        i = end - 1;
      } else if (LIST_OPENERS.includes(char)) {
        const label = this.#markerAfter(i + 1);
        if (label !== undefined && this.#lists.length < LIST_DEPTH) this.#open(i + 1, label);
      } else if (char === ';' && this.#lists.length > 0) this.#next(i + 1);
    }
    this.#cut(text.length, 'sentence');
    return this.spans;
  }

  #hasText(end: number): boolean {
    return this.#text.slice(this.#start, Math.min(end, this.#start + 64)).trim() !== '';
  }

  /** The label of a list marker after white space at `at`. */
  #markerAfter(at: number): string | undefined {
    const text = this.#text;
    let i = at;
    while (i < at + GAP_CHARS && isSpace(text.charAt(i))) i++;
    MARKER.lastIndex = i;
    return MARKER.exec(text)?.[1];
  }

  #open(end: number, label: string): void {
    const before = this.spans.length;
    this.#cut(end, 'lead-in');
    if (this.spans.length === before) return;
    this.#lists.push({ leadIn: before, label });
    this.#item = before;
    this.#isItem = true;
  }

  /** After a semicolon: a new item, when a marker follows and some open list goes on with it. */
  #next(semicolon: number): void {
    const text = this.#text;
    let end = semicolon;
    let at = semicolon;
    const joint = /^\s*(?:and|or|and\/or|but)\s/.exec(text.slice(semicolon, semicolon + 16));
    if (joint !== null) at += joint[0].length;
    const label = this.#markerAfter(at);
    if (label === undefined) return;
    if (joint !== null) end = at;
    let depth = this.#lists.length - 1;
    while (depth >= 0 && !follows(this.#lists[depth]?.label ?? '', label)) depth--;
    if (depth < 0) return;
    this.#cut(end, 'sentence');
    this.#lists.length = depth + 1;
    const list = this.#lists[depth];
    if (list === undefined) return;
    list.label = label;
    this.#item = list.leadIn;
    this.#isItem = true;
  }

  #line(at: number): void {
    const text = this.#text;
    const label = this.#markerAfter(at);
    const line = text.slice(this.#start, Math.min(at, this.#start + HEADING_CHARS + 1)).trim();
    if (
      label !== undefined &&
      this.#lists.length < LIST_DEPTH &&
      line !== '' &&
      LIST_OPENERS.includes(line.slice(-1))
    )
      this.#open(at, label);
    else if (label !== undefined && this.#lists.some((list) => follows(list.label, label))) this.#next(at);
    else {
      const isHeading =
        line.length <= HEADING_CHARS && !/[.;:,]$/.test(line) && /^[\p{Lu}\p{N}§]/u.test(line);
      this.#cut(at, isHeading && !/\b(?:shall|must|may)\b/.test(line) ? 'heading' : 'sentence');
      this.#endItem();
    }
  }

  #endItem(): void {
    this.#lists = [];
    this.#item = undefined;
    this.#isItem = false;
  }

  #cut(end: number, role: SpanRole): void {
    const text = this.#text;
    let [from, to] = [this.#start, end];
    while (from < to && isSpace(text.charAt(from))) from++;
    while (to > from && isSpace(text.charAt(to - 1))) to--;
    this.#start = end;
    if (from === to) return;
    const own = role === 'sentence' && this.#isItem ? 'item' : role;
    this.spans.push({ start: from, end: to, role: own, leadIn: this.#item });
  }
}

/** The sentences of a text, in order, never overlapping. White space between them belongs to none. */
export function splitSentences(text: string): readonly SentenceSpan[] {
  return new Splitter(text).run();
}
