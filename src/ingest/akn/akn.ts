/**
 * Reader of Akoma Ntoso 3 (LegalDocML): acts, bills, documents, portions and collections of them. Each component of a
 * collection is a document; attachments are annexes of theirs.
 *
 * The `eId` attributes are the eids; elements without one are named after the naming convention of the standard
 * (`art_3__para_1`). The FRBR work is the document, the date of the expression the first day of its version.
 * Left out: metadata and tables of contents.
 */
import { badInputError } from '../../base/index.ts';
import { DocumentWriter } from '../document-writer.ts';
import type { Reader, ReaderInput, ReadEvent, SectionLevel } from '../reader.ts';
import { rootElement } from '../sniff.ts';
import { append, label, oneLine, withoutTail } from '../text.ts';
import { elementsOf, rawText, visitXml } from '../xml/tree.ts';
import type { XmlElement, XmlStart, XmlVisitor } from '../xml/tree.ts';
import { tooLarge } from '../xml/xml.ts';
import { aknIdentityOf } from './identity.ts';
import type { AknIdentity } from './identity.ts';
import { inlineText, isTable, linesOf } from './lines.ts';

export const aknReader: Reader = {
  format: 'akn',
  description: 'Akoma Ntoso 3 (LegalDocML): acts, bills and other documents',
  matches: (sniff) => /^akoma[nN]toso$/.test(rootElement(sniff.head) ?? ''),
  read: (input) => visitXml(input, (emit) => new AknVisitor(input, emit)),
};

/** Elements that are a document. */
const DOCUMENTS: ReadonlySet<string> = new Set(
  'act bill doc portion amendment statement judgment debateReport documentCollection officialGazette amendmentList debate'.split(
    ' ',
  ),
);

/** Elements that only wrap. */
const TRANSPARENT: ReadonlySet<string> = new Set(
  'akomaNtoso akomantoso body mainBody portionBody collectionBody amendmentBody judgmentBody debateBody components component attachments recitals citations list'.split(
    ' ',
  ),
);

/** Parts of the hierarchy: level, name in generated eids, word in citations. `(` cites the number in brackets. */
const PARTS: Readonly<Record<string, readonly [level: SectionLevel, name: string, cited: string]>> = {
  tome: ['division', 'tome', 'Tome'],
  book: ['division', 'book', 'Book'],
  part: ['part', 'part', 'Pt.'],
  subpart: ['subpart', 'subpart', 'Subpart'],
  title: ['title', 'title', 'Title'],
  subtitle: ['division', 'subtitle', 'Subtitle'],
  chapter: ['chapter', 'chp', 'Ch.'],
  subchapter: ['subchapter', 'subchp', 'Subch.'],
  division: ['division', 'dvs', 'Div.'],
  subdivision: ['division', 'subdvs', 'Subdiv.'],
  hcontainer: ['division', 'hcontainer', ''],
  tblock: ['division', 'tblock', ''],
  transitional: ['division', 'trans', ''],
  section: ['section', 'sec', 's.'],
  article: ['article', 'art', 'Art.'],
  rule: ['section', 'rule', 'r.'],
  clause: ['section', 'clause', 'cl.'],
  level: ['division', 'lvl', ''],
  subsection: ['paragraph', 'subsec', '('],
  paragraph: ['paragraph', 'para', '('],
  subparagraph: ['paragraph', 'subpara', '('],
  subclause: ['paragraph', 'subclause', '('],
  subrule: ['paragraph', 'subrule', '('],
  point: ['paragraph', 'point', '('],
  indent: ['paragraph', 'indent', '('],
  alinea: ['paragraph', 'al', '('],
  proviso: ['paragraph', 'proviso', '('],
  sublist: ['paragraph', 'sublist', '('],
  recital: ['paragraph', 'rec', 'recital'],
  preamble: ['preamble', 'preamble', ''],
  attachment: ['annex', 'att', 'Annex'],
};
/** Units cited from the act down, not from the containers around them. */
const BASIC: ReadonlySet<string> = new Set(['section', 'article', 'rule', 'clause', 'recital']);

interface Node {
  readonly start: XmlStart;
  readonly level: SectionLevel;
  num: string | undefined;
  heading: string | undefined;
  readonly lines: string[];
  bytes: number;
  readonly notes: XmlElement[];
  /** Notes marked so far. */
  marks: number;
  readonly counts: Map<string, number>;
  given: string | undefined;
  citation: string;
}

class AknVisitor implements XmlVisitor {
  readonly #input: ReaderInput;
  readonly #emit: (event: ReadEvent) => void;
  readonly #open: Node[] = [];
  /** Names of the open document elements; those inside attachments are parts of the outer one. */
  readonly #documents: string[] = [];
  readonly #seen = new Set<string>();
  #identity: AknIdentity | undefined;
  #writer: DocumentWriter | undefined;
  /** The last document. It ends when the next begins, or the file. */
  #last: DocumentWriter | undefined;
  #citation = '';
  readonly #counts = new Map<string, number>();

  constructor(input: ReaderInput, emit: (event: ReadEvent) => void) {
    this.#input = input;
    this.#emit = emit;
  }

  start(start: XmlStart): 'enter' | 'take' | 'skip' {
    const { name } = start;
    if (TRANSPARENT.has(name)) return 'enter';
    if (DOCUMENTS.has(name)) {
      this.#documents.push(name);
      return 'enter';
    }
    if (name === 'toc') return 'skip';
    const part = PARTS[name];
    if (part === undefined || this.#documents.length === 0) return 'take';
    const top = this.#open.at(-1);
    if (top !== undefined && !isFirstText(name, top)) this.#write(top);
    this.#open.push({
      start,
      level: isAnnex(start) ? 'annex' : part[0],
      num: undefined,
      heading: undefined,
      lines: [],
      bytes: 0,
      notes: [],
      marks: 0,
      counts: new Map(),
      given: undefined,
      citation: '',
    });
    return 'enter';
  }

  taken(element: XmlElement): void {
    const { name, line } = element;
    const top = this.#open.at(-1);
    switch (name) {
      case 'meta':
        if (this.#documents.length === 1)
          this.#identity = aknIdentityOf(element, this.#documents[0] ?? 'doc');
        break;
      case 'num':
        if (top === undefined) this.#text(element);
        else top.num = [top.num, this.#inline(element, top)].filter(Boolean).join(' ') || undefined;
        break;
      case 'heading':
      case 'subheading':
        if (top === undefined || top.given !== undefined) this.#text(element);
        else top.heading = [top.heading, this.#inline(element, top)].filter(Boolean).join(' ') || undefined;
        break;
      case 'preface':
      case 'coverPage':
        this.#front(element);
        break;
      case 'conclusions':
        this.#aside(element, 'signature', 'conclusions');
        break;
      case 'documentRef':
      case 'componentRef':
        break;
      default:
        if (this.#documents.length === 0) this.#stray(line);
        this.#text(element);
    }
  }

  text(text: string, line: number): void {
    this.#text({ name: 'p', attributes: {}, children: [text], line });
  }

  end({ name }: XmlStart): void {
    if (DOCUMENTS.has(name)) {
      this.#documents.pop();
      if (this.#documents.length === 0) this.#endDocument();
    } else if (name in PARTS && this.#open.at(-1)?.start.name === name) {
      const top = this.#open.at(-1);
      const parent = this.#open.at(-2);
      if (
        top !== undefined &&
        top.given === undefined &&
        parent !== undefined &&
        isFirstText(name, parent) &&
        isBare(top)
      ) {
        // The first subparagraph is the text of the paragraph itself.
        this.#open.pop();
        append(parent.lines, top.lines);
        append(parent.notes, top.notes);
        parent.marks += top.marks;
        parent.bytes += top.bytes;
        return;
      }
      if (top !== undefined) this.#write(top);
      this.#open.pop();
    }
  }

  finish(): void {
    if (this.#last === undefined)
      throw badInputError(
        'akn.no_text',
        'the file holds no document with text',
        'Fetch the document itself, not only its metadata.',
        { place: { source: this.#input.name, line: 1 } },
      );
    this.#last.end();
  }

  /** Text of the innermost node: its own while it has no children, after that a node below it. */
  #text(element: XmlElement): void {
    const top = this.#open.at(-1);
    const tables = top === undefined ? [] : tablesOf(element);
    if (tables.length > 0 && top !== undefined) {
      this.#tables(element, top);
      return;
    }
    if (top !== undefined && top.given === undefined) {
      this.#add(
        top,
        linesOf(element, (note) => mark(top, note)),
        element.line,
      );
      return;
    }
    this.#aside(
      element,
      'paragraph',
      element.name === 'p' || element.name === 'content' ? 'text' : element.name,
    );
  }

  /** Tables are nodes of their own; what stands around them is text. */
  #tables(element: XmlElement, top: Node): void {
    if (isTable(element)) {
      this.#aside(element, 'table', 'table');
      return;
    }
    let run: XmlElement['children'][number][] = [];
    const flush = (): void => {
      if (run.length > 0) this.#text({ ...element, children: run });
      run = [];
    };
    for (const child of element.children) {
      if (typeof child === 'string' || tablesOf(child).length === 0) run.push(child);
      else {
        flush();
        this.#tables(child, top);
      }
    }
    flush();
  }

  /** A node below the innermost one, without number. */
  #aside(element: XmlElement, level: SectionLevel, name: string): void {
    const top = this.#open.at(-1);
    const node: Node = {
      start: element,
      level,
      num: undefined,
      heading: undefined,
      lines: [],
      bytes: 0,
      notes: [],
      marks: 0,
      counts: new Map(),
      given: undefined,
      citation: '',
    };
    this.#add(
      node,
      linesOf(element, (note) => mark(node, note)),
      element.line,
    );
    if (node.lines.length === 0) return;
    if (top !== undefined) this.#write(top);
    this.#open.push(node);
    this.#write(node, name);
    this.#open.pop();
  }

  /** Cover and preface: the title is in them. */
  #front(element: XmlElement): void {
    if (this.#documents.length === 0) this.#stray(element.line);
    if (rawText(element).trim() === '') return;
    const top = this.#open.at(-1);
    if (this.#writer === undefined && element.name === 'preface') this.#start(titleIn(element), element.line);
    if (top?.level === 'annex' && top.given === undefined && top.heading === undefined) {
      const title = titleIn(element);
      if (title !== '') top.heading = title;
      this.#write(top);
    }
    this.#aside(element, 'preamble', element.name === 'preface' ? 'preface' : 'cover');
  }

  #inline(element: XmlElement, node: Node): string {
    return inlineText(element.children, (note) => mark(node, note));
  }

  #add(node: Node, lines: readonly string[], line: number): void {
    for (const text of lines) node.bytes += Buffer.byteLength(text);
    if (node.bytes > this.#input.limits.section_text_bytes)
      throw tooLarge(
        this.#input.name,
        'section_text_bytes',
        this.#input.limits.section_text_bytes,
        'a provision is',
        { line },
      );
    append(node.lines, lines);
  }

  #write(node: Node, name?: string): string {
    if (node.given !== undefined) return node.given;
    const { line } = node.start;
    const writer = this.#writer ?? this.#start('', line);
    const at = this.#open.indexOf(node);
    const parent = this.#open[at - 1];
    const parentEid = parent === undefined ? undefined : this.#write(parent);
    const generated = name ?? nameOf(node);
    const counted = node.num === undefined || name !== undefined;
    const eid = idOf(node.start) ?? this.#eid(parent, generated, counted);
    node.citation = this.#cite(node, parent);
    const text = node.lines.join('\n');
    node.given = writer.section(
      {
        eid,
        parentEid,
        level: node.level,
        num: node.num,
        citation: node.citation,
        heading: node.heading,
        text,
      },
      line,
    );
    for (let i = 0; i < node.notes.length; i++) this.#note(node, i);
    return node.given;
  }

  #note(owner: Node, index: number): void {
    const note = owner.notes[index];
    if (note === undefined || owner.given === undefined || this.#writer === undefined) return;
    const lines: string[] = [];
    for (const child of elementsOf(note))
      append(
        lines,
        linesOf(child, (inner) => mark(owner, inner)),
      );
    if (lines.length === 0) append(lines, [inlineText(note.children, (inner) => mark(owner, inner))]);
    this.#writer.section(
      {
        eid: `${owner.given}__note_${index + 1}`,
        parentEid: owner.given,
        level: 'note',
        num: String(index + 1),
        citation: owner.citation,
        heading: undefined,
        text: lines.join('\n'),
      },
      note.line,
    );
  }

  #eid(parent: Node | undefined, name: string, isCounted: boolean): string {
    const prefix = parent?.given === undefined ? '' : `${parent.given}__`;
    const counts = parent?.counts ?? this.#counts;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return `${prefix}${name}${isCounted && (count > 1 || !/^(?:preface|cover|preamble|conclusions|table)$/.test(name)) ? `_${count}` : ''}`;
  }

  #cite(node: Node, parent: Node | undefined): string {
    const above = parent?.citation ?? this.#citation;
    const cited = node.level === 'annex' ? 'Annex' : (PARTS[node.start.name]?.[2] ?? '');
    const num = numberOf(node);
    if (cited === '' || (num === '' && node.level !== 'annex')) return above;
    if (cited === '(') return `${above}(${num})`;
    const annex = this.#open.findLast((other) => other.level === 'annex' && other !== node);
    const base = BASIC.has(node.start.name) ? (annex?.citation ?? this.#citation) : above;
    return `${base} ${cited} ${num}`.trim();
  }

  #start(title: string, line: number): DocumentWriter {
    const identity = this.#identity;
    if (identity === undefined)
      throw badInputError(
        'akn.no_identity',
        'the metadata gives neither a work URI nor a number with a country',
        'Fill in FRBRWork: FRBRuri, or FRBRcountry and FRBRnumber.',
        { place: { source: this.#input.name, line } },
      );
    let { documentId } = identity;
    // Components of a collection often carry the URI of the whole.
    for (let n = 2; this.#seen.has(documentId); n++) documentId = `${identity.documentId}/${n}`;
    this.#seen.add(documentId);
    this.#citation = identity.citation ?? documentId;
    this.#last?.end();
    this.#last = undefined;
    this.#writer = new DocumentWriter(
      {
        documentId,
        jurisdiction: identity.jurisdiction,
        family: identity.family,
        citation: this.#citation,
        title: title === '' ? this.#citation : title,
        language: identity.language,
        inForceFrom: identity.date,
        inForceTo: undefined,
      },
      { emit: this.#emit, source: this.#input.name, limits: this.#input.limits },
    );
    return this.#writer;
  }

  #endDocument(): void {
    for (const node of this.#open) this.#write(node);
    this.#open.length = 0;
    // A collection whose parts are documents of their own has no text and opens none.
    this.#last = this.#writer ?? this.#last;
    this.#writer = undefined;
    this.#identity = undefined;
    this.#counts.clear();
  }

  #stray(line: number): never {
    throw badInputError(
      'akn.structure',
      'there is text outside of a document',
      'Validate the file against the Akoma Ntoso 3 schema.',
      { place: { source: this.#input.name, line } },
    );
  }
}

function mark(node: Node, note: XmlElement): string {
  node.notes.push(note);
  node.marks++;
  return String(node.marks);
}

/** Whether an element without number is the first text of the open node. */
function isFirstText(name: string, top: Node): boolean {
  return (name === 'alinea' || name === 'subparagraph') && top.given === undefined && top.lines.length === 0;
}

function isBare({ num, heading }: Node): boolean {
  return num === undefined && heading === undefined;
}

function isAnnex({ name, attributes }: XmlStart): boolean {
  return (
    name === 'attachment' ||
    (name === 'hcontainer' && /^(?:schedule|annex|appendix)$/i.test(attributes['name'] ?? ''))
  );
}

/** `3` in `Article 3.`, `a` in `(a)`. */
function numberOf({ num }: Node): string {
  const bare = (num ?? '')
    .replace(/^(?:article|section|sec\.|chapter|part|title|annex|schedule|§+)\s*/i, '')
    .replace(/[()[\]“”‘’"]/g, '');
  return withoutTail(bare, ' .:—–-').trim();
}

function nameOf(node: Node): string {
  const name = PARTS[node.start.name]?.[1] ?? node.start.name;
  const number = label(numberOf(node));
  return number === '' ? name : `${name}_${number}`;
}

/** The eid of the file; ids made up by a converter (`d1e87`) mean nothing. */
function idOf({ attributes }: XmlStart): string | undefined {
  const id = attributes['eId'] ?? attributes['xml:id'] ?? attributes['id'];
  if (id === undefined || !/^\S{1,200}$/.test(id)) return undefined;
  return attributes['eId'] !== undefined || /^[a-z]{2,12}_[\w.-]+$/i.test(id) ? id : undefined;
}

function tablesOf(element: XmlElement): readonly XmlElement[] {
  if (isTable(element)) return [element];
  return element.name === 'authorialNote' ? [] : elementsOf(element).flatMap(tablesOf);
}

/** The title of a document: marked as one, or the long or short title. */
function titleIn(preface: XmlElement): string {
  const find = (element: XmlElement, name: string): XmlElement | undefined =>
    element.name === name
      ? element
      : elementsOf(element)
          .map((child) => find(child, name))
          .find((found) => found !== undefined);
  for (const name of ['docTitle', 'longTitle', 'shortTitle']) {
    const found = find(preface, name);
    const text = found === undefined ? '' : inlineText(found.children, () => '').replaceAll('[]', '');
    if (text !== '') return oneLine(text);
  }
  return '';
}
