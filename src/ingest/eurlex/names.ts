/** Printed numbers and titles of EU acts as parts of ids and citations. Ids follow the fragments of EUR-Lex: `art_3`, `anx_I`. */
import type { SectionLevel } from '../reader.ts';
import { label, oneLine, slug, withoutTail } from '../text.ts';

/** What a division, annex or group is called. */
export interface Title {
  readonly level: SectionLevel;
  /** Own part of the eid: `cpt_I`, `anx_II`, `div_carbon-footprint`. */
  readonly name: string;
  readonly num: string | undefined;
  /** Own part of the citation: `Chapter I`, `Annex II`; empty when it is not cited. */
  readonly cite: string;
  readonly heading: string | undefined;
}

/** Words with level and id; `isSaid`: the level says the word, so that the number need not repeat it. */
const WORDS: Readonly<Record<string, readonly [level: SectionLevel, id: string, isSaid: boolean]>> = {
  annex: ['annex', 'anx', true],
  appendix: ['appendix', 'apx', true],
  part: ['part', 'prt', true],
  title: ['title', 'tis', false],
  chapter: ['chapter', 'cpt', true],
  section: ['division', 'sct', false],
  subsection: ['division', 'sbs', false],
};

/** `CHAPTER I`, `Part A — Verification`. */
const WORDED =
  /^(annex|appendix|part|title|chapter|section|sub-?section)(?:\s+([\dA-Za-z]{1,12}(?:[.-]\d+)*))?\s*(?:$|[.:—–]\s*(.*)$|-\s+(.*)$)/i;
/** `1. Scope`, `2.1. Scope`, `A. Scope`, `(a) Scope`. */
const NUMBERED =
  /^(\(?(?:\d{1,3}(?:\.\d{1,3})*[a-z]?|[A-Z]|[IVXL]{1,6}|[a-z])[.)]|\d{1,3}(?:\.\d{1,3})+)\s+(\S.*)$/;

/** The lines of a title: a word with a number, a number with words, or words alone. */
export function titleOf(lines: readonly string[]): Title {
  const [first = '', ...rest] = lines.map(unquoted).filter((line) => line !== '');
  const worded = WORDED.exec(first);
  const kind = WORDS[(worded?.[1] ?? '').toLowerCase().replace('-', '')];
  if (worded !== null && kind !== undefined) {
    const [level, id, isSaid] = kind;
    const number = worded[2] ?? '';
    const heading = [worded[3] ?? worded[4] ?? '', ...rest].filter((part) => part !== '').join(' ');
    const word = `${(worded[1] ?? '').charAt(0).toUpperCase()}${(worded[1] ?? '').slice(1).toLowerCase()}`;
    return {
      level,
      name: number === '' ? id : `${id}_${label(number)}`,
      num: isSaid ? (number === '' ? undefined : number) : `${word} ${number}`.trim(),
      cite: number === '' ? word : `${word} ${number}`,
      heading: heading === '' ? undefined : heading,
    };
  }
  const numbered = NUMBERED.exec(first);
  if (numbered !== null) {
    const num = numbered[1] ?? '';
    return {
      level: 'division',
      name: `div_${label(num)}`,
      num,
      cite: `section ${bare(num)}`,
      heading: [numbered[2] ?? '', ...rest].join(' '),
    };
  }
  const words = [first, ...rest].join(' ');
  const heading = words === '' ? undefined : words;
  return { level: 'division', name: `div_${slug(words) || 'unnamed'}`, num: undefined, cite: '', heading };
}

/** Words without the quotation mark of an amendment. */
function unquoted(line: string): string {
  return oneLine(line.replace(/^[\s‘’“”"'„«]+/, ''));
}

/** `3a` in `Article 3a`; `sole` in `Sole Article`. */
export function articleNumber(text: string): string {
  const line = withoutTail(unquoted(text), '’”"\'');
  return line.replace(/^article\b\s*/i, '').replace(/\s*\barticle$/i, '');
}

/** A number without brackets and final stop. */
export function bare(num: string): string {
  return withoutTail(num.replace(/[()[\]‘’“”"']/g, ''), '.:').trim();
}

/** Marks of list items that count nothing. */
export function isIndent(num: string): boolean {
  return /^[—–\-•·*▪o]?$/.test(num.trim());
}

/** Whether a text can be the number of a list item: `(a)`, `1.`, `1.1.`, `(iii)`, `—`. */
export function isItemLabel(text: string): boolean {
  return /^(?:[‘“"']?\(?(?:\d{1,4}[a-z]{0,3}|[A-Za-z]{1,3}|[ivxl]{1,7}|[IVXL]{1,7})(?:\.\d{1,3}[a-z]?)*[.)]{0,2}|[—–•·▪-]|\*{1,5}\)?)$/.test(
    text.trim(),
  );
}

/** `1.`, `2.3.`: points of an annex count through it; letters and dashes belong to the words before them. */
export function isPoint(num: string): boolean {
  return /^\d+(?:\.\d+)*[a-z]?\.?$/.test(num.trim());
}

/** An article as a node of the outline. */
export function articleNode(
  num: string,
  heading: string,
): {
  readonly eid: string;
  readonly level: 'article';
  readonly num: string | undefined;
  readonly heading: string | undefined;
  readonly cite: string;
} {
  const name = label(num.toLowerCase() === 'sole' ? 'sole' : num);
  return {
    eid: name === '' ? 'art' : `art_${name}`,
    level: 'article',
    num: num === '' ? undefined : num,
    heading: heading === '' ? undefined : heading,
    cite: num === '' ? 'Art.' : `Art. ${num}`,
  };
}

/** A recital; old acts do not number them. */
export function recitalNode(
  num: string,
  count: number,
): {
  readonly eid: string;
  readonly level: 'paragraph';
  readonly num: string | undefined;
  readonly heading: undefined;
  readonly cite: string;
} {
  const name = label(bare(num)) || String(count);
  return {
    eid: `rct_${name}`,
    level: 'paragraph',
    num: num === '' ? undefined : num,
    heading: undefined,
    cite: `recital ${name}`,
  };
}
