/** Puts the blocks of a Formex element into an outline. */
import { append, oneLine } from '../text.ts';
import { childOf, elementsOf } from '../xml/tree.ts';
import type { XmlElement, XmlNode } from '../xml/tree.ts';
import { inlineText } from './formex-inline.ts';
import type { NoteListener } from './formex-inline.ts';
import { articleNode, articleNumber, titleOf } from './names.ts';
import type { Outline } from './outline.ts';

/** Blocks that stand beside running text, also inside an element with text of its own. */
const BLOCKS: ReadonlySet<string> = new Set('LIST TBL DLIST QUOT.S GR.SEQ P NP PARAG ALINEA'.split(' '));

export class FormexBlocks {
  readonly #outline: Outline;
  readonly #note: NoteListener;

  constructor(outline: Outline, note: NoteListener) {
    this.#outline = outline;
    this.#note = note;
  }

  text(nodes: readonly XmlNode[]): string {
    return inlineText(nodes, this.#note);
  }

  article(element: XmlElement): void {
    const number = childOf(element, 'TI.ART');
    const title = childOf(element, 'STI.ART');
    const num = number === undefined ? '' : articleNumber(this.text(number.children));
    const heading = title === undefined ? '' : this.text(title.children);
    const depth = this.#outline.depth;
    this.#outline.named(articleNode(num, heading), element.line);
    for (const child of element.children)
      if (child !== number && child !== title) this.add(child, element.line);
    this.#outline.closeTo(depth);
  }

  /** One element, in whatever container is open. */
  add(node: XmlNode, line: number): void {
    if (typeof node === 'string') {
      this.#outline.text([this.text([node])], line);
      return;
    }
    const { name } = node;
    switch (name) {
      case 'PARAG':
        this.#paragraph(node);
        break;
      case 'LIST':
        for (const item of elementsOf(node)) this.#item(item);
        break;
      case 'ITEM':
        this.#item(node);
        break;
      case 'NP':
        this.#numbered(node);
        break;
      case 'GR.SEQ':
        this.#group(node);
        break;
      case 'TBL':
        this.#table(node);
        break;
      case 'DLIST':
        this.#outline.text(this.#lines(node), node.line);
        break;
      case 'QUOT.S':
        this.#outline.text(this.#lines(node), node.line);
        break;
      default:
        this.#mixed(node);
    }
  }

  /** Running text, divided where a block stands in it. */
  #mixed(element: XmlElement): void {
    if (!hasBlock(element)) {
      this.#outline.text([this.text(element.children)], element.line);
      return;
    }
    let run: XmlNode[] = [];
    const flush = (): void => {
      this.#outline.text([this.text(run)], element.line);
      run = [];
    };
    for (const child of element.children) {
      if (typeof child !== 'string' && isBlock(child)) {
        flush();
        this.add(child, child.line);
      } else run.push(child);
    }
    flush();
  }

  #paragraph(element: XmlElement): void {
    const number = childOf(element, 'NO.PARAG');
    const num = number === undefined ? '' : this.text(number.children);
    this.#outline.closeItems();
    const depth = this.#outline.depth;
    this.#outline.paragraph(num, element.line);
    for (const child of elementsOf(element)) if (child !== number) this.add(child, child.line);
    this.#outline.closeTo(depth);
  }

  #item(item: XmlElement): void {
    const numbered = childOf(item, 'NP');
    if (numbered !== undefined && elementsOf(item).length === 1) {
      this.#numbered(numbered);
      return;
    }
    this.#outline.item('', item.line);
    const depth = this.#outline.depth;
    for (const child of item.children) this.#textOrBlock(child, item.line);
    this.#outline.closeTo(depth - 1);
  }

  /** `NP`: a number with text. */
  #numbered(element: XmlElement): void {
    const number = childOf(element, 'NO.P');
    this.#outline.item(number === undefined ? '' : this.text(number.children), element.line);
    const depth = this.#outline.depth;
    for (const child of element.children) if (child !== number) this.#textOrBlock(child, element.line);
    this.#outline.closeTo(depth - 1);
  }

  #textOrBlock(child: XmlNode, line: number): void {
    if (typeof child !== 'string' || child.trim() !== '') this.add(child, line);
  }

  /** A group of an annex, when it comes whole. */
  #group(group: XmlElement): void {
    const depth = this.#outline.settle();
    this.openGroup(group);
    for (const child of elementsOf(group))
      if (child.name !== 'TITLE' && child.name !== 'NO.GR.SEQ') this.add(child, child.line);
    this.#outline.closeTo(depth);
  }

  /** Opens what a group with a title or number is. */
  openGroup(group: XmlElement): void {
    const title = childOf(group, 'TITLE');
    const number = childOf(group, 'NO.GR.SEQ');
    if (title !== undefined) {
      const lines = [...titleLines(title, this.#note)];
      if (number !== undefined) lines[0] = `${this.text(number.children)} ${lines[0] ?? ''}`;
      this.#outline.container(titleOf(lines), group.line);
    } else if (number !== undefined) this.#outline.item(this.text(number.children), group.line);
  }

  #table(table: XmlElement): void {
    const title = childOf(table, 'TITLE');
    const heading = title === undefined ? '' : titleLines(title, this.#note).join(' ');
    const body = elementsOf(table).filter((child) => child !== title);
    this.#outline.table(heading === '' ? undefined : heading, this.#tableLines(body).join('\n'), table.line);
  }

  /** Notes stand before the rows in the file and below them in print. */
  #tableLines(parts: readonly XmlElement[]): readonly string[] {
    const rows: string[] = [];
    const below: string[] = [];
    for (const part of parts) {
      if (part.name === 'GR.NOTES')
        for (const note of elementsOf(part)) {
          const text = this.text(note.children);
          below.push(
            note.name === 'NOTE' ? `[${this.#note({ ...note, children: [] })}] ${text}`.trimEnd() : text,
          );
        }
      else if (part.name === 'ROW') rows.push(this.#row(part));
      else if (part.name === 'CORPUS' || part.name === 'BLK')
        append(rows, this.#tableLines(elementsOf(part)));
      else append(rows, this.#lines(part));
    }
    return [...rows, ...below].filter((line) => line.trim() !== '');
  }

  #row(row: XmlElement): string {
    return elementsOf(row)
      .map((cell) => this.text(cell.children))
      .join('\t');
  }

  /** Everything below as lines: for quoted amendments and lists of terms, which are not cited by node. */
  #lines(element: XmlElement): readonly string[] {
    const { name } = element;
    if (name === 'DLIST.ITEM')
      return [
        elementsOf(element)
          .map((part) => this.text(part.children))
          .join(' '),
      ];
    if (name === 'TBL') {
      const title = childOf(element, 'TITLE');
      const rest = elementsOf(element).filter((child) => child !== title);
      return [...(title === undefined ? [] : titleLines(title, this.#note)), ...this.#tableLines(rest)].map(
        (line) => oneLine(line),
      );
    }
    if (LINES.has(name) || !elementsOf(element).some(holdsLines)) return [this.text(element.children)];
    const lines: string[] = [];
    let run: XmlNode[] = [];
    const flush = (): void => {
      const line = this.text(run);
      if (line !== '') lines.push(line);
      run = [];
    };
    for (const child of element.children) {
      if (typeof child === 'string' || !holdsLines(child)) {
        run.push(child);
        // A number goes on the line it numbers.
        continue;
      }
      if (!NUMBERS.has(run.map((node) => (typeof node === 'string' ? '' : node.name)).join(''))) flush();
      const [first = '', ...rest] = this.#lines(child);
      const number = this.text(run);
      run = [];
      lines.push(number === '' ? first : `${number} ${first}`);
      append(lines, rest);
    }
    flush();
    return lines;
  }
}

const LINES: ReadonlySet<string> = new Set('TI STI'.split(' '));
const NUMBERS: ReadonlySet<string> = new Set(['NO.P', 'NO.PARAG', 'NO.GR.SEQ']);
const HOLDERS: ReadonlySet<string> = new Set(
  'P TXT ALINEA PARAG ARTICLE LIST ITEM NP GR.SEQ TBL CORPUS ROW DLIST DLIST.ITEM QUOT.S TITLE TI STI TI.ART STI.ART CONTENTS DIVISION CONSID ANNEX CONS.ANNEX'.split(
    ' ',
  ),
);

function holdsLines(element: XmlElement): boolean {
  return HOLDERS.has(element.name);
}

/** Whether an element stands for itself, or wraps one that does. Footnotes do not: they are only marked in the text. */
function isBlock({ name, children }: XmlElement): boolean {
  return (
    BLOCKS.has(name) ||
    (WRAPPERS.has(name) && children.some((child) => typeof child !== 'string' && isBlock(child)))
  );
}

function hasBlock(element: XmlElement): boolean {
  return elementsOf(element).some(isBlock);
}

const WRAPPERS: ReadonlySet<string> = new Set('HT TXT'.split(' '));

/** Lines of a title: number with words, then what the number does not say. */
export function titleLines(title: XmlElement, note: NoteListener): readonly string[] {
  const lines: string[] = [];
  for (const part of elementsOf(title)) {
    const paragraphs = elementsOf(part).filter(({ name }) => name === 'P' || name === 'NP');
    if (paragraphs.length === 0) lines.push(inlineText(part.children, note));
    else for (const paragraph of paragraphs) lines.push(inlineText(paragraph.children, note));
  }
  return lines.filter((line) => line !== '');
}

/** The paragraphs of the final part: place and date, signatures. */
export function finalParts(element: XmlElement): readonly XmlElement[] {
  const inner = elementsOf(element).filter(({ name }) =>
    /^(?:P|PL\.DATE|SIGNATURE|SIGNATORY|TITLE|LIST)$/.test(name),
  );
  return inner.length === 0 ? [element] : elementsOf(element).flatMap(finalParts);
}
