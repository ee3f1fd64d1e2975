/** Text of Akoma Ntoso elements: inline content as one line, blocks as lines, table rows with tabs. */
import { append, oneLine } from '../text.ts';
import { childOf, elementsOf } from '../xml/tree.ts';
import type { XmlElement, XmlNode } from '../xml/tree.ts';

/** Hears of footnotes; returns the mark that stands in the text. */
export type NoteListener = (note: XmlElement) => string;

/** Tables of contents and metadata are no text. */
const SILENT: ReadonlySet<string> = new Set(['toc', 'meta', 'noteRef']);
const BREAKS: ReadonlySet<string> = new Set(
  'p block num heading subheading eol br td th tr li item content intro wrapUp quotedStructure'.split(' '),
);
/** Elements that hold blocks, or are one. */
const BLOCKS: ReadonlySet<string> = new Set(
  'p block blockList blockContainer item listIntroduction listWrapUp table tr tblock container content intro wrapUp longTitle formula citation recital signature quotedStructure ul ol li foreign toc preface coverPage'.split(
    ' ',
  ),
);

export function inlineText(nodes: readonly XmlNode[], note: NoteListener): string {
  return oneLine(nodes.map((node) => write(node, note)).join('')).replace(/ (\[\*?\w{1,5}\])/g, '$1');
}

function write(node: XmlNode, note: NoteListener): string {
  if (typeof node === 'string') return node;
  const { name, children, attributes } = node;
  if (SILENT.has(name)) return '';
  if (name === 'authorialNote') return `[${note(node)}]`;
  if (name === 'img')
    return ` [figure ${oneLine(attributes['alt'] ?? attributes['src'] ?? '').slice(0, 200)}] `.replace(
      ' ]',
      ']',
    );
  const inner = children.map((child) => write(child, note)).join('');
  if (name === 'sup') return inner.trim() === '' ? '' : `^${inner.trim()}`;
  return BREAKS.has(name) ? ` ${inner} ` : inner;
}

/** Whether an element has blocks below that make lines of their own. */
function hasBlocks(element: XmlElement): boolean {
  return elementsOf(element).some(
    (child) => BLOCKS.has(child.name) || (child.name !== 'authorialNote' && hasBlocks(child)),
  );
}

/** Everything in an element as lines. A number stands on the line of what it numbers. */
export function linesOf(element: XmlElement, note: NoteListener): readonly string[] {
  if (SILENT.has(element.name)) return [];
  if (element.name === 'tr')
    return [
      elementsOf(element)
        .map((cell) => inlineText(cell.children, note))
        .join('\t'),
    ].filter((row) => row.trim() !== '');
  if (!hasBlocks(element)) return [inlineText([element], note)].filter((line) => line !== '');
  const number = childOf(element, 'num');
  const lines: string[] = [];
  let run: XmlNode[] = [];
  const flush = (): void => {
    const line = inlineText(run, note);
    if (line !== '') lines.push(line);
    run = [];
  };
  for (const child of element.children) {
    if (child === number) continue;
    if (typeof child === 'string' || (!BLOCKS.has(child.name) && !hasBlocks(child))) run.push(child);
    else {
      flush();
      append(lines, linesOf(child, note));
    }
  }
  flush();
  if (number === undefined) return lines;
  const num = inlineText(number.children, note);
  const [first = '', ...rest] = lines;
  return [`${num} ${first}`.trim(), ...rest];
}

/** The tables below an element, outermost ones only. */
export function isTable(element: XmlElement): boolean {
  return element.name === 'table';
}
