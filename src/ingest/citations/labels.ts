/** Numbers and labels of provisions as they are printed: `262.34(a)(1)(i) and (c)`, `(a) through (d)`, `5, 6 and 7(1)`. */
import { FIXED_LIMITS } from '../../base/index.ts';
import { romanValue, toRoman } from '../text.ts';
import type { Scan } from './scan.ts';

/** One thing of a list. */
export interface Item {
  readonly start: number;
  readonly end: number;
  /** Number, if the word before the list takes one, then labels: `['262.34', 'a', '1']`. */
  readonly parts: readonly string[];
  readonly implied: boolean;
}

const LABEL =
  /\s?\(\s?((?!(?:EU|EC|of|or|if|in|as|to|is|by|at|an|no|it|on)\b)(?:\d{1,3}[A-Za-z]{0,2}|[ivx]{1,6}|[IVX]{1,6}|[a-z]{1,2}|[A-Z]{1,2}))\s?\)/y;
const SEPARATOR =
  /\s*(?:,\s*(?:(?:and\/or|and|or|to|through)(?=[\s(]))?|(?:and\/or|and|or|to|through)(?=[\s(])|[-–—](?=\s?[\d(])|;\s*(?=\())\s*/y;
const RANGE = /^\s*,?\s*(?:to|through|[-–—])\s*$/;
/** A number that is counted, not cited. */
const QUANTITY =
  /\s*(?:%|°|C\.? ?F\.? ?R\b|U\. ?S\. ?C\b|FR\b|Stat\.|per ?cent|days?\b|(?:calendar|working|business) days?\b|weeks?\b|months?\b|years?\b|hours?\b|minutes?\b|kg\b|g\b|mg\b|km\b|m\b|mm\b|tonnes?\b|tons?\b|pounds?\b|gallons?\b|lit(?:er|re)s?\b|ppm\b|feet\b|Member States|(?:January|February|March|April|May|June|July|August|September|October|November|December)\b)/y;

/** `(a)(1)(i)`. */
export function labels(scan: Scan): string[] {
  const found: string[] = [];
  while (found.length < FIXED_LIMITS.citation_depth.value) {
    const label = scan.take(LABEL)?.[1];
    if (label === undefined) break;
    found.push(label);
  }
  return found;
}

/**
 * A list whose things are a number and labels, or labels alone when `number` is undefined. `many`: the word before it
 * stands in the plural, so that further numbers belong to it. Empty when there is none here.
 */
export function itemList(scan: Scan, number: RegExp | undefined, many: boolean): Item[] {
  const first = scan.attempt(() => item(scan, number));
  if (first === undefined) return [];
  const items = [first];
  while (items.length < FIXED_LIMITS.citation_list_items.value) {
    const last = items.at(-1) ?? first;
    const next = scan.attempt(() => {
      const separator = scan.take(SEPARATOR)?.[0];
      if (separator === undefined) return undefined;
      // `Article 24 and 25`: the plural is forgotten at times.
      const found = following(scan, number, many || /^\s*(?:and|or)\s*$/.test(separator), last);
      return found === undefined ? undefined : { found, isRange: RANGE.test(separator) };
    });
    if (next === undefined) break;
    if (next.isRange) for (const one of between(last, next.found)) items.push(one);
    items.push(next.found);
  }
  return items;
}

function item(scan: Scan, number: RegExp | undefined): Item | undefined {
  const start = scan.at;
  let parts: string[] = [];
  if (number !== undefined) {
    const found = scan.take(number)?.[1];
    if (found === undefined || scan.sees(QUANTITY)) return undefined;
    parts = [found];
  }
  parts = [...parts, ...labels(scan)];
  return parts.length === 0 ? undefined : { start, end: scan.at, parts, implied: false };
}

/** The next of a list: a thing of its own, or labels that go on from the one before: `(a)(1) and (2)`. */
function following(scan: Scan, number: RegExp | undefined, many: boolean, before: Item): Item | undefined {
  if (number !== undefined) {
    const whole = many ? scan.attempt(() => item(scan, number)) : undefined;
    if (whole !== undefined) return whole;
  }
  const start = scan.at;
  const own = labels(scan);
  const [first] = own;
  if (first === undefined) return undefined;
  const fixed = number === undefined ? 0 : 1;
  const at = placeOf(own, before.parts.slice(fixed));
  if (at === undefined && before.parts.length > fixed) return undefined;
  const kept = before.parts.slice(0, fixed + (at ?? 0));
  return { start, end: scan.at, parts: [...kept, ...own], implied: false };
}

/** Which of the labels before it a further one takes the place of: the same one, one as deep, else the innermost alike. */
function placeOf(own: readonly string[], before: readonly string[]): number | undefined {
  const [first = ''] = own;
  const kinds = kindsOf(first, undefined, -1);
  const alike = before.flatMap((label, i) =>
    kindsOf(label, before[i - 1], i).some((kind) => kinds.includes(kind)) ? [i] : [],
  );
  const isSame = (i: number): boolean => own.length > 1 && before[i] === first;
  const isAsDeep = (i: number): boolean => own.length > 1 && before.length - i === own.length;
  return alike.find(isSame) ?? alike.find(isAsDeep) ?? alike.at(-1);
}

/** The ways a label can be counted. Below a letter, `i` is a Roman numeral; so it is in the third place. */
function kindsOf(label: string, above: string | undefined, depth: number): readonly string[] {
  if (/^\d/.test(label)) return ['number'];
  const letters = label === label.toLowerCase() ? 'lower' : 'upper';
  const roman = `roman-${letters}`;
  if (!/^[ivx]+$/i.test(label)) return [letters];
  if (label.length > 1 || depth > 1 || (above !== undefined && /^[a-z]/i.test(above))) return [roman];
  return [letters, roman];
}

/** What stands between the two ends of a range, when they differ in their last part only. */
function between(first: Item, last: Item): Item[] {
  const a = first.parts.at(-1) ?? '';
  const b = last.parts.at(-1) ?? '';
  const above = last.parts.slice(0, -1);
  if (first.parts.length !== last.parts.length || above.some((part, i) => part !== first.parts[i])) return [];
  const span = { start: first.start, end: last.end, implied: true };
  return countFrom(a, b).map((part) => ({ ...span, parts: [...above, part] }));
}

/** The labels after `a` and before `b`; none when they do not count in one way. */
function countFrom(a: string, b: string): string[] {
  const prefix = /^(?:.*[.\d](?=[a-z]$)|.*\.)?/.exec(a)?.[0] ?? '';
  if (!b.startsWith(prefix)) return [];
  const [from, to] = [a.slice(prefix.length), b.slice(prefix.length)];
  const ways: readonly ((text: string) => number)[] = [
    (text) => (/^\d{1,5}$/.test(text) ? Number(text) : 0),
    (text) =>
      romanValue(text.toLowerCase()) > 0 && text.length > 1
        ? romanValue(text.toLowerCase())
        : text === 'i' || text === 'I'
          ? 1
          : 0,
    (text) => (/^[a-z]$/i.test(text) ? text.toLowerCase().charCodeAt(0) - 96 : 0),
    (text) => romanValue(text.toLowerCase()),
  ];
  const write: readonly ((value: number) => string)[] = [
    String,
    toRoman,
    (value) => String.fromCharCode(96 + value),
    toRoman,
  ];
  const way = ways.findIndex((value) => value(from) > 0 && value(to) > value(from));
  const value = ways[way];
  const print = write[way];
  if (value === undefined || print === undefined) return [];
  const isUpper = /^[A-Z]/.test(to);
  const found: string[] = [];
  for (let n = value(from) + 1; n < value(to) && found.length < FIXED_LIMITS.citation_list_items.value; n++)
    found.push(prefix + (isUpper ? print(n).toUpperCase() : print(n)));
  return found;
}
