/**
 * Inline markup of the CFR formats as plain text.
 *
 * Emphasis is dropped but remembered, because italics tell `(1)` of the fifth level from `(1)` of the second. Superscripts
 * become `^2`, footnote references `[1]`, subscripts stay on the line (`CO2`), fractions are set apart (`8 1/2`).
 */
import type { XmlElement, XmlNode } from '../xml/tree.ts';

/** One line of text with the ranges that were italic. */
export interface Line {
  readonly text: string;
  readonly italics: readonly (readonly [from: number, to: number])[];
}

/** Running heads, page numbers and tables of contents: not part of the text of the law. */
export const LEFT_OUT: ReadonlySet<string> = new Set([
  'PRTPAGE',
  'EAR',
  'LRH',
  'RRH',
  'CONTENTS',
  'CFRTOC',
  'SECHD',
  'TOC',
  'TOCHD',
]);

export function inline(nodes: readonly XmlNode[]): Line {
  const writer = new LineWriter();
  writer.nodes(nodes, false);
  return writer.finish();
}

/** The text of an element on one line. */
export function inlineText(element: XmlElement): string {
  return inline(element.children).text;
}

/** Part of a line, trimmed, with its italics. */
export function sliceLine(line: Line, from: number, to = line.text.length): Line {
  while (from < to && line.text[from] === ' ') from++;
  while (to > from && line.text[to - 1] === ' ') to--;
  const italics = line.italics
    .map(([start, end]) => [Math.max(start, from) - from, Math.min(end, to) - from] as const)
    .filter(([start, end]) => start < end);
  return { text: line.text.slice(from, to), italics };
}

/** Whether the whole range is italic. */
export function isItalic(line: Line, from: number, to: number): boolean {
  return line.italics.some(([start, end]) => start <= from && end >= to);
}

class LineWriter {
  /** Pieces, joined at the end: looking at the end of a growing string would copy it each time. */
  readonly #parts: string[] = [];
  #length = 0;
  #last = ' ';
  readonly #italics: [number, number][] = [];

  nodes(nodes: readonly XmlNode[], italic: boolean): void {
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (typeof node === 'string') this.#append(node, italic);
      else if (node !== undefined) this.#element(node, italic, () => isReference(nodes, i + 1));
    }
  }

  finish(): Line {
    return sliceLine({ text: this.#parts.join(''), italics: this.#italics }, 0);
  }

  #element(element: XmlElement, italic: boolean, isReferred: () => boolean): void {
    const { name, attributes, children } = element;
    if (LEFT_OUT.has(name)) return;
    const upper = name.toUpperCase();
    switch (upper) {
      case 'I':
      case 'EM':
        this.nodes(children, true);
        break;
      case 'E':
        if (attributes['T'] === '51') this.#raised(children, isReferred);
        else this.nodes(children, italic || attributes['T'] === '03' || attributes['T'] === '05');
        break;
      case 'SU':
      case 'SUP':
        this.#raised(children, isReferred);
        break;
      case 'FR':
      case 'FRAC':
        if (/\d/.test(this.#last)) this.#append(' ', false);
        this.nodes(children, italic);
        break;
      case 'BR':
      case 'LI':
        this.#append(' ', false);
        this.nodes(children, italic);
        break;
      case 'IMG':
      case 'GID':
        this.#append(` ${figureText(element)} `, false);
        break;
      default:
        // Block elements inside a line must not glue two words together.
        if (BLOCKS.has(upper)) this.#append(' ', false);
        this.nodes(children, italic);
        if (BLOCKS.has(upper)) this.#append(' ', false);
    }
  }

  #raised(children: readonly XmlNode[], isReferred: () => boolean): void {
    const { text } = inline(children);
    if (text !== '') this.#append(isReferred() ? `[${text}]` : `^${text}`, false);
  }

  #append(raw: string, italic: boolean): void {
    let text = raw.replace(/\s+/g, ' ');
    if (text.startsWith(' ') && this.#last === ' ') text = text.slice(1);
    if (text === '') return;
    const from = this.#length;
    this.#parts.push(text);
    this.#length += text.length;
    this.#last = text.charAt(text.length - 1);
    if (!italic) return;
    const run = this.#italics.at(-1);
    if (run?.[1] === from) run[1] = this.#length;
    else this.#italics.push([from, this.#length]);
  }
}

/** Whether a footnote mark follows, so that the superscript before it is its number. */
function isReference(nodes: readonly XmlNode[], from: number): boolean {
  // At most white space stands between the two.
  const next = typeof nodes[from] === 'string' && nodes[from].trim() === '' ? nodes[from + 1] : nodes[from];
  return typeof next === 'object' && next.name === 'FTREF';
}

const BLOCKS: ReadonlySet<string> = new Set(['P', 'FP', 'DIV', 'TR', 'TD', 'TH', 'ROW', 'ENT', 'HD', 'HED']);

/** A picture in words: its file name is the only thing the formats say of it. */
export function figureText(element: XmlElement): string {
  const name = element.attributes['src'] ?? element.attributes['SRC'] ?? inlinePlain(element);
  return `[figure ${name.replace(/^.*\//, '').trim()}]`.replace(' ]', ']');
}

function inlinePlain(element: XmlElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : inlinePlain(child))).join('');
}
