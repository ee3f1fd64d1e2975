/**
 * Reader of eCFR XML: `DIV1` to `DIV9`, as the eCFR versioner API gives it (a section, a part, …) and as the bulk data of
 * govinfo gives it (a whole title in `DLPSTEXTCLASS`).
 *
 * Dates: `AMDDATE` of a volume is the day of the latest amendment that is worked in. From that day on the text reads as it
 * stands, so it is taken as the first day of validity; a single part of the volume may have read so earlier. Files of the
 * versioner API carry no date.
 */
import { CfrFile } from './cfr/file.ts';
import type { ContainerLevel } from './cfr/file.ts';
import { isNote } from './cfr/blocks.ts';
import { dateOf } from './cfr/headings.ts';
import { inlineText } from './cfr/inline.ts';
import type { Reader, ReaderInput, ReadEvent } from './reader.ts';
import { rootElement } from './sniff.ts';
import { oneLine } from './text.ts';
import { childOf, elementsOf, rawText, visitXml } from './xml/tree.ts';
import type { XmlElement, XmlStart, XmlVisitor } from './xml/tree.ts';

/** `DIV2` is a subtitle: it has no number of its own in citations, so it only groups. */
const CONTAINERS: Readonly<Record<string, ContainerLevel>> = {
  DIV1: 'title',
  DIV2: 'title',
  DIV3: 'chapter',
  DIV4: 'subchapter',
  DIV5: 'part',
  DIV6: 'subpart',
  DIV7: 'subject-group',
};

const WRAPPERS: ReadonlySet<string> = new Set(['ECFR', 'DLPSTEXTCLASS', 'TEXT', 'BODY', 'ECFRBRWS']);
const SKIPPED: ReadonlySet<string> = new Set(['CFRTOC', 'TOC', 'EAR', 'PRTPAGE', 'VOLUME']);

/** Tables stand in `DIV` without a digit. */
const PROVISIONS: ReadonlySet<string> = new Set([...Object.keys(CONTAINERS), 'DIV8', 'DIV9']);

export const ecfrReader: Reader = {
  format: 'ecfr',
  description: 'eCFR XML: sections, parts or whole titles of the US Code of Federal Regulations',
  matches: (sniff) => /^(?:ECFR|DLPSTEXTCLASS|DIV[1-9])$/.test(rootElement(sniff.head) ?? ''),
  read: (input) => visitXml(input, (emit) => new EcfrVisitor(input, emit)),
};

class EcfrVisitor implements XmlVisitor {
  readonly #file: CfrFile;

  constructor(input: ReaderInput, emit: (event: ReadEvent) => void) {
    this.#file = new CfrFile(input, emit, PROVISIONS);
  }

  start(element: XmlStart): 'enter' | 'take' | 'skip' {
    const { name, attributes, line } = element;
    if (WRAPPERS.has(name)) return 'enter';
    if (SKIPPED.has(name)) return 'skip';
    this.#learn(element);
    const level = CONTAINERS[name];
    if (level === undefined) return 'take';
    this.#file.enter(level, attributes['N']?.replace(/^[§\s]+/, '').trim() || undefined, line);
    return 'enter';
  }

  taken(element: XmlElement): void {
    const { name, line } = element;
    switch (name) {
      case 'HEADER':
        this.#header(element);
        break;
      case 'AMDDATE':
        this.#file.facts.date = dateOf(rawText(element));
        if (this.#file.facts.date === undefined) this.#file.warnAhead('AMDDATE is not a date', line);
        break;
      case 'HEAD':
        this.#file.heading(inlineText(element), line);
        break;
      case 'DIV8':
      case 'DIV9':
        this.#provision(element);
        break;
      default:
        if (isNote(name)) this.#file.note(element, name.toLowerCase());
        else this.#file.loose([element], line);
    }
  }

  text(text: string, line: number): void {
    this.#file.loose([text], line);
  }

  end({ name }: XmlStart): void {
    if (name in CONTAINERS) this.#file.leave();
  }

  finish(): void {
    this.#file.finish();
  }

  /** A section, or an appendix. Appendices are sometimes marked as sections and the other way round. */
  #provision(element: XmlElement): void {
    const head = childOf(element, 'HEAD');
    const heading = head === undefined ? '' : inlineText(head);
    const children = element.children.filter((child) => child !== head);
    const number = element.attributes['N'];
    const type = element.attributes['TYPE'] ?? (element.name === 'DIV9' ? 'APPENDIX' : 'SECTION');
    if (type === 'APPENDIX' && !/^\s*§/.test(heading))
      this.#file.appendix(heading === '' ? oneLine(number ?? '') : heading, children, element.line);
    else this.#file.section(heading, children, number, element.line);
  }

  #header(element: XmlElement): void {
    const walk = (node: XmlElement): void => {
      if (node.name === 'IDNO' && node.attributes['TYPE'] === 'title') this.#setTitle(rawText(node));
      for (const child of elementsOf(node)) walk(child);
    };
    walk(element);
  }

  /** Title and part numbers stand in `hierarchy_metadata` (`title-29/part-1910`) or before the colon of `NODE`. */
  #learn({ attributes }: XmlStart): void {
    const metadata = attributes['hierarchy_metadata'] ?? '';
    const { facts } = this.#file;
    facts.title ??= /\btitle-(\d{1,2})\b/.exec(metadata)?.[1] ?? /\b(\d{1,2}) CFR\b/.exec(metadata)?.[1];
    facts.part ??= /\bpart-([\w.]+)/.exec(metadata)?.[1];
    facts.title ??= /^(\d{1,2}):/.exec(attributes['NODE'] ?? '')?.[1];
  }

  #setTitle(text: string): void {
    this.#file.facts.title ??= /^\s*(\d{1,2})\s*$/.exec(text)?.[1];
  }
}
