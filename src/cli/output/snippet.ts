/** The part of a text that answers the query, with the words of the query marked. */
import type { Style } from './style.ts';
import { oneLine } from './text.ts';

const WORD = /[\p{L}\p{N}]+/gu;
/** Shorter words are everywhere. */
const WORD_CHARS_MIN = 3;

const wordsOf = (text: string): Set<string> =>
  new Set((text.toLowerCase().match(WORD) ?? []).filter((word) => word.length >= WORD_CHARS_MIN));

/** A text word is meant by a query word if it is the same or goes on from it: `limit` marks `limits`. */
function isMeant(word: string, query: ReadonlySet<string>): boolean {
  const lower = word.toLowerCase();
  if (query.has(lower)) return true;
  for (const one of query) if (one.length > WORD_CHARS_MIN && lower.startsWith(one)) return true;
  return false;
}

/** At most `chars` of the text, from where most words of the query stand together. */
export function snippet(text: string, query: string, chars: number): string {
  const flat = oneLine(text).replace(/\s+/g, ' ').trim();
  if (flat.length <= chars) return flat;
  const wanted = wordsOf(query);
  const places = [...flat.matchAll(WORD)]
    .filter(([word]) => isMeant(word, wanted))
    .map((match) => match.index);
  const room = chars - 2;
  let best = 0;
  let bestCount = 0;
  let end = 0;
  for (const [index, place] of places.entries()) {
    while (end < places.length && (places[end] ?? 0) < place + room) end++;
    if (end - index > bestCount) {
      bestCount = end - index;
      best = place;
    }
  }
  // A few words before the first hit; never past the point where the rest would fit.
  const wished = Math.min(Math.max(best - Math.floor(room / 6), 0), flat.length - room);
  const from = wished === 0 ? 0 : flat.indexOf(' ', wished) + 1;
  const piece = flat.slice(from, from + room);
  const to = from + room >= flat.length ? piece.length : Math.max(piece.lastIndexOf(' '), 1);
  return `${from === 0 ? '' : '…'}${piece.slice(0, to)}${from + to >= flat.length ? '' : '…'}`;
}

/** Bold in colour, `*word*` on a terminal without colour, untouched elsewhere. */
export function markWords(line: string, query: string, style: Style, isTty: boolean): string {
  if (!style.colour && !isTty) return line;
  const wanted = wordsOf(query);
  const mark = style.colour
    ? (word: string) => style.bold(style.yellow(word))
    : (word: string) => `*${word}*`;
  return line.replace(WORD, (word) => (isMeant(word, wanted) ? mark(word) : word));
}
