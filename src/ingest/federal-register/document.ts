/**
 * One document of the Federal Register. Its number stands at its end, so its nodes are gathered until then; memory is
 * bounded by the longest document, not by the issue.
 */
import { badInputError } from '../../base/index.ts';
import { noteText } from '../cfr/blocks.ts';
import { inlineText } from '../cfr/inline.ts';
import { tableText } from '../cfr/table.ts';
import { DocumentWriter } from '../document-writer.ts';
import type { ReaderInput, ReadEvent, SectionLevel } from '../reader.ts';
import { append, label, oneLine, slug } from '../text.ts';
import { childOf, elementsOf } from '../xml/tree.ts';
import type { XmlElement, XmlNode } from '../xml/tree.ts';
import { tooLarge } from '../xml/xml.ts';
import { effectOf } from './dates.ts';

/** Longest text of one document, in provisions of the longest length. The longest rules have 6 MB. */
const PROVISIONS_HELD = 8;

interface Node {
  readonly parent: Node | undefined;
  readonly eid: string;
  readonly level: SectionLevel;
  readonly num: string | undefined;
  /** Citation of its own, to the CFR; else the page. */
  readonly cite: string | undefined;
  page: string;
  heading: string | undefined;
  readonly lines: string[];
  readonly line: number;
  hasChildren: boolean;
}

/** Order of what is below the headings (1 to 8). */
const AMENDMENT_RANK = 20;
const SECTION_RANK = 21;
const EXTRACT_RANK = 30;

/** Parts of the preamble with their names in eids. */
const PARTS: Readonly<Record<string, string>> = {
  AGY: 'agency',
  ACT: 'action',
  SUM: 'summary',
  DATES: 'dates',
  EFFDATE: 'dates',
  DATE: 'date',
  ADD: 'addresses',
  FURINF: 'contact',
};
const NOTES: ReadonlySet<string> = new Set(
  'NOTE EDNOTE AUTH SOURCE CROSSREF EFFDNOT EFFDNOTP PRIACT'.split(' '),
);

export interface Issue {
  /** Number of the volume: 89 for 2024. */
  volume: string;
  /** Page that is being read. */
  page: string;
}

export class FrDocument {
  readonly #input: ReaderInput;
  readonly #issue: Issue;
  readonly #kind: string;
  readonly #line: number;
  /** Page of the first node. */
  get #firstPage(): string {
    return this.#nodes[0]?.page ?? this.#issue.page;
  }

  readonly #nodes: Node[] = [];
  /** Open headings, outermost first. */
  readonly #open: { readonly node: Node; readonly rank: number }[] = [];
  readonly #counts = new Map<string, number>();
  #chars = 0;
  /** Depth of extracts. */
  #extracts = 0;
  #title = '';
  #number: string | undefined;
  #dates = '';
  /** CFR title and part of the regulation text being read. */
  #cfr: { readonly title: string; readonly part: string | undefined } | undefined;

  constructor(input: ReaderInput, issue: Issue, kind: string, line: number) {
    this.#input = input;
    this.#issue = issue;
    this.#kind = kind;
    this.#line = line;
  }

  /** A part of the document that is entered: what follows is below it. */
  enter(name: string, attributes: Readonly<Record<string, string>>, line: number): void {
    switch (name) {
      case 'PREAMB':
        this.#heading(this.#node({ eid: 'preamble', level: 'preamble', line }, undefined), 0);
        break;
      case 'SUPLINF':
        this.#close(0);
        this.#heading(
          this.#node({ eid: 'supplementary-information', level: 'preamble', line }, undefined),
          0,
        );
        break;
      case 'REGTEXT': {
        const title = attributes['TITLE'];
        this.#cfr = title === undefined ? this.#cfr : { title, part: attributes['PART'] };
        break;
      }
    }
  }

  add(element: XmlElement): void {
    const { name, line } = element;
    const part = PARTS[name];
    if (part !== undefined) this.#part(element, part);
    else if (NOTES.has(name)) this.#note(element);
    else if (/^HD\d?$/.test(name)) this.#head(element);
    else
      switch (name) {
        case 'PRTPAGE': {
          const [first, second] = this.#nodes;
          // The page on which the document begins is said inside it.
          if (first !== undefined && second === undefined && first.lines.length === 0)
            first.page = this.#issue.page;
          break;
        }
        case 'SUBJECT':
        case 'TITLE3':
          this.#setTitle(element);
          break;
        case 'FRDOC':
          this.#number ??= /FR Doc\.?\s*([A-Z]?\d{1,4}[–—-]\d{1,6})/
            .exec(oneLine(inlineText(element)))?.[1]
            ?.replace(/[–—]/, '-');
          this.#aside(element, 'note', 'filing');
          break;
        case 'CFR':
          this.#cfr ??= cfrOf(inlineText(element));
          this.text([element], line);
          break;
        case 'AMDPAR':
          this.#amendment(element);
          break;
        case 'SECTION':
          this.#section(element);
          break;
        case 'GPOTABLE':
          this.#table(element);
          break;
        case 'FTNT':
          this.#footnote(element);
          break;
        case 'BILCOD':
          this.#aside(element, 'note', 'billing-code');
          break;
        case 'EXTRACT':
          this.#extract(element);
          break;
        case 'SIG':
        case 'PSIG':
          this.#aside(element, 'signature', 'signature');
          break;
        case 'LSTSUB':
          this.#part(element, 'subjects');
          break;
        default:
          this.#other(element);
      }
  }

  /** Running text of the innermost heading. */
  text(nodes: readonly XmlNode[], line: number): void {
    const lines = nodes.flatMap((node) => (typeof node === 'string' ? [oneLine(node)] : [inlineText(node)]));
    this.#lines(lines, line);
  }

  /** Emits the document without its end; the caller ends it. `ids` counts the documents of each id in this file. */
  finish(emit: (event: ReadEvent) => void, ids: Map<string, number>): DocumentWriter {
    const { volume } = this.#issue;
    const isCited = volume !== '' && this.#firstPage !== '';
    if (this.#number === undefined && !isCited)
      throw badInputError(
        'federal-register.no_number',
        'a document has neither a number (FRDOC) nor a volume and page',
        'Fetch the whole document or issue.',
        { place: { source: this.#input.name, line: this.#line } },
      );
    const citation = isCited ? `${volume} FR ${this.#firstPage}` : `FR Doc. ${this.#number ?? ''}`;
    const effect = this.#kind === 'RULE' ? effectOf(this.#dates) : { from: undefined, to: undefined };
    const title = this.#title === '' ? citation : this.#title;
    const id = this.#number === undefined ? `us/fr/${volume}/${this.#firstPage}` : `us/fr/${this.#number}`;
    const times = (ids.get(id) ?? 0) + 1;
    ids.set(id, times);
    const documentId = times === 1 ? id : `${id}~${times}`;
    const writer = new DocumentWriter(
      {
        documentId,
        jurisdiction: 'US',
        family: 'fr',
        citation,
        title,
        language: 'en',
        inForceFrom: effect.from,
        inForceTo: effect.to,
      },
      { emit, source: this.#input.name, limits: this.#input.limits },
    );
    if (times > 1)
      writer.warn(`${id} occurs again in this file; this one is kept as ${documentId}`, this.#line);
    if (this.#number === undefined)
      writer.warn('the document has no number; it is named after its page', this.#line);
    if (this.#kind === 'RULE' && effect.from === undefined)
      writer.warn('the rule does not say in one plain sentence from which day it applies', this.#line);
    if (this.#nodes.length === 0) this.#lines([title], this.#line);
    const eids = new Map<Node, string>();
    for (const node of this.#nodes) {
      const { parent, eid, level, num, heading, lines, line, cite, page } = node;
      const at = isCited && page !== '' && page !== this.#firstPage ? `${citation}, ${page}` : citation;
      const parentEid = parent === undefined ? undefined : eids.get(parent);
      eids.set(
        node,
        writer.section(
          { eid, parentEid, level, num, citation: cite ?? at, heading, text: lines.join('\n') },
          line,
        ),
      );
    }
    return writer;
  }

  #setTitle(element: XmlElement): void {
    const text = inlineText(element);
    if (this.#title === '') this.#title = text;
    else this.#lines([text], element.line);
  }

  /** `SUMMARY: …`, `DATES: …`. */
  #part(element: XmlElement, eid: string): void {
    const { heading, text } = noteText(element);
    if (eid === 'dates') this.#dates += ` ${text}`;
    const node = this.#node(
      { eid: this.#count(eid), level: 'preamble', line: element.line, heading },
      this.#top(0),
    );
    this.#push(node, text.split('\n'), element.line);
  }

  #note(element: XmlElement): void {
    const { heading, text } = noteText(element);
    const node = this.#node(
      { eid: this.#below(element.name.toLowerCase()), level: 'note', line: element.line, heading },
      this.#top(),
    );
    this.#push(node, text.split('\n'), element.line);
  }

  /** Headings by level; `HED` heads the part that is open. */
  #head(element: XmlElement): void {
    const { line } = element;
    const text = inlineText(element);
    if (text === '') return;
    const source = element.attributes['SOURCE'] ?? element.name;
    const top = this.#top();
    const rank = Number(/\d/.exec(source)?.[0] ?? '0');
    if (rank === 0) {
      const isPart = /^part\s+\d/i.test(text);
      if (
        top !== undefined &&
        top.heading === undefined &&
        top.lines.length === 0 &&
        !top.hasChildren &&
        !isPart
      ) {
        top.heading = text;
        return;
      }
      const number = /^part\s+([\dA-Z.-]+)\s*[—–-]?\s*/i.exec(text);
      if (number !== null && this.#cfr !== undefined) {
        this.#close(1);
        const num = number[1] ?? '';
        const rest = text.slice(number[0].length);
        this.#heading(
          this.#node(
            {
              eid: `part-${label(num)}`,
              level: 'part',
              line,
              num,
              heading: rest === '' ? undefined : rest,
              cite: `${this.#cfr.title} CFR Part ${num}`,
            },
            this.#top(),
          ),
          1,
        );
        return;
      }
    }
    // Headings inside an extract stay below what quotes it.
    const level = Math.max(1, rank) + (this.#extracts > 0 ? EXTRACT_RANK : 0);
    this.#close(level);
    const node = this.#node(
      { eid: this.#below(slug(text) || 'heading'), level: 'division', line, heading: text },
      this.#top(),
    );
    this.#heading(node, level);
  }

  #extract(element: XmlElement): void {
    this.#extracts++;
    for (const child of element.children) {
      if (typeof child === 'string') this.#lines([oneLine(child)], element.line);
      else this.add(child);
    }
    this.#extracts--;
    if (this.#extracts === 0) this.#close(EXTRACT_RANK);
  }

  /** What is to be done to the CFR. */
  #amendment(element: XmlElement): void {
    this.#close(AMENDMENT_RANK);
    const cite =
      this.#cfr === undefined
        ? undefined
        : this.#cfr.part === undefined
          ? `${this.#cfr.title} CFR`
          : `${this.#cfr.title} CFR Part ${this.#cfr.part}`;
    const node = this.#node(
      {
        eid: this.#count('amendment', true),
        level: 'paragraph',
        line: element.line,
        ...(cite === undefined ? {} : { cite }),
      },
      this.#top(),
    );
    this.#push(node, [inlineText(element)], element.line);
    this.#heading(node, AMENDMENT_RANK);
  }

  /** A section of the CFR as it is to read. */
  #section(element: XmlElement): void {
    const { line } = element;
    const number = childOf(element, 'SECTNO');
    const subject = childOf(element, 'SUBJECT');
    const num =
      number === undefined
        ? ''
        : inlineText(number)
            .replace(/^[§\s]+/, '')
            .replace(/\.$/, '');
    const heading = subject === undefined ? '' : inlineText(subject);
    const cite = this.#cfr === undefined || num === '' ? undefined : `${this.#cfr.title} CFR ${num}`;
    this.#close(SECTION_RANK);
    const node = this.#node(
      {
        eid: this.#below(num === '' ? 'section' : `s${label(num)}`),
        level: 'section',
        line,
        ...(num === '' ? {} : { num }),
        ...(heading === '' ? {} : { heading }),
        ...(cite === undefined ? {} : { cite }),
      },
      this.#top(),
    );
    this.#heading(node, SECTION_RANK);
    for (const child of element.children) {
      if (typeof child === 'string') this.#lines([oneLine(child)], line);
      else if (child !== number && child !== subject) this.#inSection(child);
    }
    this.#close(SECTION_RANK);
  }

  /** Inside a section headings and extracts are text: they are parts of what is quoted. */
  #inSection(element: XmlElement): void {
    if (element.name === 'GPOTABLE') this.#table(element);
    else if (NOTES.has(element.name)) this.#note(element);
    else if (element.name === 'EXTRACT' || element.name === 'GPH')
      for (const child of elementsOf(element)) this.#inSection(child);
    else if (element.name === 'STARS') this.#lines(['* * * * *'], element.line);
    else this.#lines([inlineText(element)], element.line);
  }

  #table(element: XmlElement): void {
    const { heading, text } = tableText(element);
    const node = this.#node(
      { eid: this.#below('table'), level: 'table', line: element.line, heading },
      this.#top(),
    );
    this.#push(node, text.split('\n'), element.line);
  }

  #footnote(element: XmlElement): void {
    const lines = elementsOf(element).map((paragraph) => inlineText(paragraph));
    const num = /^\^(\w{1,5})\s/.exec(lines[0] ?? '')?.[1];
    const node = this.#node(
      {
        eid: this.#count('footnote', true),
        level: 'note',
        line: element.line,
        ...(num === undefined ? {} : { num }),
      },
      this.#top(),
    );
    this.#push(node, lines, element.line);
  }

  #aside(element: XmlElement, level: SectionLevel, eid: string): void {
    const node = this.#node({ eid: this.#count(eid), level, line: element.line }, undefined);
    const lines =
      elementsOf(element).length === 0
        ? [inlineText(element)]
        : elementsOf(element).map((child) => inlineText(child));
    this.#push(node, lines.length === 0 || hasOwnText(element) ? [inlineText(element)] : lines, element.line);
  }

  /** Paragraphs, extracts, lists: text, with what is a node of its own in them. */
  #other(element: XmlElement): void {
    if (element.name === 'STARS') this.#lines(['* * * * *'], element.line);
    else if (
      !hasOwnText(element) &&
      elementsOf(element).length > 0 &&
      elementsOf(element).some(({ name }) => BLOCKS.has(name))
    )
      for (const child of elementsOf(element)) this.add(child);
    else this.#lines([inlineText(element)], element.line);
  }

  #lines(lines: readonly string[], line: number): void {
    const said = lines.filter((text) => text.trim() !== '');
    if (said.length === 0) return;
    const top = this.#top();
    if (top !== undefined && !top.hasChildren) {
      this.#push(top, said, line);
      return;
    }
    // Several paragraphs in a row after a child are one node.
    const last = this.#nodes.at(-1);
    if (last !== undefined && last.parent === top && /(?:^|-)text(?:-\d+)?$/.test(last.eid))
      this.#push(last, said, line);
    else this.#push(this.#node({ eid: this.#below('text'), level: 'paragraph', line }, top), said, line);
  }

  #push(node: Node, lines: readonly string[], line: number): void {
    for (const text of lines) this.#chars += text.length;
    if (this.#chars > PROVISIONS_HELD * this.#input.limits.section_text_bytes)
      throw tooLarge(
        this.#input.name,
        'section_text_bytes',
        this.#input.limits.section_text_bytes,
        `the text of one document is more than ${PROVISIONS_HELD} times`,
        { line },
      );
    append(
      node.lines,
      lines.filter((text) => text.trim() !== ''),
    );
  }

  #node(
    given: {
      readonly eid: string;
      readonly level: SectionLevel;
      readonly line: number;
      readonly num?: string;
      readonly heading?: string | undefined;
      readonly cite?: string;
    },
    parent: Node | undefined,
  ): Node {
    if (parent !== undefined) parent.hasChildren = true;
    const node: Node = {
      parent,
      eid: given.eid,
      level: given.level,
      num: given.num,
      cite: given.cite,
      page: this.#issue.page,
      heading: given.heading,
      lines: [],
      line: given.line,
      hasChildren: false,
    };
    if (this.#nodes.length >= this.#input.limits.sections_per_document)
      throw tooLarge(
        this.#input.name,
        'sections_per_document',
        this.#input.limits.sections_per_document,
        'the number of provisions is',
        {
          line: given.line,
        },
      );
    this.#nodes.push(node);
    return node;
  }

  #heading(node: Node, rank: number): void {
    if (rank === 0) this.#open.length = 0;
    this.#open.push({ node, rank });
  }

  #close(rank: number): void {
    while ((this.#open.at(-1)?.rank ?? -1) >= rank) this.#open.pop();
  }

  /** The innermost open node; at most of this rank. */
  #top(rank = Infinity): Node | undefined {
    return this.#open.findLast((open) => open.rank <= rank)?.node;
  }

  /** Name below the open node. */
  #below(name: string): string {
    const top = this.#top();
    return this.#count(
      top === undefined || top.eid === 'supplementary-information' ? name : `${top.eid}-${name}`,
    );
  }

  #count(name: string, always = false): string {
    const times = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, times);
    return times === 1 && !always ? name : `${name}-${times}`;
  }
}

const BLOCKS: ReadonlySet<string> = new Set(
  'P FP HD HD1 HD2 HD3 GPOTABLE FTNT EXTRACT NOTE GPH SECTION AMDPAR STARS MATH LI'.split(' '),
);

function hasOwnText(element: XmlElement): boolean {
  return element.children.some((child) => typeof child === 'string' && child.trim() !== '');
}

/** `14 CFR Part 39`. */
function cfrOf(text: string): { readonly title: string; readonly part: string | undefined } | undefined {
  const found = /^(\d{1,2}) CFR (?:Part|Chapter) (\S+)?/i.exec(text);
  return found === null
    ? undefined
    : { title: found[1] ?? '', part: /^\d/.test(found[2] ?? '') ? found[2] : undefined };
}
