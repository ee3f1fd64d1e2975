/**
 * Reader of the Federal Register, GPO XML: an issue (`FEDREG`) or one rule, proposed rule or notice. Each is a document.
 *
 * Preamble and supplementary information are divided by their headings; amendatory instructions and the sections of the
 * CFR as they are to read follow, cited as the CFR. Left out: the tables of contents and the title pages of separate parts.
 * Dates: the day a rule names in its DATES section, when it names one.
 */
import { badInputError } from '../../base/index.ts';
import type { DocumentWriter } from '../document-writer.ts';
import type { Reader, ReaderInput, ReadEvent } from '../reader.ts';
import { rootElement } from '../sniff.ts';
import { elementsOf, rawText, visitXml } from '../xml/tree.ts';
import type { XmlElement, XmlStart, XmlVisitor } from '../xml/tree.ts';
import { FrDocument } from './document.ts';
import type { Issue } from './document.ts';

const DOCUMENTS: ReadonlySet<string> = new Set(
  'RULE PRORULE NOTICE PROCLA EXECORD DETERM PRNOTICE PRMEMO PRORDER PRESDOC CORRECT'.split(' '),
);
/** Parts of an issue. */
const WRAPPERS: ReadonlySet<string> = new Set(
  'FEDREG RULES PRORULES NOTICES PRESDOCS PRESDOCU NEWPART CORRECTS'.split(' '),
);
/** Parts of a document whose content comes element by element. */
const ENTERED: ReadonlySet<string> = new Set(
  'PREAMB SUPLINF REGTEXT PART SUBPART CHAPTER SUBCHAP SUBJGRP APPENDIX SUPPLMT'.split(' '),
);
const SKIPPED: ReadonlySet<string> = new Set('CNTNTS UNITNAME CONTENTS EAR LRH RRH HRULE'.split(' '));

export const federalRegisterReader: Reader = {
  format: 'federal-register',
  description: 'US Federal Register, GPO XML: issues, rules, proposed rules and notices',
  matches: ({ head }) => {
    const root = rootElement(head) ?? '';
    if (root === 'FEDREG') return true;
    // Other formats have roots of these names too.
    return DOCUMENTS.has(root) && /<(?:PREAMB|SUPLINF|AGENCY|PRTPAGE|FRDOC|PRES|PROC)\b/.test(head);
  },
  read: (input) => visitXml(input, (emit) => new FederalRegisterVisitor(input, emit)),
};

class FederalRegisterVisitor implements XmlVisitor {
  readonly #input: ReaderInput;
  readonly #emit: (event: ReadEvent) => void;
  readonly #issue: Issue = { volume: '', page: '' };
  readonly #ids = new Map<string, number>();
  #document: FrDocument | undefined;
  /** The last document. It ends when the next is known to be whole, or the file. */
  #writer: DocumentWriter | undefined;

  constructor(input: ReaderInput, emit: (event: ReadEvent) => void) {
    this.#input = input;
    this.#emit = emit;
  }

  start({ name, attributes, line }: XmlStart): 'enter' | 'take' | 'skip' {
    if (SKIPPED.has(name)) return 'skip';
    if (this.#document === undefined) {
      if (WRAPPERS.has(name)) return 'enter';
      if (!DOCUMENTS.has(name)) return 'take';
      this.#open(name, line);
      return 'enter';
    }
    if (!ENTERED.has(name)) return 'take';
    this.#document.enter(name, attributes, line);
    return 'enter';
  }

  taken(element: XmlElement): void {
    if (this.#document === undefined) {
      this.#outside(element);
      return;
    }
    this.#pages(element, 'first');
    this.#document.add(element);
    this.#pages(element, 'last');
  }

  text(text: string, line: number): void {
    if (this.#document === undefined) throw this.#unknown(line);
    this.#document.text([text], line);
  }

  end({ name }: XmlStart): void {
    if (this.#document === undefined || !DOCUMENTS.has(name)) return;
    this.#close();
  }

  finish(): void {
    if (this.#writer === undefined) throw this.#unknown(1);
    this.#writer.end();
  }

  /** The head of an issue; anything else outside of a document is made one. */
  #outside(element: XmlElement): void {
    const { name, line } = element;
    this.#pages(element, 'last');
    if (name === 'VOL') this.#issue.volume = /\d+/.exec(rawText(element))?.[0] ?? '';
    if (/^(?:VOL|NO|DATE|PTITLE|PRTPAGE)$/.test(name) || rawText(element).trim() === '') return;
    const document = this.#open(name, line);
    for (const child of element.children) {
      if (typeof child === 'string') document.text([child], line);
      else document.add(child);
    }
    this.#close();
  }

  #open(name: string, line: number): FrDocument {
    this.#document = new FrDocument(this.#input, this.#issue, name, line);
    return this.#document;
  }

  #close(): void {
    this.#writer?.end();
    this.#writer = this.#document?.finish(this.#emit, this.#ids);
    this.#document = undefined;
  }

  /** Page breaks: one before any text is where the element begins, the last one is where it ends. */
  #pages(element: XmlElement, which: 'first' | 'last'): void {
    const pages: string[] = [];
    const walk = (node: XmlElement): void => {
      const page = node.name === 'PRTPAGE' ? node.attributes['P'] : undefined;
      if (page !== undefined && /^\d{1,6}$/.test(page)) pages.push(page);
      for (const child of elementsOf(node)) walk(child);
    };
    if (which === 'first' && element.name !== 'PRTPAGE') return;
    walk(element);
    this.#issue.page = pages.at(-1) ?? this.#issue.page;
  }

  #unknown(line: number): Error {
    return badInputError(
      'federal-register.no_document',
      'the file holds no rule, proposed rule or notice',
      'Fetch an issue of the Federal Register or one of its documents in XML.',
      { place: { source: this.#input.name, line } },
    );
  }
}
