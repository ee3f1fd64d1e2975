/**
 * Reader of CLML, the XML of legislation.gov.uk: acts, statutory instruments and assimilated EU law; whole, as they stood
 * on a day, or a part of them. A file that shows only a part (`…/section/6`) is a document of its own.
 *
 * Left out: tables of contents, metadata, alternative versions and resources. Of the editorial annotations
 * (`Commentaries`) those on textual amendments are kept as notes beside the text. Explanatory notes printed with an instrument and its footnotes are kept as notes.
 */
import { ClmlFile } from './clml/file.ts';
import { learn, metadataStep } from './clml/facts.ts';
import type { ClmlFacts } from './clml/identity.ts';
import { inlineText } from './clml/inline.ts';
import { linesOf } from './clml/lines.ts';
import type { Reader, ReaderInput, ReadEvent } from './reader.ts';
import { rootElement } from './sniff.ts';
import { append, label, oneLine } from './text.ts';
import { childOf, elementsOf, visitXml } from './xml/tree.ts';
import type { XmlElement, XmlStart, XmlVisitor } from './xml/tree.ts';

export const clmlReader: Reader = {
  format: 'clml',
  description: 'CLML, the XML of legislation.gov.uk: UK acts, instruments and assimilated EU law',
  matches: (sniff) => rootElement(sniff.head) === 'Legislation',
  read: (input) => visitXml(input, (emit) => new ClmlVisitor(input, emit)),
};

/** Elements that only wrap. */
const TRANSPARENT: ReadonlySet<string> = new Set(
  'Legislation Primary Secondary EURetained Body EUBody Schedules ScheduleBody AppendixBody Footnotes Commentaries Attachments AttachmentGroup Attachment'.split(
    ' ',
  ),
);
const SKIPPED: ReadonlySet<string> = new Set('Contents Versions Resources MarginNotes Warning'.split(' '));
/** Notes of amendment have fewer than 2,000 characters. */
const NOTE_CHARS = 4000;
const PRELIMS: ReadonlySet<string> = new Set(['PrimaryPrelims', 'SecondaryPrelims', 'EUPrelims']);

class ClmlVisitor implements XmlVisitor {
  readonly #facts: ClmlFacts = { root: {}, comingIntoForce: [] };
  readonly #file: ClmlFile;
  /** Depth inside the metadata. */
  #inMetadata = 0;
  #footnotes = 0;

  constructor(input: ReaderInput, emit: (event: ReadEvent) => void) {
    this.#file = new ClmlFile(input, emit, this.#facts);
  }

  start(start: XmlStart): 'enter' | 'take' | 'skip' {
    const { name } = start;
    if (this.#inMetadata > 0 || name === 'Metadata') {
      const step = metadataStep(name);
      if (step === 'enter') this.#inMetadata++;
      return step;
    }
    if (name === 'Legislation') this.#facts.root = start.attributes;
    if (SKIPPED.has(name)) return 'skip';
    if (TRANSPARENT.has(name)) return 'enter';
    return this.#file.enter(start) ? 'enter' : 'take';
  }

  taken(element: XmlElement): void {
    if (this.#inMetadata > 0) learn(this.#facts, element);
    else if (!this.#file.heading(element)) this.#content(element);
  }

  text(text: string, line: number): void {
    if (this.#inMetadata === 0) this.#file.lines('paragraph', 'para', [oneLine(text)], line);
  }

  end(start: XmlStart): void {
    if (this.#inMetadata > 0) this.#inMetadata--;
    else this.#file.leave(start);
  }

  finish(): void {
    this.#file.finish();
  }

  #content(element: XmlElement): void {
    const { name, line } = element;
    if (PRELIMS.has(name)) this.#prelims(element);
    else if (name === 'SignedSection') this.#file.lines('signature', 'signature', linesOf(element), line);
    else if (name === 'ExplanatoryNotes' || name === 'EarlierOrders') {
      const eid = name === 'ExplanatoryNotes' ? 'explanatory-note' : 'earlier-orders';
      this.#file.lines('note', eid, linesOf(element), line);
    } else if (name === 'Footnote') {
      const num = String(++this.#footnotes);
      this.#file.section(
        { eid: `footnote-${num}`, level: 'note', num, heading: undefined, text: linesOf(element).join('\n') },
        line,
      );
    } else if (name === 'Commentary') {
      if (element.attributes['Type'] === 'F')
        this.#file.note(linesOf(element).join(' ').slice(0, NOTE_CHARS).toWellFormed());
    } else this.#file.provisions(element);
  }

  /** Titles, dates and enacting words; the recitals of EU law as nodes below. */
  #prelims(element: XmlElement): void {
    const { recitals, before, after } = splitPrelims(element);
    const eid = this.#file.lines('preamble', 'introduction', before, element.line);
    const citation = this.#file.citation(element.line);
    for (const recital of recitals) {
      const number = childOf(recital, 'Number');
      const num = number === undefined ? '' : inlineText(number.children);
      const rest = elementsOf(recital).filter((child) => child !== number);
      this.#file.write(
        {
          eid: `recital-${label(num)}`,
          parentEid: eid,
          level: 'paragraph',
          num,
          citation: `${citation} recital ${num.replace(/[()]/g, '')}`,
          heading: undefined,
          text: rest.flatMap(linesOf).join('\n'),
        },
        recital.line,
      );
    }
    if (after.length > 0) this.#file.lines('preamble', 'enacting-words', after, element.line);
  }
}

/** The recitals, and the lines before and after them. */
function splitPrelims(element: XmlElement): {
  readonly recitals: readonly XmlElement[];
  readonly before: readonly string[];
  readonly after: readonly string[];
} {
  const recitals: XmlElement[] = [];
  const before: string[] = [];
  const after: string[] = [];
  const gather = (node: XmlElement): void => {
    for (const child of elementsOf(node)) {
      if (child.name === 'Division' && childOf(child, 'Number') !== undefined) recitals.push(child);
      else if (child.name === 'EUPreamble' || child.name === 'Division') gather(child);
      else append(recitals.length > 0 ? after : before, linesOf(child));
    }
  };
  gather(element);
  return { recitals, before, after };
}
