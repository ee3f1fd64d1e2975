/** Pieces of text as they are set on a page to lines, and lines to headings and paragraphs. */
import type { PdfPage } from './messages.ts';

export interface PdfLine {
  readonly text: string;
  readonly page: number;
  readonly x: number;
  readonly y: number;
  readonly size: number;
  /** In the upper or lower margin, where running heads are. */
  readonly margin: boolean;
}

/** Gaps, in heights of the text: a space, and the next cell of a table. */
const GAP_SPACE = 0.15;
const GAP_CELL = 1.8;
const MARGIN = 0.12;

/** Lines in the order of the file, which is the order of reading in files made from text. */
export function linesOf(page: PdfPage): readonly PdfLine[] {
  const lines: PdfLine[] = [];
  let text = '';
  let x = 0;
  let y = 0;
  let size = 0;
  let right = 0;
  const flush = (): void => {
    const words = text
      .replace(/[ \u00a0]+/g, ' ')
      .replace(/ ?\t ?/g, '\t')
      .trim();
    if (words !== '') {
      const margin = page.height > 0 && (y < page.height * MARGIN || y > page.height * (1 - MARGIN));
      lines.push({ text: words, page: page.number, x, y, size, margin });
    }
    text = '';
    size = 0;
  };
  for (const item of page.items) {
    const height = item.height > 0 ? item.height : size;
    if (item.text === '') continue;
    if (item.text.trim() === '') {
      if (text !== '') text += ' ';
      continue;
    }
    const sameLine =
      text !== '' && Math.abs(item.y - y) <= Math.max(height, size) * 0.5 && item.x >= right - size;
    if (!sameLine) {
      flush();
      x = item.x;
      y = item.y;
    } else {
      const gap = (item.x - right) / Math.max(1, height);
      if (gap > GAP_CELL) text += '\t';
      else if (gap > GAP_SPACE && !text.endsWith(' ')) text += ' ';
    }
    text += item.text;
    size = Math.max(size, height);
    right = item.x + item.width;
  }
  flush();
  return lines;
}

/** The size that most characters are set in. */
export function bodySize(lines: readonly PdfLine[]): number {
  const counts = new Map<number, number>();
  for (const { size, text } of lines) {
    const key = Math.round(size * 2) / 2;
    counts.set(key, (counts.get(key) ?? 0) + text.length);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 10;
}

/** What stands in the margins of many pages: running heads and page numbers. */
export function runningHeads(lines: readonly PdfLine[], pages: number): ReadonlySet<string> {
  const seen = new Map<string, Set<number>>();
  for (const line of lines) {
    if (!line.margin) continue;
    const key = marginKey(line.text);
    const on = seen.get(key) ?? new Set<number>();
    on.add(line.page);
    seen.set(key, on);
  }
  const least = Math.max(3, pages * 0.3);
  return new Set([...seen].filter(([, on]) => on.size >= least).map(([key]) => key));
}

export function marginKey(text: string): string {
  return text
    .replace(/\d+|\b[ivxl]{1,6}\b/g, '#')
    .replace(/\s+/g, ' ')
    .trim();
}

const HEADING_MAX = 180;
const NUMBERED_HEADING =
  /^(?:SEC(?:TION|\.)|PART|CHAPTER|ARTICLE|APPENDIX|ANNEX|SCHEDULE)\s+[\dA-Z][\w.-]{0,8}\b.{0,140}$/;

/** The number of a paragraph that is numbered through: `1.2 Measure the rise …`. */
export function paragraphNumber({ text }: PdfLine): string | undefined {
  return /^(\d{1,2}(?:\.\d{1,3}){1,5})\s+[\p{L}‘“"(]/u.exec(text)?.[1];
}

/** The rank of a heading, or undefined for text. Larger type ranks higher; what only words tell ranks lowest. */
export function headingRank(line: PdfLine, body: number, sizes: readonly number[]): number | undefined {
  const { text, size } = line;
  if (text.length > HEADING_MAX || text.includes('\t') || !/\p{L}{2}/u.test(text)) return undefined;
  const isLarge = size >= body * 1.12;
  const isNumbered = NUMBERED_HEADING.test(text) && size >= body * 0.85;
  if (!isLarge && !isNumbered) return undefined;
  if (isLarge && /[,;]$/.test(text)) return undefined;
  const bySize = sizes.findIndex((one) => size >= one - 0.26);
  return isLarge ? (bySize < 0 ? sizes.length : bySize) + 1 : sizes.length + 1;
}

/** Sizes of type above the body, the largest first. */
export function headingSizes(lines: readonly PdfLine[], body: number): readonly number[] {
  const sizes = new Set<number>();
  for (const { size, text } of lines)
    if (size >= body * 1.12 && /\p{L}{2}/u.test(text)) sizes.add(Math.round(size * 2) / 2);
  return [...sizes].sort((a, b) => b - a).slice(0, 6);
}

/** Whether a line goes on with the paragraph of the line before it. */
export function continues(before: PdfLine, line: PdfLine, body: number): boolean {
  if (before.text.includes('\t') || line.text.includes('\t')) return false;
  if (Math.abs(before.size - line.size) > body * 0.2) return false;
  if (startsItem(line.text)) return false;
  if (before.page !== line.page) return /[\p{Ll},;–-]$/u.test(before.text) && /^[\p{Ll}(]/u.test(line.text);
  const step = before.y - line.y;
  return step > -body * 40 && step <= Math.max(before.size, body) * 1.55;
}

function startsItem(text: string): boolean {
  return /^(?:[•●▪■◦‣∙·–—-]\s|\((?:[a-z]{1,4}|[A-Z]|\d{1,3})\)\s|\d{1,2}\.\s|[a-z]\)\s|[a-z]\.\s)/.test(text);
}

/** Joins two lines of a paragraph; a word divided at the end of a line is one again. */
export function joined(before: string, line: string): string {
  if (/\p{Ll}-$/u.test(before) && /^\p{Ll}/u.test(line)) return before.slice(0, -1) + line;
  return `${before} ${line}`;
}
