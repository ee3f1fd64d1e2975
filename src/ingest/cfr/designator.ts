/** Paragraph designators of the CFR, as they stand at the beginning of a paragraph: `(a)`, `(a)(1)`, `(c)-(e) [Reserved]`. */
import { romanValue } from '../text.ts';
import { isItalic, sliceLine } from './inline.ts';
import type { Line } from './inline.ts';

/** The alphabets that designators are counted in. */
export type Numbering = 'lower' | 'upper' | 'arabic' | 'roman' | 'ROMAN';

/** `(a)`; `(a)` with an italic letter; `a.` as some appendices count. */
export type Style = 'plain' | 'italic' | 'dotted';

export interface Designator {
  /** Between the parentheses: `a`, `12`, `iv`. */
  readonly label: string;
  /** Last label of a range: `e` in `(c)-(e)`. */
  readonly to: string | undefined;
  readonly style: Style;
  /** Whether it follows another designator of the same paragraph, and so opens a level below it. */
  readonly chained: boolean;
}

/** One designated piece of a paragraph. */
export interface Piece {
  readonly designator: Designator;
  /** `Scope, application, and purpose`: an italic run that ends in a full stop, colon or dash. */
  readonly heading: string | undefined;
  readonly text: string;
}

const TOKEN = /^\(\s?([a-z]{1,8}|[A-Z]{1,8}|\d{1,3})\s?\)/;
const RANGE =
  /^\s*(?:[-–—]|through|and|to)\s*\(\s?([a-z]{1,8}|[A-Z]{1,8}|\d{1,3})\s?\)(?=\s*[-—–.]?\s*\[\s*reserved)/i;

/** Designators one paragraph can begin with: there are six levels. */
const CHAIN_MAX = 8;

/** The designated pieces at the beginning of a paragraph; none when it has no designator. */
export function pieces(line: Line): readonly Piece[] {
  const found: Piece[] = [];
  let rest = line;
  for (;;) {
    const token = TOKEN.exec(rest.text);
    const text = token?.[1];
    if (token === null || text === undefined || numberings(text).length === 0) break;
    const inside = rest.text.indexOf(text);
    const italic = isItalic(rest, inside, inside + text.length);
    let end = token[0].length;
    const range = RANGE.exec(rest.text.slice(end));
    if (range !== null) end += range[0].length;
    const designator = {
      label: text,
      to: range?.[1],
      style: italic ? 'italic' : 'plain',
      chained: found.length > 0,
    } as const;
    const after = sliceLine(rest, end);
    const { heading, body } = splitHeading(after);
    const next = found.length < CHAIN_MAX ? nextDesignated(body) : undefined;
    if (next === undefined) {
      found.push({ designator, heading, text: body.text });
      return found;
    }
    found.push({ designator, heading: heading ?? next.heading, text: '' });
    rest = next.rest;
  }
  const last = found.pop();
  return last === undefined ? [] : [...found, { ...last, text: rest.text }];
}

/** A paragraph of an appendix that begins with `1.`, `A.` or `iv.`. Whether that is a number, the outline decides. */
export function dottedPiece(line: Line): Piece | undefined {
  const match = /^(\d{1,3}|[A-Z]|[a-z]|[IVXL]{2,6}|[ivxl]{2,6})\.\s+(?=\S)/.exec(line.text);
  const label = match?.[1];
  if (match === null || label === undefined || numberings(label).length === 0) return undefined;
  const { heading, body } = splitHeading(sliceLine(line, match[0].length));
  return {
    designator: { label, to: undefined, style: 'dotted', chained: false },
    heading,
    text: body.text,
  };
}

/** An italic run at the beginning that is a heading, and what follows it. */
export function splitHeading(line: Line): { readonly heading: string | undefined; readonly body: Line } {
  const run = line.italics[0];
  if (run === undefined || run[0] !== 0 || run[1] > 300) return { heading: undefined, body: line };
  const words = line.text.slice(0, run[1]).trim();
  // `(1)` in italics is a designator of the fifth level, not a heading.
  if (!/\p{L}{2}/u.test(words)) return { heading: undefined, body: line };
  const mark = /^\s*(\.(?!\w)|:|—|–)/.exec(line.text.slice(run[1]));
  const ends = /[.:—–]$/.test(words) && !/\b(?:e\.g|i\.e|et seq|etc|a\.m|p\.m)\.$/i.test(words);
  if (!ends && mark === null) return { heading: undefined, body: line };
  const heading = words.replace(/\s*[.:—–]+$/, '');
  return { heading, body: sliceLine(line, ends ? run[1] : run[1] + (mark?.[0].length ?? 0)) };
}

/**
 * A designator that opens the next level within the same paragraph: at once, after a dash, or after a short heading that
 * no italics mark and that a dash ends.
 */
function nextDesignated(
  body: Line,
): { readonly heading: string | undefined; readonly rest: Line } | undefined {
  const text = body.text;
  const at = /^[—–-]?\s*(?=\()/.exec(text);
  if (at !== null && isFirst(text.slice(at[0].length)))
    return { heading: undefined, rest: sliceLine(body, at[0].length) };
  const short = /^(\p{Lu}[^—();:.]{2,100}?)\.?—\s*(?=\(\s?(?:1|i|A)\s?\))/u.exec(text);
  if (short?.[1] !== undefined) return { heading: short[1].trim(), rest: sliceLine(body, short[0].length) };
  return undefined;
}

/** Whether a text begins with the first label of a numbering. */
function isFirst(text: string): boolean {
  const label = TOKEN.exec(text)?.[1];
  return label !== undefined && numberings(label).some(([, ordinal]) => ordinal === 1);
}

/** The ways to read a label, each with its place in the sequence, counted from 1. */
export function numberings(label: string): readonly (readonly [Numbering, number])[] {
  if (/^\d+$/.test(label)) return Number(label) > 0 ? [['arabic', Number(label)]] : [];
  const ways: (readonly [Numbering, number])[] = [];
  const isLower = label === label.toLowerCase();
  // After (z) comes (aa), (bb), …
  if (/^(.)\1*$/.test(label))
    ways.push([
      isLower ? 'lower' : 'upper',
      label.toLowerCase().charCodeAt(0) - 96 + 26 * (label.length - 1),
    ]);
  const roman = romanValue(label.toLowerCase());
  if (roman > 0) ways.push([isLower ? 'roman' : 'ROMAN', roman]);
  return ways;
}
