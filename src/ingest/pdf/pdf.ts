/**
 * Reader of PDF files that hold text: headings by size of type and numbering, paragraphs, table rows as far as gaps tell
 * cells apart, and citations by page. Files without text are refused: they need text recognition first.
 */
import type { Reader, ReaderInput, ReadEvent, Sniff } from '../reader.ts';
import { bytesOf, inGroups } from '../plain/text-file.ts';
import { PlainDocument } from '../plain/tree.ts';
import { oneLine } from '../text.ts';
import { extractPages, scanned, type PdfFacts } from './extract.ts';
import {
  bodySize,
  continues,
  headingRank,
  headingSizes,
  joined,
  linesOf,
  marginKey,
  paragraphNumber,
  runningHeads,
  type PdfLine,
} from './layout.ts';
import { preflight } from './preflight.ts';

/** Fewer letters a page than this: what there is of text is stamps on pictures. */
const LETTERS_A_PAGE = 25;

export const pdfReader: Reader = {
  format: 'pdf',
  description: 'PDF with text',
  matches: ({ head }: Sniff) => head.slice(0, 1024).includes('%PDF-'),
  read: readPdf,
};

async function* readPdf(input: ReaderInput): AsyncIterable<readonly ReadEvent[]> {
  const file = await bytesOf(input, 'pdf_bytes');
  preflight(file, input.name);
  let facts: PdfFacts = { pages: 0, title: '', language: '' };
  const lines: PdfLine[] = [];
  for await (const part of extractPages(file, input.name))
    if ('items' in part) for (const line of linesOf(part)) lines.push(line);
    else facts = part;
  const letters = lines.reduce((sum, { text }) => sum + (text.match(/\p{L}/gu)?.length ?? 0), 0);
  if (letters < LETTERS_A_PAGE * Math.max(1, facts.pages)) throw scanned(input.name);
  yield* inGroups(eventsOf(lines, facts, input));
}

function eventsOf(lines: readonly PdfLine[], facts: PdfFacts, input: ReaderInput): readonly ReadEvent[] {
  const body = bodySize(lines);
  const sizes = headingSizes(lines, body);
  const running = runningHeads(lines, facts.pages);
  const isRunning = (line: PdfLine): boolean => line.margin && running.has(marginKey(line.text));
  const text = lines.filter((line) => !isRunning(line));
  const events: ReadEvent[] = [];
  const document = new PlainDocument(
    { family: 'pdf', title: titleOf(facts, text, body), language: languageOf(facts.language) },
    input,
    (event) => events.push(event),
    text[0]?.page,
  );
  const dropped = lines.length - text.length;
  if (dropped > 0) document.warn(`${dropped} running heads and page numbers were left out`, undefined);

  let paragraph = '';
  let begun: PdfLine | undefined;
  let before: PdfLine | undefined;
  let heading: { readonly rank: number; words: string; readonly line: PdfLine } | undefined;
  const flush = (): void => {
    if (heading !== undefined) document.heading(heading.rank, heading.words, 1, heading.line.page);
    else if (begun !== undefined) document.paragraph(paragraph, 1, begun.page);
    heading = undefined;
    begun = undefined;
    paragraph = '';
  };
  for (const line of text) {
    const rank = headingRank(line, body, sizes);
    if (rank !== undefined) {
      // A heading of two lines has one size.
      const goesOn =
        heading !== undefined &&
        before !== undefined &&
        rank === heading.rank &&
        before.page === line.page &&
        before.y - line.y > 0 &&
        before.y - line.y < line.size * 2.2 &&
        line.size >= body * 1.12 &&
        heading.words.length < 300;
      if (goesOn && heading !== undefined) heading.words = joined(heading.words, line.text);
      else {
        flush();
        heading = { rank, words: line.text, line };
      }
    } else if (paragraphNumber(line) !== undefined && !line.text.includes('\t')) {
      flush();
      document.numbered(paragraphNumber(line) ?? '', 1, line.page);
      begun = line;
      paragraph = line.text;
    } else if (
      heading === undefined &&
      begun !== undefined &&
      before !== undefined &&
      continues(before, line, body)
    )
      paragraph = joined(paragraph, line.text);
    else if (
      heading === undefined &&
      begun?.page === line.page &&
      line.text.includes('\t') &&
      before?.text.includes('\t')
    )
      // Rows of a table stay together.
      paragraph = `${paragraph}\n${line.text}`;
    else {
      flush();
      begun = line;
      paragraph = line.text;
    }
    before = line;
  }
  flush();
  document.end(input.name);
  return events;
}

/** The title that the file gives itself, unless a program put its own there; else its largest line. */
function titleOf({ title }: PdfFacts, lines: readonly PdfLine[], body: number): string {
  const given = oneLine(title);
  if (
    /\p{L}{3}/u.test(given) &&
    !/^(?:microsoft word|untitled|document\d*$|.*\.(?:docx?|pdf|indd|qxd)$)/i.test(given)
  )
    return given;
  const [first] = lines
    .filter(({ page, text, size }) => page <= 2 && size > body && /\p{L}{3}/u.test(text) && text.length < 160)
    .sort((a, b) => b.size - a.size);
  return first?.text.replaceAll('\t', ' ') ?? '';
}

function languageOf(tag: string): string {
  return /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/.test(tag) ? tag : 'und';
}
