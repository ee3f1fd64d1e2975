/** Block content of CLML as lines of text: for what is not cited on its own, such as quoted amendments, lists and notes. */
import { toRoman } from '../text.ts';
import { childOf, elementsOf } from '../xml/tree.ts';
import type { XmlElement, XmlNode } from '../xml/tree.ts';
import { inlineText } from './inline.ts';

/** Elements that hold a line, or part of one. All others are looked into. */
const LINES: ReadonlySet<string> = new Set(
  'Text Title Subtitle Number Subject LongTitle DateText Reference PersonName JobTitle Department AddressLine Approved Formula Key FragmentNumber FragmentTitle LaidDate MadeDate ComingIntoForce ComingIntoForceClauses SiftedDate OtherDate DateOfEnactment TableText AppendText Figure Image IncludedDocument EnactingTextOmitted caption'.split(
    ' ',
  ),
);

export function linesOf(node: XmlNode): readonly string[] {
  const out: string[] = [];
  collect(node, out);
  return out;
}

/** Rows with a tab between cells. */
export function tableLines(table: XmlElement): readonly string[] {
  const out: string[] = [];
  collectTable(table, out);
  return out;
}

/** List items with the numbers that CLML leaves to the layout. */
export function listLines(list: XmlElement): readonly string[] {
  const out: string[] = [];
  collectList(list, out);
  return out;
}

/** Lines go to one list, whatever the depth: joining lists level by level would copy them each time. */
function collect(node: XmlNode, out: string[]): void {
  if (typeof node === 'string') {
    addLine(inlineText([node]), out);
    return;
  }
  const { name, children } = node;
  if (name === 'table') collectTable(node, out);
  else if (name === 'OrderedList' || name === 'UnorderedList') collectList(node, out);
  else if (/^P\d$/.test(name)) {
    const rest = elementsOf(node).filter((child) => child.name !== 'Pnumber');
    collectNumbered(printedNumber(node), rest, out);
  } else if (name === 'ListItem') collectNumbered('', elementsOf(node), out);
  else if (LINES.has(name)) addLine(inlineText([node]), out);
  else if (elementsOf(node).length === 0 || hasText(node)) addLine(inlineText(children), out);
  else for (const child of elementsOf(node)) collect(child, out);
}

function collectTable(table: XmlElement, out: string[]): void {
  for (const element of elementsOf(table)) {
    if (element.name === 'tr') {
      const row = elementsOf(element)
        .map((cell) => inlineText(cell.children))
        .join('\t');
      if (row.trim() !== '') out.push(row);
    } else if (/^t(?:head|body|foot)$/.test(element.name)) collectTable(element, out);
    else collect(element, out);
  }
}

function collectList(list: XmlElement, out: string[]): void {
  const { attributes, name } = list;
  const start = Number(attributes['Start'] ?? '1');
  let index = 0;
  for (const item of elementsOf(list)) {
    if (item.name !== 'ListItem') continue;
    const isNumbered = name === 'OrderedList';
    const number = isNumbered
      ? decorate(count(start + index, attributes['Type']), attributes['Decoration'])
      : '';
    collectNumbered(item.attributes['NumberOverride'] ?? number, elementsOf(item), out);
    index++;
  }
}

/** Lines with a number before the first. */
function collectNumbered(number: string, elements: readonly XmlElement[], out: string[]): void {
  const first = out.length;
  for (const element of elements) collect(element, out);
  const line = out[first];
  if (line === undefined) addLine(number, out);
  else if (number !== '') out[first] = `${number} ${line}`;
}

/** The number of a provision as printed: sections bare, everything below in parentheses. */
export function printedNumber(provision: XmlElement): string {
  const number = childOf(provision, 'Pnumber');
  const text = number === undefined ? '' : inlineText(number.children);
  if (text === '' || number === undefined) return '';
  const { PuncBefore: before, PuncAfter: after } = number.attributes;
  if (before !== undefined || after !== undefined) return `${before ?? ''}${text}${after ?? ''}`;
  return provision.name === 'P1' || /\W/.test(text) ? text : `(${text})`;
}

function count(value: number, type: string | undefined): string {
  if (!Number.isInteger(value) || value < 1 || value > 10_000) return '';
  const letter = String.fromCharCode(97 + ((value - 1) % 26)).repeat(Math.ceil(value / 26));
  switch (type) {
    case 'alpha':
      return letter;
    case 'alphaupper':
      return letter.toUpperCase();
    case 'roman':
      return toRoman(Math.min(value, 399));
    case 'romanupper':
      return toRoman(Math.min(value, 399)).toUpperCase();
    case undefined:
    default:
      return String(value);
  }
}

function decorate(number: string, decoration: string | undefined): string {
  switch (decoration) {
    case 'parens':
      return `(${number})`;
    case 'parenRight':
      return `${number})`;
    case 'brackets':
      return `[${number}]`;
    case 'bracketRight':
      return `${number}]`;
    case 'period':
      return `${number}.`;
    case 'colon':
      return `${number}:`;
    case undefined:
    default:
      return number;
  }
}

function addLine(line: string, out: string[]): void {
  if (line !== '') out.push(line);
}

function hasText(element: XmlElement): boolean {
  return element.children.some((child) => typeof child === 'string' && child.trim() !== '');
}
