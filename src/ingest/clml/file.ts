/**
 * The document of one CLML file: its containers as they open and close, and what is written below them.
 *
 * A container is emitted when its first content comes, as its number and title stand inside it.
 */
import { badInputError } from '../../base/index.ts';
import { DocumentWriter } from '../document-writer.ts';
import type { ReaderInput, ReadEvent, SectionLevel, SectionNode } from '../reader.ts';
import { append, label, slug } from '../text.ts';
import { childOf, elementsOf } from '../xml/tree.ts';
import type { XmlElement, XmlStart } from '../xml/tree.ts';
import { identityOf } from './identity.ts';
import type { ClmlFacts, ClmlIdentity } from './identity.ts';
import { inlineText } from './inline.ts';
import { linesOf } from './lines.ts';
import { isRunningText, provisionsOf, semanticId } from './provisions.ts';
import type { ProvisionNode, Surroundings } from './provisions.ts';

/** Containers with their level, the word their eids begin with, and how they are cited. */
const CONTAINERS: Readonly<Record<string, readonly [level: SectionLevel, word: string, cited: string]>> = {
  Part: ['part', 'part', 'Pt.'],
  EUPart: ['part', 'part', 'Pt.'],
  EUTitle: ['title', 'title', 'Title'],
  Chapter: ['chapter', 'chapter', 'Ch.'],
  EUChapter: ['chapter', 'chapter', 'Ch.'],
  EUSection: ['division', 'section', 'Section'],
  EUSubsection: ['division', 'subsection', 'Subsection'],
  Pblock: ['subject-group', 'crossheading', ''],
  PsubBlock: ['subject-group', 'crossheading', ''],
  Division: ['division', 'division', 'point'],
  Schedule: ['schedule', 'schedule', 'Sch.'],
  Appendix: ['appendix', 'appendix', 'Appendix'],
};

/** More text than this is divided into nodes. */
const OPENING_CHARS = 8000;

interface Container {
  readonly start: XmlStart;
  number: string | undefined;
  title: string | undefined;
  /** Lines of its own: the provision a schedule belongs to. */
  readonly lines: string[];
  place: Place | undefined;
  openingChars: number;
  /** How many unnumbered divisions it holds so far. */
  divisions: number;
}

/** Where content goes. */
type Place = Surroundings;

export class ClmlFile {
  readonly #input: ReaderInput;
  readonly #emit: (event: ReadEvent) => void;
  readonly #facts: ClmlFacts;
  readonly #containers: Container[] = [];
  #identity: ClmlIdentity | undefined;
  #writer: DocumentWriter | undefined;
  readonly #counts = new Map<string, number>();

  constructor(input: ReaderInput, emit: (event: ReadEvent) => void, facts: ClmlFacts) {
    this.#input = input;
    this.#emit = emit;
    this.#facts = facts;
  }

  /** Opens a container, unless the element is none. */
  enter(start: XmlStart): boolean {
    if (!(start.name in CONTAINERS)) return false;
    // A new container ends the heading of the one around it.
    this.#place(start.line);
    this.#containers.push({
      start,
      number: undefined,
      title: undefined,
      lines: [],
      place: undefined,
      openingChars: 0,
      divisions: 0,
    });
    return true;
  }

  leave({ name, line }: XmlStart): void {
    if (!(name in CONTAINERS)) return;
    this.#place(line);
    this.#containers.pop();
  }

  /** Number, title and reference of the innermost container, before its content. */
  heading(element: XmlElement): boolean {
    const container = this.#containers.at(-1);
    if (container === undefined || container.place !== undefined) return false;
    const text = inlineText(element.children);
    switch (element.name) {
      case 'Number':
        container.number = text;
        return true;
      case 'Title':
        container.title = text;
        return true;
      case 'TitleBlock': {
        const title = childOf(element, 'Title');
        container.title = title === undefined ? undefined : inlineText(title.children);
        for (const child of elementsOf(element)) if (child !== title) append(container.lines, linesOf(child));
        return true;
      }
      case 'Subtitle':
      case 'Reference':
        if (text !== '') container.lines.push(text);
        return true;
      default:
        return this.#opening(element, container);
    }
  }

  /** Running text before anything else is the text of the container itself, as long as it is short. */
  #opening(element: XmlElement, container: Container): boolean {
    const isText = element.name === 'P' || element.name === 'Para' || element.name === 'Text';
    if (!isText || container.openingChars > OPENING_CHARS || !isRunningText(element)) return false;
    const lines = linesOf(element);
    container.openingChars += lines.join('').length;
    append(container.lines, lines);
    return true;
  }

  provisions(element: XmlElement): void {
    const place = this.#place(element.line);
    const eids = new Map<ProvisionNode, string>();
    for (const node of provisionsOf(element, place)) {
      const { parent, lines, line, eid, ...rest } = node;
      // Unnumbered things are counted over the whole container, of which this element is only a part.
      const own = node.num === undefined && parent === undefined ? this.#count(eid) : eid;
      const parentEid = parent === undefined ? place.eid : eids.get(parent);
      eids.set(node, this.write({ ...rest, eid: own, parentEid, text: lines.join('\n') }, line));
    }
  }

  /** A node of several lines; none when there is nothing to say. */
  lines(level: SectionLevel, eid: string, lines: readonly string[], line: number): string | undefined {
    if (lines.length === 0 && level !== 'preamble') return undefined;
    const place = this.#place(line);
    const name = level === 'paragraph' && place.eid !== undefined ? `${place.eid}-${eid}` : eid;
    return this.section(
      { eid: this.#count(name), level, num: undefined, heading: undefined, text: lines.join('\n') },
      line,
    );
  }

  /** A node below the innermost container. */
  section(node: Omit<SectionNode, 'parentEid' | 'citation'>, line: number): string {
    const { eid, citation } = this.#place(line);
    return this.write({ ...node, parentEid: eid, citation }, line);
  }

  #count(eid: string): string {
    const times = (this.#counts.get(eid) ?? 0) + 1;
    this.#counts.set(eid, times);
    return times === 1 ? eid : `${eid}-${times}`;
  }

  write(node: SectionNode, line: number): string {
    this.#identified(line);
    if (this.#writer === undefined) throw new TypeError('no document is open');
    return this.#writer.section(node, line);
  }

  /** Citation of the act. */
  citation(line: number): string {
    return this.#identified(line).citation;
  }

  /** A note of amendment beside the text. Before the first provision there is nothing it could speak of. */
  note(text: string): void {
    this.#writer?.note(text);
  }

  finish(): void {
    if (this.#writer === undefined)
      throw badInputError(
        'clml.no_text',
        'the file holds metadata or contents, but no provision',
        'Fetch the whole act: its address ends in /data.xml, without /contents.',
        { place: { source: this.#input.name, line: 1 } },
      );
    this.#writer.end();
  }

  /** The innermost container, emitted with all around it. */
  #place(line: number): Place {
    const identity = this.#identified(line);
    let place: Place = {
      eid: undefined,
      citation: identity.citation,
      base: identity.citation,
      prefix: '',
      provision: identity.provision,
    };
    let around: Container | undefined;
    for (const container of this.#containers) {
      container.place ??= this.#emitContainer(container, place, around);
      place = container.place;
      around = container;
    }
    return place;
  }

  #emitContainer(container: Container, around: Place, parent: Container | undefined): Place {
    const { start, title, lines } = container;
    const known = CONTAINERS[start.name];
    if (known === undefined) throw new TypeError('not a container');
    const [usualLevel, word, cited] = known;
    const isAnnex =
      start.name === 'Schedule' &&
      /^annex/i.test(container.number ?? semanticId(start.attributes['id']) ?? '');
    const level = isAnnex ? 'annex' : usualLevel;
    const number = (container.number ?? '').replace(
      /^(?:sub)?(?:schedule|part|chapter|annex|appendix|title|section)s?\b\s*/i,
      '',
    );
    const num = number === '' ? undefined : number;
    const name = isAnnex ? 'annex' : word;
    const ownName = this.#containerName(name, num, title, parent);
    const eid =
      semanticId(start.attributes['id']) ??
      (isTop(start.name) || around.eid === undefined ? ownName : `${around.eid}-${ownName}`);

    const opensNumbering = start.name === 'Schedule' || start.name === 'Appendix';
    const citedAs = isAnnex ? 'Annex' : cited;
    const isCited = citedAs !== '' && (num !== undefined || opensNumbering);
    const citation = !isCited
      ? around.citation
      : [around.citation, citedAs, num?.replace(/[.:]$/, '')].filter(Boolean).join(' ');
    const heading = title === undefined || title === '' ? undefined : title;
    const given = this.write(
      { eid, parentEid: around.eid, level, num, citation, heading, text: lines.join('\n') },
      start.line,
    );
    return {
      eid: given,
      citation,
      base: opensNumbering ? citation : around.base,
      prefix: opensNumbering ? `${given}-` : around.prefix,
      provision: opensNumbering ? 'paragraph' : around.provision,
    };
  }

  #containerName(
    word: string,
    num: string | undefined,
    title: string | undefined,
    parent: Container | undefined,
  ): string {
    if (word === 'crossheading') return `crossheading-${slug(title ?? '') || 'unnamed'}`;
    if (word === 'division' && parent !== undefined)
      return `division-${num === undefined ? ++parent.divisions : label(num)}`;
    return num === undefined ? word : `${word}-${label(num)}`;
  }

  /** Identity of the document; opens it at the first content, when the metadata has been read. */
  #identified(line: number): ClmlIdentity {
    if (this.#identity !== undefined) return this.#identity;
    const identity = identityOf(this.#facts);
    if (identity === undefined)
      throw badInputError(
        'clml.no_identity',
        'the file does not say which act it is: type, year and number are not all there',
        'Fetch the act with its metadata: its address ends in /data.xml.',
        { place: { source: this.#input.name, line } },
      );
    this.#identity = identity;
    this.#writer = new DocumentWriter(identity.head, {
      emit: this.#emit,
      source: this.#input.name,
      limits: this.#input.limits,
    });
    return identity;
  }
}

/** Schedules are numbered through the act, whatever they stand in. */
function isTop(name: string): boolean {
  return name === 'Schedule';
}
