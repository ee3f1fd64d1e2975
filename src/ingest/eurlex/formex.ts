/**
 * Reader of Formex 4, the XML of the EU Publications Office: acts of the Official Journal (`ACT`), consolidated versions
 * (`CONS.ACT`), and annexes published as files of their own (`ANNEX`), which are documents of their own as they do not name
 * their act.
 *
 * What a consolidated version marks as deleted is left out.
 *
 * Dates: `START.DATE` of a consolidated version. An act of the Official Journal applies from the day its last articles say;
 * Formex does not hold the day of publication they mostly count from.
 */
import type { Reader, ReaderInput, ReadEvent } from '../reader.ts';
import { rootElement } from '../sniff.ts';
import { oneLine } from '../text.ts';
import { childOf, elementsOf, rawText, visitXml } from '../xml/tree.ts';
import type { XmlElement, XmlStart, XmlVisitor } from '../xml/tree.ts';
import { ActFile } from './act-file.ts';
import { FormexBlocks, finalParts, titleLines } from './formex-blocks.ts';
import { inlineText } from './formex-inline.ts';
import { DELETION_BEGINS, DELETION_ENDS, deletionsAsElements, withoutDeleted } from './formex-deletions.ts';
import { isoDay } from './identity.ts';
import { recitalNode, titleOf } from './names.ts';

const ROOTS: ReadonlySet<string> = new Set([
  'ACT',
  'CONS.ACT',
  'ANNEX',
  'CONS.ANNEX',
  'GENERAL',
  'AGR',
  'LETTER',
  'DECISION',
]);

export const formexReader: Reader = {
  format: 'formex',
  description: 'Formex 4 XML of EUR-Lex: EU acts and their consolidated versions',
  matches: (sniff) => ROOTS.has(rootElement(sniff.head) ?? ''),
  read: (input) =>
    visitXml(
      { ...input, chunks: deletionsAsElements(input.chunks) },
      (emit) => new FormexVisitor(input, emit),
    ),
};

/** Elements that only wrap. */
const TRANSPARENT: ReadonlySet<string> = new Set(
  'ACT CONS.ACT CONS.DOC GENERAL AGR LETTER DECISION FAM.COMP PREAMBLE GR.VISA GR.CONSID CONTENTS ENACTING.TERMS'.split(
    ' ',
  ),
);
/** Containers with a title; a group may be without. */
const CONTAINERS: ReadonlySet<string> = new Set(['DIVISION', 'ANNEX', 'CONS.ANNEX', 'GR.SEQ']);
/** Facts about the production of the file. */
const SKIPPED: ReadonlySet<string> = new Set(['INFO.PROD', 'TOC', 'PAGE.HEADER', 'PAGE.FOOTER']);

class FormexVisitor implements XmlVisitor {
  readonly #file: ActFile;
  readonly #open: { readonly start: XmlStart; readonly depth: number; isTitled: boolean }[] = [];
  readonly #parents: string[] = [];
  /** Marks by the ids of notes, for those referred to more than once. */
  readonly #marks = new Map<string, string>();
  #recitals = 0;
  /** Where the deletion that is being skipped ends, and how deep it stands. */
  #deleted: { readonly until: string | undefined; readonly depth: number } | undefined;
  /** Footnotes of the unit being read. */
  #pending: { readonly unit: string | undefined; readonly num: string; readonly note: XmlElement }[] = [];
  #history: string[] = [];

  constructor(input: ReaderInput, emit: (event: ReadEvent) => void) {
    this.#file = new ActFile(input, emit);
  }

  start(start: XmlStart): 'enter' | 'take' | 'skip' {
    const { name, attributes, line } = start;
    if (name === DELETION_BEGINS || name === DELETION_ENDS) {
      this.#deletion(name, attributes);
      return 'skip';
    }
    if (this.#deleted !== undefined || SKIPPED.has(name)) return 'skip';
    if (name === 'INFO.CONSLEG') {
      this.#consolidated(attributes);
      return 'skip';
    }
    if (CONTAINERS.has(name)) {
      const isRoot = name !== 'GR.SEQ' && name !== 'DIVISION';
      if (isRoot && this.#file.isOpen) {
        this.#flushNotes();
        this.#file.outline(line).closeTo(0);
      }
      const depth = this.#file.isOpen ? this.#file.outline(line).settle() : 0;
      this.#open.push({ start, depth, isTitled: false });
    } else if (!TRANSPARENT.has(name)) return 'take';
    if (name === 'PREAMBLE') this.#preamble(line);
    if (name === 'ENACTING.TERMS') this.#closePreamble(line);
    this.#parents.push(name);
    return 'enter';
  }

  taken(whole: XmlElement): void {
    const element = withoutDeleted(whole);
    const { name, line } = element;
    const parent = this.#parents.at(-1);
    const container = this.#open.at(-1);
    if (name === 'BIB.INSTANCE') this.#learn(element);
    else if (name === 'BIB.DATA') this.#learnAct(element);
    else if (name === 'GR.MOD.ACT' || name === 'GR.CORRIG') this.#changes(element);
    else if (parent === 'FAM.COMP') return;
    else if (name === 'TITLE' && (container === undefined || !CONTAINERS.has(parent ?? '')))
      this.#title(element);
    else if (name === 'TITLE' && container !== undefined && !container.isTitled)
      this.#entitle(element, container);
    else if (name === 'NO.GR.SEQ' && container !== undefined && !container.isTitled) {
      container.isTitled = true;
      this.#file.outline(line).item(this.#text(element), line);
    } else this.#content(element);
  }

  text(text: string, line: number): void {
    if (this.#deleted !== undefined) return;
    this.#file.outline(line).text([text], line);
  }

  end({ name, line }: XmlStart): void {
    // A deletion ends at the latest with the element it stands in.
    if (this.#deleted?.depth === this.#parents.length) this.#deleted = undefined;
    this.#parents.pop();
    if (name === 'PREAMBLE') this.#closePreamble(line);
    if (name === 'ENACTING.TERMS') {
      this.#file.outline(line).closeTo(0);
      this.#file.endOfTerms();
    }
    if (!CONTAINERS.has(name)) return;
    const container = this.#open.pop();
    if (name !== 'GR.SEQ') this.#flushNotes();
    if (container !== undefined && this.#file.isOpen) this.#file.outline(line).closeTo(container.depth);
  }

  finish(): void {
    if (this.#file.isOpen) {
      this.#flushNotes();
      this.#file.outline(1).closeTo(0);
      this.#file.aside('history', this.#history, 1);
    }
    this.#file.finish();
  }

  #deletion(name: string, attributes: Readonly<Record<string, string>>): void {
    if (name === DELETION_BEGINS)
      this.#deleted ??= { until: attributes['IDREF'], depth: this.#parents.length };
    else if (attributes['ID'] === this.#deleted?.until) this.#deleted = undefined;
  }

  #consolidated(attributes: Readonly<Record<string, string>>): void {
    const { facts } = this.#file;
    const reference = attributes['CONSLEG.REF'];
    const from = isoDay(attributes['START.DATE']);
    if (reference !== undefined) facts.reference = reference;
    if (from !== undefined) facts.validFrom = from;
    this.#history.push(
      `Consolidated version of ${reference ?? 'an act'}${from === undefined ? '' : `, ${from}`}`,
    );
  }

  /** Language of the file and, for a part published alone, its place in the Official Journal. */
  #learn(element: XmlElement): void {
    const { facts } = this.#file;
    const language = childOf(element, 'LG.DOC');
    if (language !== undefined) facts.language = rawText(language).trim();
    const reference = childOf(element, 'DOCUMENT.REF');
    if (reference === undefined || !/ANNEX$/.test(this.#parents.at(-1) ?? '')) return;
    const value = (from: XmlElement, name: string): string => {
      const found = childOf(from, name);
      return found === undefined ? '' : oneLine(rawText(found)).replace(/^0+(?=\d)/, '');
    };
    const series = value(reference, 'COLL');
    const page = value(element, 'PAGE.FIRST');
    const sequence = value(element, 'PAGE.SEQ');
    const number = childOf(reference, 'NO.DOC');
    const year = value(number ?? reference, 'YEAR');
    const issue = number === undefined ? value(reference, 'NO.OJ') : value(number, 'NO.CURRENT');
    if (
      !/^[A-Z]{1,2}$/.test(series) ||
      !/^\d{4}$/.test(year) ||
      !/^\d{1,6}$/.test(issue) ||
      !/^\d{1,5}$/.test(page)
    )
      return;
    const place = sequence === '' || sequence === '1' ? page : `${page}-${sequence}`;
    facts.part = {
      documentId: `eu/oj/${series.toLowerCase()}/${year}/${issue}/${place}`,
      family: 'oj',
      citation:
        number === undefined
          ? `OJ ${series} ${issue}, ${year}, p. ${page}`
          : `OJ ${series}, ${year}/${issue}, p. ${page}`,
    };
    this.#file.warn(
      'an annex published as a file of its own: it is kept as a document, as it does not name its act',
      element.line,
    );
  }

  /** CELEX number of a consolidated act, and the date its first title was published. */
  #learnAct(element: XmlElement): void {
    const celex = childOf(element, 'NO.CELEX');
    if (celex === undefined) return;
    const reference = oneLine(rawText(celex));
    this.#file.facts.reference ??= reference;
    this.#history.push(`CELEX ${reference}`);
  }

  /** Acts that changed this one. */
  #changes(element: XmlElement): void {
    for (const act of elementsOf(element)) {
      const data = childOf(act, 'BIB.DATA');
      const title = data === undefined ? undefined : childOf(data, 'TITLE');
      const celex = data === undefined ? undefined : childOf(data, 'NO.CELEX');
      if (title === undefined) continue;
      const silent = (): string => '';
      const words = elementsOf(title).map((part) => inlineText(part.children, silent).replaceAll('[]', ''));
      const word = act.name === 'CORRIG' ? 'Corrected by' : 'Amended by';
      this.#history.push(
        `${word} ${celex === undefined ? '' : `${oneLine(rawText(celex))}: `}${words.join(' ')}`,
      );
    }
  }

  #title(element: XmlElement): void {
    const { facts } = this.#file;
    if (this.#file.isOpen || facts.title.length > 0) {
      this.#content(element);
      return;
    }
    for (const part of elementsOf(element))
      facts.title.push(inlineText(part.children, (note) => this.#mark(note)));
  }

  #entitle(element: XmlElement, container: { readonly start: XmlStart; isTitled: boolean }): void {
    container.isTitled = true;
    const { name, line } = container.start;
    const { facts } = this.#file;
    const isAlone = facts.part !== undefined && facts.title.length === 0;
    const lines = titleLines(element, (note) => this.#mark(note));
    if (isAlone) facts.title.push(...lines);
    const outline = this.#file.outline(line);
    const title = titleOf(lines);
    const isRoot = name !== 'DIVISION' && name !== 'GR.SEQ';
    const isPlain = isRoot && title.name.startsWith('div_');
    outline.container(
      isPlain
        ? { ...title, level: 'annex', name: title.name.replace(/^div_/, 'anx_'), cite: title.heading ?? '' }
        : title,
      line,
      isRoot,
    );
  }

  #content(element: XmlElement): void {
    const { name, line } = element;
    const outline = this.#file.outline(line);
    const blocks = new FormexBlocks(outline, (note) => this.#mark(note));
    switch (name) {
      case 'ARTICLE':
        blocks.article(element);
        this.#flushNotes();
        break;
      case 'CONSID':
        this.#recital(element);
        break;
      case 'PREAMBLE.FINAL':
        outline.closeTo(0);
        outline.named(
          { eid: 'enacting-words', level: 'preamble', num: undefined, heading: undefined, cite: '' },
          line,
        );
        outline.text([this.#text(element)], line);
        outline.closeTo(0);
        break;
      case 'FINAL': {
        outline.closeTo(0);
        outline.named(
          { eid: 'fnp_1', level: 'signature', num: undefined, heading: undefined, cite: '' },
          line,
          'container',
        );
        for (const part of finalParts(element)) outline.text([this.#text(part)], part.line);
        outline.closeTo(0);
        this.#flushNotes();
        break;
      }
      default:
        blocks.add(element, line);
    }
  }

  #preamble(line: number): void {
    this.#file
      .outline(line)
      .named(
        { eid: 'pbl_1', level: 'preamble', num: undefined, heading: undefined, cite: 'preamble' },
        line,
        'container',
      );
  }

  #closePreamble(line: number): void {
    this.#flushNotes();
    this.#file.outline(line).closeTo(0);
  }

  #recital(element: XmlElement): void {
    const outline = this.#file.outline(element.line);
    const depth = outline.settle();
    this.#recitals++;
    const numbered = childOf(element, 'NP');
    const number = numbered === undefined ? undefined : childOf(numbered, 'NO.P');
    const num = number === undefined ? '' : this.#text(number);
    outline.named(recitalNode(num, this.#recitals), element.line);
    const blocks = new FormexBlocks(outline, (note) => this.#mark(note));
    for (const child of (numbered ?? element).children) if (child !== number) blocks.add(child, element.line);
    for (const child of elementsOf(element))
      if (numbered !== undefined && child !== numbered) blocks.add(child, child.line);
    outline.closeTo(depth);
  }

  #text(element: XmlElement): string {
    return inlineText(element.children, (note) => this.#mark(note));
  }

  /** Mark of a footnote in the text; the footnote itself is written when its unit ends. */
  #mark(note: XmlElement): string {
    const { attributes, children } = note;
    const id = attributes['NOTE.ID'] ?? attributes['NOTE.REF'] ?? '';
    const known = this.#marks.get(id);
    if (known !== undefined && children.length === 0) return known;
    const unit = this.#file.isOpen ? this.#file.outline(note.line).unit : undefined;
    const mark = this.#file.mark(unit);
    if (id !== '') this.#marks.set(id, mark);
    if (children.length > 0) this.#pending.push({ unit, num: mark, note });
    return mark;
  }

  #flushNotes(): void {
    for (let i = 0; i < this.#pending.length; i++) {
      const entry = this.#pending[i];
      if (entry === undefined) break;
      const { unit, num, note } = entry;
      const lines = elementsOf(note).map((part) => this.#text(part));
      const text = lines.length === 0 ? this.#text(note) : lines.join('\n');
      this.#file.note(unit, num, text, note.line);
    }
    this.#pending = [];
  }
}
