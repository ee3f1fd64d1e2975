/** Small pure functions on text, shared by the readers. */

/** One line: white space of any kind and length becomes a single space. No-break spaces too: they only steer layout. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Longest label that goes into an eid or a citation; real ones have fewer than 20 characters. */
const LABEL_MAX = 48;

/** A heading or term as part of an eid: `Central accumulation area` becomes `central-accumulation-area`. */
export function slug(text: string): string {
  const words = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f’']/g, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  let out = '';
  for (const word of words) {
    const next = out === '' ? word : `${out}-${word}`;
    if (next.length > LABEL_MAX) return out === '' ? word.slice(0, LABEL_MAX) : out;
    out = next;
  }
  return out;
}

/** An official number as part of an eid: keeps case, dots and hyphens. What is cut off does not leave a mark at the end. */
export function label(text: string): string {
  return text
    .replace(/[–—]/g, '-')
    .replace(/[^\p{L}\p{N}.-]+/gu, '-')
    .replace(/^[-.]+/, '')
    .slice(0, LABEL_MAX)
    .replace(/[-.]+$/, '');
}

/**
 * Without the characters of `marks` at its end. A loop: `[…]+$` tries every run of them, and a text that is one long run
 * of full stops would cost its length squared.
 */
export function withoutTail(text: string, marks: string): string {
  let end = text.length;
  while (end > 0 && marks.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Cut for a citation, at a word, with an ellipsis. */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, max);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), max / 2))}…`;
}

const ROMAN_DIGITS: readonly (readonly [string, number])[] = [
  ['c', 100],
  ['xc', 90],
  ['l', 50],
  ['xl', 40],
  ['x', 10],
  ['ix', 9],
  ['v', 5],
  ['iv', 4],
  ['i', 1],
];

/** A number as lower-case Roman numeral. */
export function toRoman(value: number): string {
  let out = '';
  for (const [digits, worth] of ROMAN_DIGITS) {
    for (; value >= worth; value -= worth) out += digits;
  }
  return out;
}

/** The value of a well-formed lower-case Roman numeral below 400, or 0. */
export function romanValue(text: string): number {
  let value = 0;
  let rest = text;
  for (const [digits, worth] of ROMAN_DIGITS) {
    for (; rest.startsWith(digits); rest = rest.slice(digits.length)) value += worth;
  }
  return rest === '' && toRoman(value) === text ? value : 0;
}

/** Adds items to a list. `push(...items)` overflows the stack on long lists. */
export function append<T>(list: T[], items: Iterable<T>): void {
  for (const item of items) list.push(item);
}

/** `YYYY-MM-DD`; undefined for what is no day of the calendar. */
export function calendarDay(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  const isReal =
    year >= 1000 &&
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day;
  return isReal ? date.toISOString().slice(0, 10) : undefined;
}
