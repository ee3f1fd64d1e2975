/**
 * Reader of EUR-Lex XHTML: acts as published in the Official Journal (classes `oj-…`) and consolidated versions (`norm`,
 * `title-article-norm`), in the forms of the several converters of the Publications Office. All are well-formed XML. Pages of
 * the EUR-Lex site and the HTML of before 2004 are not, and are not read.
 *
 * Ids, citations and footnotes are those of the Formex reader. Dates: the day in the running head of a consolidated version;
 * for the Official Journal the day the last articles say, counted from the day of publication in the running head.
 */
import type { Reader, ReaderInput, ReadEvent } from '../reader.ts';
import { rootElement } from '../sniff.ts';
import { append, oneLine } from '../text.ts';
import { elementsOf, rawText, visitXml } from '../xml/tree.ts';
import type { XmlElement, XmlNode, XmlStart, XmlVisitor } from '../xml/tree.ts';
import { ActFile } from './act-file.ts';
import { isoDay } from './identity.ts';
import { articleNode, articleNumber, recitalNode, titleOf } from './names.ts';
import type { Title } from './names.ts';
import { isPlain } from './outline.ts';
import { XhtmlBlocks, itemsOf, tableLines } from './xhtml-blocks.ts';
import { classesOf, hasClass, inlineText, isMark } from './xhtml-inline.ts';

/** What only pages of EUR-Lex have near their beginning. */
const SIGNS =
  /class="(?:oj-[a-z-]+|eli-[a-z-]+|reference|doc-ti|hd-date|title-doc-first|title-article-norm|ti-art)"|Consolidated TEXT:|CONVEX #|fmx2xhtml/;

export const eurlexXhtmlReader: Reader = {
  format: 'eurlex-xhtml',
  description: 'XHTML of EUR-Lex: EU acts of the Official Journal and consolidated versions',
  matches: ({ head }) =>
    rootElement(head) === 'html' &&
    /xmlns="http:\/\/www\.w3\.org\/1999\/xhtml"/.test(head) &&
    SIGNS.test(head),
  read: (input) => visitXml(input, (emit) => new XhtmlVisitor(input, emit)),
};

const SKIPPED: ReadonlySet<string> = new Set(['script', 'style', 'link', 'meta', 'col', 'hr', 'br']);
/** Divisions that come whole: list items, paragraphs, the final part. */
const TAKEN: readonly string[] = ['grid-container', 'norm', 'inline-element', 'list', 'final', 'signatory'];

/** Order of the divisions of an act; of equal ones the second ends the first. */
const RANKS: Readonly<Record<string, number>> = { prt: 1, tis: 2, cpt: 3, sct: 4, sbs: 5 };
const RANK_OTHER = 6;
/** Groups of annexes come below. */
const RANK_GROUP = 10;

type Zone = 'front' | 'title' | 'preamble' | 'terms' | 'final' | 'annex';

class XhtmlVisitor implements XmlVisitor {
  readonly #file: ActFile;
  #zone: Zone = 'front';
  /** What stands before the title: running head, disclaimer, list of amending acts. */
  readonly #history: string[] = [];
  readonly #divisions: { readonly rank: number; readonly depth: number; readonly form: string }[] = [];
  /** Where each footnote is referred to, by anchor. */
  readonly #references = new Map<string, { readonly unit: string | undefined; readonly mark: string }>();
  #recitals = 0;
  #tableTitle: string | undefined;
  /** Names of open elements, with their ids. */
  readonly #ids: string[] = [];

  constructor(input: ReaderInput, emit: (event: ReadEvent) => void) {
    this.#file = new ActFile(input, emit);
  }

  start(start: XmlStart): 'enter' | 'take' | 'skip' {
    const { name, attributes, line } = start;
    if (SKIPPED.has(name)) return 'skip';
    if (name !== 'html' && name !== 'body' && name !== 'div') return 'take';
    const classes = classesOf(start);
    if (name === 'div' && classes.some((item) => TAKEN.includes(item))) return 'take';
    const id = attributes['id'] ?? '';
    this.#ids.push(id);
    if (name === 'html')
      this.#file.facts.language = (attributes['lang'] ?? attributes['xml:lang'] ?? '').slice(0, 2);
    if ((id === 'pbl_1' || classes.includes('preamble')) && this.#zone === 'title') this.#openPreamble(line);
    if (id === 'enc_1' && this.#zone === 'preamble') this.#toTerms(line);
    return 'enter';
  }

  taken(element: XmlElement): void {
    const { name } = element;
    if (name === 'head') return;
    if (isMark(element) || (isEmpty(element) && name !== 'table')) return;
    if (name === 'p') this.#paragraph(element);
    else if (this.#zone === 'front') this.#front(element);
    else if (name === 'div' && (hasClass(element, 'final') || hasClass(element, 'signatory')))
      this.#final(element);
    else this.#block(element);
  }

  text(text: string, line: number): void {
    if (this.#zone === 'front') this.#history.push(oneLine(text));
    else this.#block({ name: 'span', attributes: {}, children: [text], line });
  }

  end({ name }: XmlStart): void {
    if (name === 'html' || name === 'body' || name === 'div') this.#ids.pop();
  }

  finish(): void {
    // A list of amending acts alone is no version: it would read as if everything had been repealed.
    if (this.#file.isOpen) {
      this.#flushTableTitle(1);
      this.#file.outline(1).closeTo(0);
      this.#file.aside('history', this.#history, 1);
    }
    this.#file.finish();
  }

  #paragraph(element: XmlElement): void {
    const { line } = element;
    const [role, level] = roleOf(element);
    if (role === 'doc-title' && (this.#zone === 'front' || this.#zone === 'title')) {
      this.#zone = 'title';
      this.#file.facts.title.push(this.#text(element));
      return;
    }
    if (this.#zone === 'front') {
      this.#front(element);
      return;
    }
    switch (role) {
      case 'doc-title':
      case 'annex':
        this.#annexTitle(element, role === 'annex');
        break;
      case 'division':
        this.#toTerms(line);
        this.#division(titleOf([this.#text(element)]), line);
        break;
      case 'article': {
        this.#toTerms(line);
        const outline = this.#file.outline(line);
        outline.closeTo(this.#divisions.at(-1)?.depth ?? 0);
        outline.named(articleNode(articleNumber(this.#text(element)), ''), line);
        break;
      }
      case 'heading':
        if (this.#file.outline(line).isUntitled) this.#file.outline(line).entitle(this.#text(element));
        else this.#block(element);
        break;
      case 'group':
        this.#group(element, level);
        break;
      case 'table-title':
        this.#flushTableTitle(line);
        this.#tableTitle = this.#text(element);
        break;
      case 'note':
        this.#note(element);
        break;
      case 'signatory':
        this.#final(element);
        break;
      case undefined:
        this.#block(element);
    }
  }

  /** What stands before the title. */
  #front(element: XmlElement): void {
    const { facts } = this.#file;
    const scan = (node: XmlElement): void => {
      const classes = classesOf(node);
      if (classes.includes('reference')) this.#reference(oneLine(rawText(node)));
      if (classes.includes('hd-date')) {
        const day = isoDay(/\d{1,2}\.\d{1,2}\.\d{4}/.exec(rawText(node))?.[0]);
        if (day !== undefined) facts.published = day;
      }
      if (classes.includes('hd-lg')) facts.language = rawText(node).trim();
      for (const child of elementsOf(node)) scan(child);
    };
    scan(element);
    if (element.name === 'table')
      append(
        this.#history,
        tableLines(element, () => ''),
      );
    else this.#history.push(this.#text(element));
  }

  /** `02018R2066 — EN — 01.01.2021 — 001.001`. */
  #reference(text: string): void {
    const { facts } = this.#file;
    const [reference, language, day] = text.split(/\s+—\s+/);
    if (reference === undefined || !/^\d{4,5}[A-Z]\d{4}/.test(reference)) return;
    facts.reference = reference;
    if (language !== undefined) facts.language = language;
    const from = isoDay(day);
    if (from !== undefined) facts.validFrom = from;
  }

  #annexTitle(element: XmlElement, isCertain: boolean): void {
    const { line } = element;
    const outline = this.#file.outline(line);
    const text = this.#text(element);
    const title = titleOf([text]);
    const isNumber = title.level === 'annex' || title.level === 'appendix';
    if (!isNumber && !isCertain && this.#zone === 'annex' && outline.isUntitled) {
      outline.entitle(text);
      return;
    }
    this.#flushTableTitle(line);
    outline.closeTo(0);
    this.#file.endOfTerms();
    this.#divisions.length = 0;
    this.#zone = 'annex';
    outline.container(
      isNumber
        ? title
        : { ...title, level: 'annex', name: title.name.replace(/^div_/, 'anx_'), cite: title.heading ?? '' },
      line,
      true,
    );
    this.#divisions.push({ rank: 0, depth: outline.depth, form: '' });
  }

  #division(title: Title, line: number, rank = RANKS[title.name.slice(0, 3)] ?? RANK_OTHER): void {
    const outline = this.#file.outline(line);
    while (this.#divisions.length > 0 && (this.#divisions.at(-1)?.rank ?? 0) >= rank) this.#divisions.pop();
    outline.closeTo(this.#divisions.at(-1)?.depth ?? 0);
    const depth = outline.depth;
    outline.container(title, line);
    // The title of the container around it opens nothing.
    if (outline.depth > depth) this.#divisions.push({ rank, depth: outline.depth, form: formOf(title) });
  }

  /** A heading inside an annex. Newer files say its level, those of the Official Journal do not. */
  #group(element: XmlElement, level: number | undefined): void {
    const { line } = element;
    const outline = this.#file.outline(line);
    this.#flushTableTitle(line);
    const text = this.#text(element);
    const title = titleOf([text]);
    if (isPlain(title) && outline.wantsTitle) outline.entitle(text);
    else this.#division(title, line, level === undefined ? this.#rankOf(title) : RANK_GROUP + level);
  }

  /** Beside the open group of the same form, else below the innermost. */
  #rankOf(title: Title): number {
    const form = formOf(title);
    const beside = this.#divisions.findLast((open) => open.form === form);
    return beside?.rank ?? Math.max(RANK_GROUP, this.#divisions.at(-1)?.rank ?? 0) + 1;
  }

  #note(element: XmlElement): void {
    const link = elementsOf(element).find(
      ({ name, attributes }) => name === 'a' && attributes['id'] !== undefined,
    );
    const anchor = link?.attributes['id'] ?? '';
    const reference = this.#references.get(anchor);
    if (reference === undefined) {
      this.#block(element);
      return;
    }
    const text = this.#text({ ...element, children: element.children.filter((child) => child !== link) });
    this.#file.note(reference.unit, reference.mark, text.replace(/^\(\s*\)\s*/, ''), element.line);
  }

  #final(element: XmlElement): void {
    const { line } = element;
    const outline = this.#file.outline(line);
    if (this.#zone !== 'final') {
      this.#toTerms(line);
      outline.closeTo(0);
      this.#divisions.length = 0;
      this.#zone = 'final';
      outline.named(
        { eid: 'fnp_1', level: 'signature', num: undefined, heading: undefined, cite: '' },
        line,
        'container',
      );
    }
    const lines = (node: XmlElement): void => {
      if (node.name !== 'p' && elementsOf(node).some(({ name }) => name === 'p' || name === 'div'))
        elementsOf(node).forEach(lines);
      else outline.text([this.#text(node)], node.line);
    };
    lines(element);
    this.#file.endOfTerms();
  }

  #block(element: XmlElement): void {
    const { line } = element;
    if (this.#zone === 'title') this.#openPreamble(line);
    if (this.#zone === 'preamble') {
      this.#preamble(element);
      return;
    }
    const outline = this.#file.outline(line);
    if (this.#zone === 'final') {
      outline.closeTo(0);
      this.#zone = 'terms';
    }
    if (element.name !== 'table') this.#flushTableTitle(line);
    const title = this.#tableTitle;
    this.#tableTitle = undefined;
    this.#blocks(this.#zone === 'terms', title).add(element, line, true);
  }

  #openPreamble(line: number): void {
    this.#zone = 'preamble';
    this.#file
      .outline(line)
      .named(
        { eid: 'pbl_1', level: 'preamble', num: undefined, heading: undefined, cite: 'preamble' },
        line,
        'container',
      );
  }

  #toTerms(line: number): void {
    if (this.#zone === 'preamble') this.#file.outline(line).closeTo(0);
    if (this.#zone === 'preamble' || this.#zone === 'title' || this.#zone === 'front') this.#zone = 'terms';
  }

  /** Citations and recitals. */
  #preamble(element: XmlElement): void {
    const { line } = element;
    const outline = this.#file.outline(line);
    const items = element.name === 'table' ? itemsOf(element) : undefined;
    if (items !== undefined && items.every(({ num }) => /\d/.test(num))) {
      for (const { num, content } of items) this.#recital(num, content, line);
      return;
    }
    const text = oneLine(rawText(element).slice(0, 60));
    const numbered = /^\(?(\d{1,3})[.)]{1,2}\s+Whereas\b/.exec(text);
    if (/^ha(?:s|ve) (?:adopted|decided|agreed|recommended)|^hereby\b/i.test(text)) {
      outline.closeTo(0);
      outline.named(
        { eid: 'enacting-words', level: 'preamble', num: undefined, heading: undefined, cite: '' },
        line,
      );
      outline.text([this.#text(element)], line);
      this.#toTerms(line);
    } else if (numbered !== null || (/^Whereas\b/.test(text) && text.length > 12))
      this.#recital('', [element], line);
    else {
      outline.closeTo(1);
      this.#blocks(false).add(element, line, false);
    }
  }

  #recital(num: string, content: readonly XmlNode[], line: number): void {
    const outline = this.#file.outline(line);
    outline.closeTo(1);
    outline.named(recitalNode(num, ++this.#recitals), line);
    this.#blocks(false).all(content, line, false);
    outline.closeTo(1);
  }

  #blocks(isArticle: boolean, tableTitle?: string): XhtmlBlocks {
    return new XhtmlBlocks(
      this.#file.outline(1),
      (anchor, from) => this.#refer(anchor, from),
      isArticle,
      tableTitle,
    );
  }

  #flushTableTitle(line: number): void {
    if (this.#tableTitle === undefined) return;
    this.#file.outline(line).text([this.#tableTitle], line);
    this.#tableTitle = undefined;
  }

  /** The mark of a footnote; a link back to the reference, in a note below a table, has the same. */
  #refer(anchor: string, from: string): string {
    const known = this.#references.get(from) ?? this.#references.get(anchor);
    if (known !== undefined) return known.mark;
    const unit = this.#file.isOpen ? this.#file.outline(1).unit : undefined;
    const mark = this.#file.mark(unit);
    this.#references.set(anchor, { unit, mark });
    return mark;
  }

  #text(element: XmlElement): string {
    return inlineText(element.children, (anchor, from) => this.#refer(anchor, from));
  }
}

type Role =
  'doc-title' | 'annex' | 'division' | 'article' | 'heading' | 'group' | 'table-title' | 'note' | 'signatory';

const ROLES: Readonly<Record<string, Role>> = {
  'doc-ti': 'doc-title',
  'title-doc-first': 'doc-title',
  'title-doc-last': 'doc-title',
  'title-annex-1': 'annex',
  'title-annex-2': 'heading',
  'ti-annotation': 'heading',
  'ti-section-1': 'division',
  'title-division-1': 'division',
  'ti-section-2': 'heading',
  'title-division-2': 'heading',
  'ti-art': 'article',
  'title-article-norm': 'article',
  'sti-art': 'heading',
  'stitle-article-norm': 'heading',
  'ti-tbl': 'table-title',
  'title-table': 'table-title',
  note: 'note',
  footnote: 'note',
  signatory: 'signatory',
};

function roleOf(element: XmlElement): readonly [Role | undefined, level: number | undefined] {
  for (const name of classesOf(element)) {
    if (name in ROLES) return [ROLES[name], undefined];
    const level = /^title-gr-seq-level-(\d)$/.exec(name)?.[1];
    if (level !== undefined) return ['group', Number(level)];
    if (/^ti-grseq-\d$/.test(name)) return ['group', undefined];
  }
  return [undefined, undefined];
}

/** Form of the number of a group, where the file does not say its level: groups of one form stand beside each other. */
function formOf({ num, cite }: Title): string {
  if (num === undefined) return cite === '' ? 'plain' : 'word';
  if (/^\d/.test(num)) return `figures ${num.replace(/\.$/, '').split('.').length}`;
  return cite.startsWith('section') ? 'letter' : 'word';
}

function isEmpty(element: XmlElement): boolean {
  return !hasContent(element);
}

function hasContent(node: XmlNode): boolean {
  if (typeof node === 'string') return node.trim() !== '';
  return node.name === 'img' || node.children.some(hasContent);
}
