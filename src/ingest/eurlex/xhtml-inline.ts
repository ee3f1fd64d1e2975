/**
 * Inline content of EUR-Lex pages as one line of text, the same as that of Formex: superscripts become `^2`, subscripts stay
 * on the line, references to footnotes become `[1]`, pictures `[figure]`. Marks of changes (`►M1`, `◄`) are no text.
 */
import { oneLine } from '../text.ts';
import { rawText } from '../xml/tree.ts';
import type { XmlElement, XmlNode } from '../xml/tree.ts';

/** Hears of the footnotes a text refers to, by their anchor and that of the reference; returns the mark for the text. */
export type ReferenceListener = (anchor: string, from: string) => string;

const BREAKS: ReadonlySet<string> = new Set('p div td th tr table li br dd dt tbody'.split(' '));

export function inlineText(nodes: readonly XmlNode[], refer: ReferenceListener): string {
  const text = oneLine(nodes.map((node) => write(node, refer)).join(''));
  // Consolidated versions put the brackets outside of the link.
  return text
    .replace(/ ?\( ?\[(\*?\w{1,5})\] ?\)/g, '[$1]')
    .replace(/ (\[\*?\w{1,5}\])/g, '$1')
    .replace(/([‘“]) /g, '$1');
}

/** Names of classes without the prefix that newer files of the Official Journal have. */
export function classesOf(element: {
  readonly attributes: Readonly<Record<string, string>>;
}): readonly string[] {
  return (element.attributes['class'] ?? '')
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => name.replace(/^oj-/, ''));
}

export function hasClass(element: XmlElement, name: string): boolean {
  return classesOf(element).includes(name);
}

/** Whether an element is a mark that says where a change begins or ends. */
export function isMark(element: XmlElement): boolean {
  if (!/^(?:p|a|span|div)$/.test(element.name)) return false;
  const classes = classesOf(element);
  if (classes.includes('modref') || classes.includes('arrow')) return true;
  return /^(?:[►▼◄] ?(?:[A-Z]\d{0,3} ?)?)+$/.test(oneLine(shortText(element)));
}

/** Text of an element that can be a mark; longer ones are not gathered. */
function shortText(element: XmlElement): string {
  return element.children.length > 4 ? '' : rawText(element);
}

/** Whether an element is a number that links to a footnote, or from it. */
function isReference(element: XmlElement): boolean {
  const href = element.attributes['href'] ?? '';
  return (
    element.name === 'a' &&
    href.startsWith('#') &&
    /^\(? ?\*{0,3}\w{1,5} ?\)?$/.test(oneLine(rawText(element)))
  );
}

function write(node: XmlNode, refer: ReferenceListener): string {
  if (typeof node === 'string') return node;
  if (isMark(node)) return '';
  const inner = (): string => node.children.map((child) => write(child, refer)).join('');
  if (isReference(node))
    return `[${refer((node.attributes['href'] ?? '').slice(1), node.attributes['id'] ?? '')}]`;
  const classes = classesOf(node);
  if (node.name === 'sup' || classes.includes('super') || classes.includes('superscript')) {
    const text = inner();
    return text.trim() === '' ? '' : `^${text.trim()}`;
  }
  if (node.name === 'img') return ` [figure ${pictureName(node)}] `.replace(' ]', ']');
  return BREAKS.has(node.name) ? ` ${inner()} ` : inner();
}

/** The words for a picture, or its file name; pictures inside the file have none. */
function pictureName({ attributes }: XmlElement): string {
  const alt = oneLine(attributes['alt'] ?? '');
  const source = attributes['src'] ?? '';
  return (
    alt !== '' && !/^image$/i.test(alt) ? alt : source.startsWith('data:') ? '' : source.replace(/^.*\//, '')
  ).slice(0, 200);
}
