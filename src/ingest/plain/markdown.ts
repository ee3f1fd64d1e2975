/**
 * Reader of Markdown: headings become the tree, all else paragraphs. Line by line; of CommonMark it knows what carries
 * text (headings, lists, quotes, fences, tables, links, emphasis), not how it would look.
 */
import type { Reader, ReaderInput, ReadEvent, Sniff } from '../reader.ts';
import { bytesOf, emptyFault, inGroups, textOf } from './text-file.ts';
import { withoutTail } from '../text.ts';
import { PlainDocument } from './tree.ts';

export const markdownReader: Reader = {
  format: 'markdown',
  description: 'Markdown with headings',
  matches: ({ name, head }: Sniff) =>
    /\.(?:md|markdown)$/i.test(name) && !/^\ufeff?\s*(?:<\?xml|%PDF-|PK\u0003)/.test(head),
  async *read(input) {
    const text = textOf(await bytesOf(input, 'plain_bytes'), input.name);
    if (text.trim() === '') throw emptyFault(input.name);
    yield* inGroups(readMarkdown(text, input));
  },
};

const ATX = /^ {0,3}(#{1,6})(?:[ \t](.*))?$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:-[ \t]*){3,})$/;
/** For a line without white space at its end. */
const DIVIDER = /^ {0,3}\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?)?$/;
const ITEM = /^\s*(?:[-*+]|\d{1,9}[.)])\s+/;

function readMarkdown(text: string, input: ReaderInput): readonly ReadEvent[] {
  const lines = withoutFrontMatter(text.split('\n'));
  const events: ReadEvent[] = [];
  const first = lines
    .map(({ line }, i) => headingOf(line, lines[i + 1]?.line))
    .find((found) => found !== undefined);
  const document = new PlainDocument(
    { family: 'md', title: first === undefined ? '' : plain(first.words), language: 'und' },
    input,
    (event) => events.push(event),
  );
  let paragraph: string[] = [];
  let begun = 1;
  let fence: string | undefined;
  let isComment = false;
  const flush = (): void => {
    if (paragraph.length > 0) document.paragraph(paragraph.join('\n'), begun);
    paragraph = [];
  };
  const add = (words: string, at: number, joins: boolean): void => {
    if (paragraph.length === 0) begun = at;
    const last = paragraph.length - 1;
    if (joins && last >= 0) paragraph[last] = `${paragraph[last] ?? ''} ${words}`;
    else paragraph.push(words);
  };
  for (let i = 0; i < lines.length; i++) {
    const { line, at } = lines[i] ?? { line: '', at: i + 1 };
    if (fence !== undefined) {
      if (line.trim().startsWith(fence)) fence = undefined;
      else add(line, at, false);
      continue;
    }
    if (isComment || /^ {0,3}<!--/.test(line)) {
      isComment = !line.includes('-->');
      continue;
    }
    const opened = FENCE.exec(line)?.[1];
    if (opened !== undefined) {
      flush();
      fence = opened;
      continue;
    }
    const heading = headingOf(line, paragraph.length === 0 ? lines[i + 1]?.line : undefined);
    if (heading !== undefined) {
      flush();
      document.heading(heading.rank, plain(heading.words), at);
      if (heading.isSetext) i++;
      continue;
    }
    if (line.trim() === '' || RULE.test(line)) {
      flush();
      continue;
    }
    if (isDivider(line)) continue;
    const words = line.replace(/^(?: {0,3}>[ \t]?)+/, '');
    if (/^\s*\|.*\|\s*$/.test(words) || (words.includes('|') && isDivider(lines[i + 1]?.line))) {
      add(cellsOf(words).map(plain).join('\t'), at, false);
      continue;
    }
    const isItem = ITEM.test(words);
    const isBreak = /(?: {2}|\\)$/.test(lines[i - 1]?.line ?? '');
    add(plain(isItem ? words.replace(/^(\s*)[-*+]\s+/, '$1') : words), at, !isItem && !isBreak);
  }
  flush();
  document.end(input.name);
  return events;
}

function withoutFrontMatter(
  lines: readonly string[],
): readonly { readonly line: string; readonly at: number }[] {
  const numbered = lines.map((line, i) => ({ line, at: i + 1 }));
  if (lines[0]?.trim() !== '---') return numbered;
  const end = lines.findIndex((line, i) => i > 0 && /^(?:---|\.\.\.)\s*$/.test(line));
  return end > 0 && end < 200 ? numbered.slice(end + 1) : numbered;
}

function headingOf(
  line: string,
  next: string | undefined,
): { readonly rank: number; readonly words: string; readonly isSetext: boolean } | undefined {
  const atx = ATX.exec(line);
  if (atx !== null)
    return { rank: atx[1]?.length ?? 1, words: withoutClosing(atx[2] ?? ''), isSetext: false };
  if (next === undefined || line.trim() === '' || /^\s*(?:[|>#]|[-*+]\s)/.test(line)) return undefined;
  const under = /^ {0,3}(=+|-{2,})[ \t]*$/.exec(next)?.[1];
  return under === undefined
    ? undefined
    : { rank: under.startsWith('=') ? 1 : 2, words: line, isSetext: true };
}

/** A heading may end in as many `#` as it likes, after a space. */
function withoutClosing(words: string): string {
  const said = words.trim();
  const bare = withoutTail(said, '#');
  return bare === '' || /[ \t]$/.test(bare) ? bare.trimEnd() : said;
}

function isDivider(line: string | undefined): boolean {
  return DIVIDER.test((line ?? '').trimEnd());
}

function cellsOf(row: string): readonly string[] {
  return row
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** Text without its marks. Addresses of links are left out, their words stay. */
function plain(text: string): string {
  const spared: string[] = [];
  const spare = (words: string): string => `\u0002${spared.push(words) - 1}\u0003`;
  return text
    .replace(/\\([!-/:-@[-`{-~])/g, (_, char: string) => spare(char))
    .replace(/(?<!`)(`{1,9})(?!`)([^]{1,2000}?)(?<!`)\1(?!`)/g, (_, __, code: string) => spare(code))
    .replace(/!?\[([^[\]]{0,2000})\]\((?:[^()\s]|\([^()\s]*\))*(?:\s"[^"]*")?\)/g, '$1')
    .replace(/!?\[([^[\]]{0,2000})\]\[[^[\]]{0,200}\]/g, '$1')
    .replace(/<((?:https?|mailto):[^<>\s]+)>/g, '$1')
    .replace(/<\/?[A-Za-z][^<>]{0,1000}>/g, '')
    .replace(/(\*\*|__)(?=\S)(.{1,500}?)(?<=\S)\1/g, '$2')
    .replace(/\*(?=\S)([^*]+?)(?<=\S)\*/g, '$1')
    .replace(/(?<![\p{L}\p{N}])_(?=\S)([^_]+?)(?<=\S)_(?![\p{L}\p{N}])/gu, '$1')
    .replace(/~~([^~]+)~~/g, '$1')
    .replace(
      /&(amp|lt|gt|quot|nbsp|sect|#\d{1,7});/g,
      (whole, name: string) => ENTITIES[name] ?? numeric(whole, name),
    )
    .replace(/\u0002(\d+)\u0003/g, (_, index: string) => spared[Number(index)] ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  nbsp: ' ',
  sect: '§',
};

function numeric(whole: string, name: string): string {
  const code = Number(name.slice(1));
  return code > 31 && code < 0x110000 && !(code >= 0xd800 && code < 0xe000)
    ? String.fromCodePoint(code)
    : whole;
}
