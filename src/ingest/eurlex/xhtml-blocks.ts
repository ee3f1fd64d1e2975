/** Puts the blocks of a EUR-Lex page into an outline: paragraphs, lists in their several forms, tables. */
import { append, oneLine } from '../text.ts';
import { elementsOf, rawText } from '../xml/tree.ts';
import type { XmlElement, XmlNode } from '../xml/tree.ts';
import { isItemLabel, isPoint, titleOf } from './names.ts';
import type { Outline } from './outline.ts';
import { classesOf, hasClass, inlineText, isMark } from './xhtml-inline.ts';
import type { ReferenceListener } from './xhtml-inline.ts';

/** A list item: its number and what holds its text. */
interface Item {
  readonly num: string;
  readonly content: readonly XmlNode[];
  /** In old consolidated versions only the titles of groups stand in a cell without a paragraph. */
  readonly isTitle: boolean;
}

export class XhtmlBlocks {
  readonly #outline: Outline;
  readonly #refer: ReferenceListener;
  /** Whether paragraphs that begin with a number are those of an article. */
  readonly #isArticle: boolean;
  /** Title of the table to come. */
  #tableTitle: string | undefined;

  constructor(outline: Outline, refer: ReferenceListener, isArticle: boolean, tableTitle?: string) {
    this.#outline = outline;
    this.#refer = refer;
    this.#isArticle = isArticle;
    this.#tableTitle = tableTitle;
  }

  /** One block in the open container; `isTop`: directly in it, where numbers may be those of paragraphs and points. */
  add(node: XmlNode, line: number, isTop: boolean): void {
    if (typeof node === 'string') {
      if (node.trim() !== '') this.#outline.text([this.#text([node])], line);
      return;
    }
    if (isMark(node)) return;
    switch (node.name) {
      case 'table':
        this.#table(node, isTop);
        break;
      case 'p':
      case 'span':
        this.#paragraph(node, isTop);
        break;
      case 'div':
        this.#division(node, isTop);
        break;
      case 'br':
      case 'hr':
      case 'col':
        break;
      default:
        if (elementsOf(node).some(isBlock)) this.all(node.children, node.line, isTop);
        else this.#outline.text([this.#text([node])], node.line);
    }
  }

  /** Several nodes; what is inline among them makes one text. */
  all(nodes: readonly XmlNode[], line: number, isTop: boolean): void {
    let run: XmlNode[] = [];
    const flush = (): void => {
      this.#outline.text([this.#text(run)], line);
      run = [];
    };
    for (const node of nodes) {
      if (typeof node !== 'string' && isBlock(node)) {
        flush();
        this.add(node, node.line, isTop);
      } else run.push(node);
    }
    flush();
  }

  #text(nodes: readonly XmlNode[]): string {
    return inlineText(nodes, this.#refer);
  }

  #paragraph(element: XmlElement, isTop: boolean): void {
    const { children, line } = element;
    if (children.some((child) => typeof child !== 'string' && isBlock(child))) {
      this.all(children, line, isTop);
      return;
    }
    const item = spacedItem(element);
    if (item !== undefined) {
      // A point set like a paragraph: what follows belongs to it.
      if (isTop && !this.#isArticle && isPoint(item.num)) this.#numbered(item.num, item.content, line);
      else this.#item(item, line, isTop);
      return;
    }
    const numbered = isTop ? leadingNumber(children) : undefined;
    if (numbered === undefined) this.#outline.text([this.#text(children)], line);
    else this.#numbered(numbered.num, numbered.rest, line);
  }

  /** A paragraph of an article or a point of an annex: what follows belongs to it, up to the next. */
  #numbered(num: string, rest: readonly XmlNode[], line: number): void {
    if (this.#isArticle) {
      this.#outline.closeItems();
      this.#outline.paragraph(num, line);
    } else {
      this.#outline.closeToPoint(num);
      this.#outline.item(num, line);
    }
    this.all(rest, line, false);
  }

  #division(element: XmlElement, isTop: boolean): void {
    const { children, line } = element;
    const number = elementsOf(element).find((child) => hasClass(child, 'no-parag'));
    if (number !== undefined) {
      const rest = children.filter((child) => child !== number);
      const num = oneLine(rawText(number));
      if (isTop) this.#numbered(num, rest, line);
      // A paragraph inside a list item is one of a quoted act.
      else this.#outline.text(quotedLines([`${num} `, ...rest], this.#refer), line);
      return;
    }
    if (hasClass(element, 'grid-list')) {
      const label = elementsOf(element).find((child) => hasClass(child, 'grid-list-column-1'));
      const content = children.filter((child) => child !== label);
      const num = label === undefined ? '' : oneLine(rawText(label));
      this.#item({ num, content, isTitle: false }, line, isTop);
      return;
    }
    this.all(children, line, isTop);
  }

  #item({ num, content, isTitle }: Item, line: number, isTop: boolean): void {
    // An item that begins with a quotation mark is one of a quoted act.
    if (/^[‘“„«"]/.test(num)) {
      this.#outline.text(
        quotedLines([`${num} `, { name: 'div', attributes: {}, children: content, line }], this.#refer),
        line,
      );
      return;
    }
    if (isTop && !this.#isArticle && isPoint(num)) this.#outline.closeBefore(num);
    if (isTitle && !this.#isArticle) {
      const depth = this.#outline.settle();
      const at = content.findIndex((node) => typeof node !== 'string' && isBlock(node));
      const title = this.#text(at < 0 ? content : content.slice(0, at));
      this.#outline.container(titleOf([`${num} ${title}`]), line);
      if (at >= 0) this.all(content.slice(at), line, false);
      this.#outline.closeTo(depth);
      return;
    }
    this.#outline.item(num, line);
    const depth = this.#outline.depth;
    this.all(content, line, false);
    this.#outline.closeTo(depth - 1);
  }

  #table(table: XmlElement, isTop: boolean): void {
    const items = itemsOf(table);
    if (items !== undefined) {
      for (const item of items) this.#item(item, table.line, isTop);
      return;
    }
    const title = this.#tableTitle;
    this.#tableTitle = undefined;
    const lines = tableLines(table, this.#refer);
    this.#outline.table(title, lines.join('\n'), table.line);
  }
}

/** Quoted provisions as lines. */
function quotedLines(nodes: readonly XmlNode[], refer: ReferenceListener): readonly string[] {
  const lines: string[] = [];
  let run: XmlNode[] = [];
  const flush = (): void => {
    const line = inlineText(run, refer);
    if (line !== '') lines.push(line);
    run = [];
  };
  for (const node of nodes) {
    if (typeof node === 'string' || !isBlock(node)) run.push(node);
    else if (hasClass(node, 'grid-list') || (node.name === 'p' && !elementsOf(node).some(isBlock))) {
      flush();
      run.push(node);
      flush();
    } else if (run.length > 0 && inlineText(run, refer) !== '') {
      const [first = '', ...rest] = quotedLines(node.children, refer);
      run.push(first);
      flush();
      append(lines, rest);
    } else append(lines, quotedLines(node.children, refer));
  }
  flush();
  return lines;
}

/** Rows of a table as lines, with a tab between cells. */
export function tableLines(table: XmlElement, refer: ReferenceListener): readonly string[] {
  const lines: string[] = [];
  for (const row of elementsOf(table)) {
    if (row.name === 'tr') {
      const line = elementsOf(row)
        .map((cell) => inlineText(cell.children, refer))
        .join('\t');
      if (line.trim() !== '') lines.push(line);
    } else if (/^t(?:head|body|foot)$/.test(row.name)) append(lines, tableLines(row, refer));
    else if (row.name !== 'col' && row.name !== 'colgroup') {
      const line = inlineText([row], refer);
      if (line !== '') lines.push(line);
    }
  }
  return lines;
}

/** The items of a list that is laid out as a table; undefined for a real table. */
export function itemsOf(table: XmlElement): readonly Item[] | undefined {
  if (hasClass(table, 'table') || (table.attributes['border'] ?? '0') !== '0') return undefined;
  const rows = elementsOf(table).flatMap((part) => (part.name === 'tbody' ? elementsOf(part) : [part]));
  const items: Item[] = [];
  for (const row of rows) {
    if (row.name === 'col' || row.name === 'colgroup') continue;
    // An empty cell on the left indents.
    const cells = elementsOf(row).filter(
      ({ name, children }, index) =>
        name === 'td' &&
        (index > 0 ||
          (children.length > 0 && rawText({ name, children, attributes: {}, line: 0 }).trim() !== '')),
    );
    const [label, content, ...more] = cells;
    if (row.name !== 'tr' || label === undefined || content === undefined || more.length > 0)
      return undefined;
    const num = elementsOf(label).length > 2 ? undefined : oneLine(rawText(label));
    if (num === undefined || !isItemLabel(num)) return undefined;
    const isTitle =
      content.children.some((child) => typeof child === 'string' && child.trim() !== '') &&
      elementsOf(content).some(isBlock);
    items.push({ num, content: content.children, isTitle });
  }
  return items.length === 0 ? undefined : items;
}

/** `<p>—<span/>text</p>`: a number, an empty element that makes a space, text. */
function spacedItem({ children }: XmlElement): Item | undefined {
  const [label, space, ...content] = children.filter(
    (child) => typeof child !== 'string' || child.trim() !== '',
  );
  if (typeof label !== 'string' || typeof space !== 'object' || space.name !== 'span') return undefined;
  if (rawText(space).trim() !== '' || !isItemLabel(label) || content.length === 0) return undefined;
  return { num: oneLine(label), content, isTitle: false };
}

/** `1.   text`: several spaces after a number. */
function leadingNumber(
  children: readonly XmlNode[],
): { readonly num: string; readonly rest: readonly XmlNode[] } | undefined {
  const [first, ...others] = children;
  if (typeof first !== 'string') return undefined;
  const found =
    /^\s*(\(?\d{1,4}[a-z]{0,3}(?:\.\d{1,3}[a-z]?)*[.)]{1,2}|\d{1,3}(?:\.\d{1,3})+)[\s\u00a0]{2,}(?=\S|$)/.exec(
      first,
    );
  return found === null
    ? undefined
    : { num: found[1] ?? '', rest: [first.slice(found[0].length), ...others] };
}

const BLOCK_NAMES: ReadonlySet<string> = new Set('p div table ul ol li dl dd dt hr figure tbody'.split(' '));

export function isBlock(element: XmlElement): boolean {
  return BLOCK_NAMES.has(element.name) && !isInlineParagraph(element);
}

function isInlineParagraph(element: XmlElement): boolean {
  return (
    element.name === 'div' &&
    classesOf(element).length === 1 &&
    hasClass(element, 'inline-element') &&
    !elementsOf(element).some(isBlock)
  );
}
