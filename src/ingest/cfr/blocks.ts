/** The children of a CFR section or appendix as a list of blocks, the same for the eCFR and the annual edition. */
import { oneLine } from '../text.ts';
import { elementsOf } from '../xml/tree.ts';
import type { XmlElement, XmlNode } from '../xml/tree.ts';
import { figureText, inline, inlineText, LEFT_OUT } from './inline.ts';
import type { Line } from './inline.ts';
import { tableText } from './table.ts';

export type Block =
  | {
      readonly type: 'paragraph';
      readonly line: Line;
      /** Set flush left: it closes a list and belongs to the paragraph that the list belongs to. */
      readonly flush: boolean;
      readonly at: number;
    }
  | { readonly type: 'heading'; readonly rank: number; readonly text: string; readonly at: number }
  | {
      /** Something that stands beside the paragraphs: note, table, figure, quoted extract. */
      readonly type: 'aside';
      readonly level: 'note' | 'table' | 'paragraph';
      /** Short name in eids: `note`, `cita`. */
      readonly name: string;
      readonly heading: string | undefined;
      readonly text: string;
      readonly at: number;
    }
  | {
      readonly type: 'appendix';
      readonly heading: string;
      readonly children: readonly XmlNode[];
      readonly at: number;
    };

/** Notes of all kinds, with their short names. */
const NOTES: Readonly<Record<string, string>> = {
  NOTE: 'note',
  NOTES: 'note',
  EXAMPLE: 'example',
  EXAMPLES: 'example',
  FTNT: 'footnote',
  EDNOTE: 'ednote',
  EFFDNOT: 'effdate',
  EFFDNOTP: 'effdate',
  CROSSREF: 'crossref',
  CITA: 'cita',
  SECAUTH: 'secauth',
  PARAUTH: 'parauth',
  APPRO: 'appro',
  AUTH: 'auth',
  SOURCE: 'source',
};

export function isNote(name: string): boolean {
  return name in NOTES;
}

export function blocksOf(nodes: readonly XmlNode[]): readonly Block[] {
  const out: Block[] = [];
  for (const node of nodes) {
    if (typeof node === 'string') pushParagraph(out, [node], false, 0);
    else pushElement(out, node);
  }
  return out;
}

function pushElement(out: Block[], element: XmlElement): void {
  const { name, line: at, children } = element;
  const upper = name.toUpperCase();
  if (LEFT_OUT.has(upper)) return;
  if (isNote(upper)) {
    out.push(noteBlock(element));
  } else if (upper === 'GPOTABLE' || upper === 'TABLE') {
    const { heading, text } = tableText(element);
    out.push({ type: 'aside', level: 'table', name: 'table', heading, text, at });
  } else if (upper === 'GPH' || upper === 'IMG') {
    out.push({
      type: 'aside',
      level: 'paragraph',
      name: 'figure',
      heading: undefined,
      text: figures(element),
      at,
    });
  } else if (upper === 'EXTRACT') {
    pushExtract(out, element);
  } else if (/^HD\d?$/.test(upper) || upper === 'HEAD' || upper === 'HED') {
    const text = inlineText(element);
    if (text !== '') out.push({ type: 'heading', rank: headingRank(element), text, at });
  } else if (elementsOf(element).some(({ name: child }) => isBlock(child))) {
    // A wrapper we do not know by name: what matters is inside.
    for (const block of blocksOf(children)) out.push(block);
  } else {
    pushParagraph(out, children, upper === 'FP' && element.attributes['SOURCE'] === undefined, at);
  }
}

function pushParagraph(out: Block[], nodes: readonly XmlNode[], flush: boolean, at: number): void {
  const line = inline(nodes);
  if (line.text !== '') out.push({ type: 'paragraph', line, flush, at });
}

/** `HD1`, or `HD` with `SOURCE="HD1"`. */
function headingRank(element: XmlElement): number {
  const digit = /\d/.exec(element.name)?.[0] ?? /\d/.exec(element.attributes['SOURCE'] ?? '')?.[0];
  return digit === undefined ? 1 : Number(digit);
}

function noteBlock(element: XmlElement): Block {
  const { heading, text } = noteText(element);
  return {
    type: 'aside',
    level: 'note',
    name: NOTES[element.name.toUpperCase()] ?? 'note',
    heading,
    text,
    at: element.line,
  };
}

/** Heading and text of a note; its paragraphs, tables and subheadings become lines. */
export function noteText(note: XmlElement): { readonly heading: string | undefined; readonly text: string } {
  const [first] = elementsOf(note).filter(({ name }) => !LEFT_OUT.has(name));
  const isHeaded = first !== undefined && /^(?:HED|HD)/.test(first.name.toUpperCase());
  const heading = isHeaded ? inlineText(first) : '';
  const body = isHeaded ? note.children.filter((child) => child !== first) : note.children;
  return { heading: heading === '' ? undefined : heading, text: asLines(body) };
}

/** Everything below as lines: for quoted and explanatory matter, which is not cited by paragraph. */
function asLines(nodes: readonly XmlNode[]): string {
  const hasBlocks = nodes.some((node) => typeof node !== 'string' && isBlock(node.name));
  if (!hasBlocks) return inline(nodes).text;
  const lines: string[] = [];
  for (const block of blocksOf(nodes)) {
    if (block.type === 'paragraph') lines.push(block.line.text);
    else if (block.type === 'heading') lines.push(block.text);
    else if (block.type === 'appendix') lines.push(block.heading, asLines(block.children));
    else if (block.heading === undefined) lines.push(block.text);
    else lines.push(block.heading, block.text);
  }
  return lines.filter((line) => line !== '').join('\n');
}

export function isAppendixHeading(text: string): boolean {
  return /^(?:non-?mandatory\s+)?appendix\b/i.test(text);
}

/** An extract is quoted matter, unless OSHA put an appendix in it. */
function pushExtract(out: Block[], element: XmlElement): void {
  const { children, line: at } = element;
  const [first] = elementsOf(element).filter(({ name }) => !LEFT_OUT.has(name));
  const heading = first !== undefined && /^HD/.test(first.name) ? inlineText(first) : undefined;
  if (heading !== undefined && isAppendixHeading(heading))
    out.push({ type: 'appendix', heading, children: children.filter((child) => child !== first), at });
  else
    out.push({
      type: 'aside',
      level: 'paragraph',
      name: 'extract',
      heading: undefined,
      text: asLines(children),
      at,
    });
}

function figures(element: XmlElement): string {
  const names =
    element.name === 'GPH' ? elementsOf(element).filter(({ name }) => !LEFT_OUT.has(name)) : [element];
  return names
    .map((name) => (name.name === 'GID' || name === element ? figureText(name) : oneLine(inlineText(name))))
    .join('\n');
}

const INLINE: ReadonlySet<string> = new Set(
  'I B E SU SUB SUP FR FRAC FTREF AC PRTPAGE A EM STRONG BR IMG MATH GID U SPAN LI FRP XREF BCAP'.split(' '),
);

function isBlock(name: string): boolean {
  return !INLINE.has(name.toUpperCase());
}
