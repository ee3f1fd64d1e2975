/** The words that law of the UK and the EU cites by, with the numbers that may follow them. */

export type Kind =
  | 'title'
  | 'part'
  | 'chapter'
  | 'schedule'
  | 'appendix'
  | 'division'
  | 'unit'
  | 'paragraph'
  | 'sub'
  | 'point';

export interface Word {
  readonly kind: Kind;
  /** What its step begins with; empty for labels. */
  readonly step: string;
  /** How far inside a document: a thing of a higher rank stands in one of a lower. */
  readonly rank: number;
  /** Undefined when labels in brackets follow at once. */
  readonly number: RegExp | undefined;
}

const UK_NUMBER = /\s*(\d{1,4}[A-Z]{0,3})(?![\d/]|\.\d|,\d{3}|[a-z])/y;
const EU_NUMBER = /\s*(\d{1,4}[a-z]{0,2})(?![\w/]|\.\d|,\d{3})/y;
const DOTTED = /\s*(\d{1,3}[a-z]?(?:\.\d{1,3}){0,4}[a-z]?)(?![\w/]|,\d{3}|\.\d)/y;
const DIVISION = /\s*(\d{1,3}(?:\.\d{1,3}){0,4}|[A-Z](?:\.\d{1,2}){0,2}|[IVXL]{1,7})(?![\w/]|\.\d)/y;
const ROMAN =
  /\s*([IVXLC]{1,7}[A-Za-z]?(?: [A-Z](?= (?:to|of) ))?|\d{1,3}[A-Z]{0,2}|[A-Z]{1,2})(?![\w/]|\.\d)/y;

const word = (kind: Kind, step: string, rank: number, number: RegExp | undefined): Word => ({
  kind,
  step,
  rank,
  number,
});

const COMMON: Readonly<Record<string, Word>> = {
  title: word('title', 'title', 1, ROMAN),
  part: word('part', 'part', 2.5, ROMAN),
  chapter: word('chapter', 'chapter', 2.6, ROMAN),
  annex: word('schedule', 'annex', 2, ROMAN),
  appendix: word('appendix', 'appendix', 2.2, ROMAN),
  article: word('unit', 'article', 3, EU_NUMBER),
  indent: word('sub', 'indent', 7, undefined),
};

const UK: Readonly<Record<string, Word>> = {
  ...COMMON,
  schedule: word('schedule', 'schedule', 2, ROMAN),
  article: word('unit', 'article', 3, UK_NUMBER),
  regulation: word('unit', 'regulation', 3, UK_NUMBER),
  section: word('unit', 'section', 3, UK_NUMBER),
  rule: word('unit', 'rule', 3, UK_NUMBER),
  paragraph: word('paragraph', '', 4, UK_NUMBER),
  subsection: word('paragraph', '', 4, undefined),
  subparagraph: word('point', '', 5, undefined),
};

const EU: Readonly<Record<string, Word>> = {
  ...COMMON,
  section: word('division', 'division', 2.7, DIVISION),
  paragraph: word('paragraph', '', 4, EU_NUMBER),
  subparagraph: word('sub', 'sub', 5, undefined),
  point: word('point', '', 6, DOTTED),
};

/** By the printed word, in whatever number and spelling. */
export function wordOf(printed: string, isEu: boolean): Word | undefined {
  const plain = printed
    .toLowerCase()
    .replace(/[-\s]/g, '')
    .replace(/^annexes$/, 'annex')
    .replace(/^appendices$/, 'appendix')
    .replace(/s$/, '');
  return (isEu ? EU : UK)[plain];
}

export const ORDINALS =
  'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth'.split(' ');
