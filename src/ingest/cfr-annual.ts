/**
 * Reader of the annual edition of the CFR as GPO publishes it: one part (`CFRGRANULE`) or a volume (`CFRDOC`).
 *
 * Dates: `DATE` of the header, the day as of which the edition is revised.
 */
import { CfrFile } from './cfr/file.ts';
import type { ContainerLevel } from './cfr/file.ts';
import { isNote } from './cfr/blocks.ts';
import { dateOf } from './cfr/headings.ts';
import { inlineText } from './cfr/inline.ts';
import type { Reader, ReaderInput, ReadEvent } from './reader.ts';
import { rootElement } from './sniff.ts';
import { childOf, rawText, visitXml } from './xml/tree.ts';
import type { XmlElement, XmlStart, XmlVisitor } from './xml/tree.ts';

const CONTAINERS: Readonly<Record<string, ContainerLevel>> = {
  TITLE: 'title',
  SUBTITLE: 'title',
  CHAPTER: 'chapter',
  SUBCHAP: 'subchapter',
  PART: 'part',
  SUBPART: 'subpart',
  SUBJGRP: 'subject-group',
};
const WRAPPERS: ReadonlySet<string> = new Set(['CFRGRANULE', 'CFRDOC']);
/** Tables of contents, running heads, title pages and finding aids. */
const SKIPPED: ReadonlySet<string> = new Set(
  'CONTENTS EAR LRH RRH PRTPAGE TOC FMTR BMTR FINDAIDS CFRTOC TITLEPG BTITLE EXPLA THISTITL'.split(' '),
);

const PROVISIONS: ReadonlySet<string> = new Set([...Object.keys(CONTAINERS), 'SECTION', 'APPENDIX']);

export const cfrAnnualReader: Reader = {
  format: 'cfr-annual',
  description: 'annual edition of the US Code of Federal Regulations, GPO XML',
  matches: (sniff) => WRAPPERS.has(rootElement(sniff.head) ?? ''),
  read: (input) => visitXml(input, (emit) => new AnnualVisitor(input, emit)),
};

class AnnualVisitor implements XmlVisitor {
  readonly #file: CfrFile;
  /** Names of the open containers: outside parts only sections and appendices are text. */
  readonly #open: string[] = [];

  constructor(input: ReaderInput, emit: (event: ReadEvent) => void) {
    this.#file = new CfrFile(input, emit, PROVISIONS);
  }

  start({ name, line }: XmlStart): 'enter' | 'take' | 'skip' {
    if (WRAPPERS.has(name)) return 'enter';
    if (SKIPPED.has(name)) return 'skip';
    const level = CONTAINERS[name];
    if (level === undefined) return 'take';
    this.#open.push(name);
    this.#file.enter(level, undefined, line);
    return 'enter';
  }

  taken(element: XmlElement): void {
    const { name, line } = element;
    switch (name) {
      case 'FDSYS':
        this.#header(element);
        break;
      case 'HD':
      case 'RESERVED':
        this.#file.heading(inlineText(element), line);
        break;
      case 'SECTION':
        this.#section(element);
        break;
      case 'APPENDIX':
        this.#appendix(element);
        break;
      default:
        if (isNote(name)) this.#file.note(element, name.toLowerCase());
        else this.#file.loose([element], line);
    }
  }

  text(text: string, line: number): void {
    if (this.#open.length > 0) this.#file.loose([text], line);
  }

  end({ name }: XmlStart): void {
    if (!(name in CONTAINERS)) return;
    this.#open.pop();
    this.#file.leave();
  }

  finish(): void {
    this.#file.finish();
  }

  #section(element: XmlElement): void {
    const number = childOf(element, 'SECTNO');
    const subject = childOf(element, 'SUBJECT');
    const reserved = childOf(element, 'RESERVED');
    const parts = [number, subject, reserved].filter((part) => part !== undefined);
    const heading = parts.map(inlineText).join(' ');
    const children = element.children.filter((child) => typeof child === 'string' || !parts.includes(child));
    this.#file.section(heading, children, undefined, element.line);
  }

  #appendix(element: XmlElement): void {
    const head = childOf(element, 'HD') ?? childOf(element, 'RESERVED');
    const children = element.children.filter((child) => child !== head);
    this.#file.appendix(head === undefined ? 'Appendix' : inlineText(head), children, element.line);
  }

  #header(element: XmlElement): void {
    const value = (name: string): string => rawText(childOf(element, name) ?? '').trim();
    const { facts } = this.#file;
    facts.title = /^\d{1,2}$/.exec(value('CFRTITLE'))?.[0];
    facts.date = dateOf(value('DATE'));
    if (facts.date === undefined) this.#file.warn('DATE is not a date', element.line);
  }
}
