/**
 * The documents of one CFR file, whichever of the two formats it came in.
 *
 * The reader reports containers as they open and close, with the headings it finds in them, and the sections, appendices
 * and notes inside. A container is emitted when its first content comes, as its heading stands inside it. The outermost
 * container that is a part (or, in a file of less than a part, whatever is outermost) is the document.
 */
import { badInputError } from '../../base/index.ts';
import { DocumentWriter } from '../document-writer.ts';
import type { ReaderInput, ReadEvent, SectionLevel } from '../reader.ts';
import { label, slug } from '../text.ts';
import type { XmlElement, XmlNode } from '../xml/tree.ts';
import { bodyOf } from './body.ts';
import type { BodyKind } from './body.ts';
import { noteText } from './blocks.ts';
import { CfrChecks } from './checks.ts';
import type { CheckedContainer } from './checks.ts';
import { appendixName, containerHeading, sectionHeading } from './headings.ts';

export type ContainerLevel = 'title' | 'chapter' | 'subchapter' | 'part' | 'subpart' | 'subject-group';

/** Levels above a part: they are not nodes, as a file of one part does not have them. */
const ABOVE_PARTS: ReadonlySet<ContainerLevel> = new Set(['title', 'chapter', 'subchapter']);

interface Container extends CheckedContainer {
  readonly level: ContainerLevel;
  /** From an attribute; the heading is believed first. */
  readonly number: string | undefined;
  readonly line: number;
  heading: string | undefined;
  place: Place | undefined;
}

/** Where children go: their parent and what their citations begin with. */
interface Place {
  readonly eid: string | undefined;
  readonly citation: string;
}

/** What the file says of itself, outside the text. */
export interface FileFacts {
  title?: string | undefined;
  part?: string | undefined;
  /** First day of the state of the text in this file. */
  date?: string | undefined;
}

export class CfrFile {
  readonly facts: FileFacts = {};
  readonly #input: ReaderInput;
  readonly #emit: (event: ReadEvent) => void;
  readonly #provisions: ReadonlySet<string>;
  readonly #containers: Container[] = [];
  #document: DocumentWriter | undefined;
  readonly #documentIds = new Map<string, number>();
  readonly #checks = new CfrChecks((message, line) => this.warn(message, line));
  /** Warnings that come before the document they belong to. */
  #early: { readonly message: string; readonly line: number }[] = [];

  /** `provisions`: the elements that sections and what is larger come in. */
  constructor(input: ReaderInput, emit: (event: ReadEvent) => void, provisions: ReadonlySet<string>) {
    this.#input = input;
    this.#emit = emit;
    this.#provisions = provisions;
  }

  enter(level: ContainerLevel, number: string | undefined, line: number): void {
    const checked = { num: number, closed: undefined, isLoose: false };
    this.#containers.push({ level, number, line, heading: undefined, place: undefined, ...checked });
  }

  /** A heading in the innermost container: its own when it is the first, else a division. */
  heading(text: string, line: number): void {
    const container = this.#containers.at(-1);
    if (container === undefined || text === '') return;
    if (container.heading === undefined && container.place === undefined) container.heading = text;
    else if (!ABOVE_PARTS.has(container.level))
      this.#simple('division', slug(text) || 'division', text, '', line);
  }

  leave(): void {
    const container = this.#containers.at(-1);
    if (container !== undefined && !ABOVE_PARTS.has(container.level)) {
      const isEmpty = container.place === undefined;
      this.#place();
      const parent = this.#containers.at(-2);
      this.#checks.closed(container, parent, container.heading ?? '', isEmpty, container.line);
    }
    this.#containers.pop();
  }

  section(heading: string, children: readonly XmlNode[], number: string | undefined, line: number): void {
    const found = sectionHeading(heading);
    const attribute = number === undefined ? undefined : sectionHeading(number).num;
    const num = found.num ?? attribute;
    const title = found.num === undefined ? heading || undefined : found.heading;
    if (found.num !== undefined && attribute !== undefined && label(found.num) !== label(attribute))
      this.warn(
        `section ${found.num} has the number ${label(attribute)} in its markup; the heading is believed`,
        line,
      );
    const parent = this.#placeFor(num ?? 'unnumbered', title, line);
    this.#checks.section(num, number, this.#containers, line);
    const citation = num === undefined ? parent.citation : `${this.#cfr(line)} ${num}`;
    this.#tree(
      {
        eid: num === undefined ? `s-${slug(heading) || 'unnumbered'}` : `s${label(num)}`,
        level: 'section',
        num,
        citation,
        heading: title,
      },
      children,
      'section',
      parent,
      line,
    );
  }

  appendix(heading: string, children: readonly XmlNode[], line: number): void {
    const { num, eid, subpart, section } = appendixName(heading);
    const parent = this.#placeFor(undefined, heading, line);
    let base = this.#partCitation(line) ?? parent.citation;
    if (subpart !== undefined) base += ` Subpart ${subpart}`;
    if (section !== undefined) base = `${this.#cfr(line)} ${section}`;
    const citation = `${base} Appendix${num === undefined ? '' : ` ${num}`}`;
    this.#tree(
      { eid, level: 'appendix', num, citation, heading: heading === '' ? undefined : heading },
      children,
      'appendix',
      parent,
      line,
    );
  }

  /** Authority, source and notes of a container. Those of titles and chapters are not part of any part. */
  note(element: XmlElement, name: string): void {
    const { heading, text } = noteText(element);
    if (this.#isAbovePart()) return;
    this.#simple('note', name, heading, text, element.line);
    this.#checks.sources([element], this.facts.date);
  }

  /** Text that stands in a container without any markup we know. */
  loose(children: readonly XmlNode[], line: number): void {
    this.#checks.nested('text between sections', children, this.#provisions);
    if (this.#isAbovePart()) {
      if (!this.#isWarnedOfAbove) this.warnAhead('text outside any part is left out', line);
      this.#isWarnedOfAbove = true;
      return;
    }
    const place = this.#place();
    this.#checks.loose(this.#containers.at(-1), line);
    const body = bodyOf(children, 'appendix');
    if (body.text !== '') this.#simple('paragraph', 'para', undefined, body.text, line);
    this.#nodes(body, { eid: place.eid ?? 'text', citation: place.citation }, place.eid);
  }

  warn(message: string, line: number): void {
    if (this.#document === undefined) this.warnAhead(message, line);
    else this.#document.warn(message, line);
  }

  /** A warning about what comes next, though another document is still open. */
  warnAhead(message: string, line: number): void {
    if (this.#early.length < this.#input.limits.warnings_per_document) this.#early.push({ message, line });
  }

  finish(): void {
    this.#document?.end();
    this.#document = undefined;
    if (this.#documentIds.size === 0)
      throw badInputError(
        'cfr.no_text',
        'the file holds no part, section or appendix',
        'Import a file with text.',
        {
          place: { source: this.#input.name, line: 1 },
        },
      );
  }

  #isAbovePart(): boolean {
    const container = this.#containers.at(-1);
    return container === undefined || ABOVE_PARTS.has(container.level);
  }

  #simple(level: SectionLevel, name: string, heading: string | undefined, text: string, line: number): void {
    const { eid, citation } = this.#place();
    const key = eid === undefined ? name : `${eid}-${name}`;
    const times = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, times);
    this.#writer().section(
      {
        eid: times === 1 ? key : `${key}-${times}`,
        parentEid: eid,
        level,
        num: undefined,
        citation,
        heading,
        text,
      },
      line,
    );
  }
  readonly #counts = new Map<string, number>();
  #isWarnedOfAbove = false;

  #tree(
    node: {
      readonly eid: string;
      readonly level: SectionLevel;
      readonly num: string | undefined;
      readonly citation: string;
      readonly heading: string | undefined;
    },
    children: readonly XmlNode[],
    kind: BodyKind,
    parent: Place,
    line: number,
  ): void {
    this.#checks.nested(
      node.num === undefined ? node.level : `${node.level} ${node.num}`,
      children,
      this.#provisions,
    );
    const body = bodyOf(children, kind);
    const eid = this.#writer().section({ ...node, parentEid: parent.eid, text: body.text }, line);
    this.#nodes(body, { eid, citation: node.citation }, eid);
    this.#checks.sources(children, this.facts.date);
  }

  /** Emits the nodes of a body below the node `root`. */
  #nodes(
    body: ReturnType<typeof bodyOf>,
    root: { eid: string; citation: string },
    rootEid: string | undefined,
  ): void {
    const writer = this.#writer();
    const places: { eid: string; citation: string }[] = [];
    for (const { parent, base, name, cite, at, ...node } of body.nodes) {
      const from = places[base] ?? root;
      const citation = from.citation + cite;
      const eid = writer.section(
        { ...node, eid: `${from.eid}-${name}`, parentEid: places[parent]?.eid ?? rootEid, citation },
        at,
      );
      places.push({ eid, citation });
    }
    for (const { num, at } of body.irregular)
      writer.warn(`paragraph ${num} does not follow the one before it in ${root.citation}`, at);
    for (const at of body.unheld)
      writer.warn(`an appendix in ${root.citation} has its heading outside the extract that holds it`, at);
  }

  #writer(): DocumentWriter {
    if (this.#document === undefined) throw new TypeError('no document is open');
    return this.#document;
  }

  /** The place of a section or appendix: the innermost container, or a document of its own. */
  #placeFor(num: string | undefined, heading: string | undefined, line: number): Place {
    if (this.#containers.length > 0) return this.#place(true);
    const title = this.#title(line);
    const name = num ?? slug(heading ?? '');
    const citation = num === undefined ? `${title} CFR` : `${title} CFR ${num}`;
    this.#open(`us/cfr/${title}/${label(name)}`, citation, heading ?? citation);
    return { eid: undefined, citation };
  }

  /** The innermost container, emitted with all around it. */
  #place(withText = false): Place {
    let place: Place | undefined;
    const innermost = this.#containers.at(-1);
    for (const container of this.#containers) {
      // Only what has text of its own makes a document of a chapter.
      if (ABOVE_PARTS.has(container.level) && !(withText && container === innermost)) continue;
      container.place ??= this.#emitContainer(container, place);
      place = container.place;
    }
    if (place === undefined) throw new TypeError('text outside a container');
    return place;
  }

  #emitContainer(container: Container, parent: Place | undefined): Place {
    const { level, line } = container;
    const printed = container.heading ?? '';
    const found = containerHeading(printed);
    const num = level === 'subject-group' ? undefined : (found.num ?? container.number ?? undefined);
    const heading =
      level === 'subject-group'
        ? printed || undefined
        : (found.heading ?? (found.num === undefined ? printed || undefined : undefined));
    const names = this.#names(level, num, printed, parent, line);
    container.num = num ?? container.number;

    if (level === 'part' && num === undefined) this.warnAhead('a part has no number', line);
    let isOpen = false;
    if (parent === undefined)
      isOpen = this.#open(names.documentId, names.citation, heading ?? names.citation);
    this.#checks.containerNumber(level, found.num, container.number, line);
    if (isOpen && level === 'part') return { eid: names.eid, citation: names.citation };
    const eid = this.#writer().section(
      { eid: names.eid, parentEid: parent?.eid, level, num, citation: names.citation, heading, text: '' },
      line,
    );
    return { eid, citation: names.citation };
  }

  #names(
    level: ContainerLevel,
    num: string | undefined,
    heading: string,
    parent: Place | undefined,
    line: number,
  ): { readonly eid: string; readonly citation: string; readonly documentId: string } {
    const title = this.#title(line);
    const part = this.facts.part;
    const number = num === undefined ? undefined : label(num);
    const id = `us/cfr/${title}`;
    switch (level) {
      case 'part': {
        if (number === undefined) {
          // Seen in real titles: the heading of a part lost its number. The rest of the title is still good.
          const name = `part-${slug(heading) || 'unnumbered'}`;
          return { eid: name, citation: `${title} CFR`, documentId: `${id}/${name}` };
        }
        return {
          eid: `part-${number}`,
          citation: `${title} CFR Part ${num ?? ''}`,
          documentId: `${id}/${number}`,
        };
      }
      case 'subpart': {
        const citation =
          parent?.citation ?? (part === undefined ? `${title} CFR` : `${title} CFR Part ${part}`);
        const eid = `subpart-${number ?? (slug(heading) || 'unnumbered')}`;
        return {
          eid,
          citation: number === undefined ? citation : `${citation} Subpart ${num ?? ''}`,
          documentId: `${id}/${part === undefined ? '' : `${label(part)}/`}${eid}`,
        };
      }
      case 'subject-group': {
        const eid = `group-${slug(heading) || 'unnamed'}`;
        return { eid, citation: parent?.citation ?? `${title} CFR`, documentId: `${id}/${eid}` };
      }
      case 'title':
      case 'chapter':
      case 'subchapter': {
        const eid = number === undefined ? level : `${level}-${number}`;
        const name =
          level === 'title' ? '' : ` ${level.charAt(0).toUpperCase()}${level.slice(1)} ${num ?? ''}`;
        return { eid, citation: `${title} CFR${name}`.trim(), documentId: `${id}/${eid}` };
      }
    }
  }

  /** `29 CFR`. */
  #cfr(line: number): string {
    return `${this.#title(line)} CFR`;
  }

  #partCitation(line: number): string | undefined {
    const part = this.#containers.find(({ level }) => level === 'part');
    if (part?.place !== undefined) return part.place.citation;
    return this.facts.part === undefined ? undefined : `${this.#cfr(line)} Part ${this.facts.part}`;
  }

  #title(line: number): string {
    const { title } = this.facts;
    if (title === undefined)
      throw badInputError(
        'cfr.no_title',
        'the file does not say which title of the CFR it belongs to',
        'Import the file as eCFR or GPO publish it: the title number is in its header or in hierarchy_metadata.',
        { place: { source: this.#input.name, line } },
      );
    return title;
  }

  /**
   * Opens a document, or goes on with it: whole titles print long parts in several volumes. Returns whether it was
   * already open.
   */
  #open(documentId: string, citation: string, title: string): boolean {
    if (this.#document?.head.documentId === documentId) return true;
    this.#document?.end();
    const times = (this.#documentIds.get(documentId) ?? 0) + 1;
    this.#documentIds.set(documentId, times);
    this.#document = new DocumentWriter(
      {
        documentId: times === 1 ? documentId : `${documentId}~${times}`,
        jurisdiction: 'US',
        family: 'cfr',
        citation,
        title,
        language: 'en',
        inForceFrom: this.facts.date,
        inForceTo: undefined,
      },
      { emit: this.#emit, source: this.#input.name, limits: this.#input.limits },
    );
    this.#counts.clear();
    if (times > 1)
      this.#document.warn(
        `${citation} occurs again in this file; this one is kept as ${documentId}~${times}`,
        undefined,
      );
    for (const { message, line } of this.#early) this.#document.warn(message, line);
    this.#early = [];
    return false;
  }
}
