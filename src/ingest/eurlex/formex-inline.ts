/**
 * Inline content of Formex as one line of text.
 *
 * Subscripts stay on the line, superscripts become `^2`, fractions `a/b`, footnote references `[1]`, pictures `[figure]`.
 * Quotation marks are elements in Formex. Processing instructions mark changes and leave no trace.
 */
import { oneLine } from '../text.ts';
import { elementsOf } from '../xml/tree.ts';
import type { XmlElement, XmlNode } from '../xml/tree.ts';

/** Hears of footnotes; returns the mark that stands in the text. */
export type NoteListener = (note: XmlElement) => string;

/** Elements that break the line. */
const BREAKS: ReadonlySet<string> = new Set(
  'P NP NO.P TXT ITEM LIST ALINEA PARAG NO.PARAG TI STI TI.ART STI.ART CELL ROW DLIST.ITEM TERM DEFINITION PREFIX TITLE BR FORMULA PL.DATE SIGNATORY VISA'.split(
    ' ',
  ),
);

const OPERATORS: Readonly<Record<string, string>> = {
  PLUS: '+',
  MINUS: '−',
  MULT: '×',
  DIV: '/',
  EQ: ' = ',
  NE: ' ≠ ',
  GT: ' > ',
  LT: ' < ',
  GE: ' ≥ ',
  LE: ' ≤ ',
  AP: ' ≈ ',
  PLUSMINUS: '±',
  DIVMINUS: '÷',
};

const BRACKETS: Readonly<Record<string, readonly [string, string]>> = {
  BRACKET: ['(', ')'],
  BRACE: ['{', '}'],
  SQBRACKET: ['[', ']'],
};

export function inlineText(nodes: readonly XmlNode[], note: NoteListener): string {
  return oneLine(nodes.map((node) => write(node, note)).join('')).replace(/ (\[\*?\w{1,5}\])/g, '$1');
}

function write(node: XmlNode, note: NoteListener): string {
  if (typeof node === 'string') return node;
  const { name, attributes, children } = node;
  const inner = (): string => children.map((child) => write(child, note)).join('');
  switch (name) {
    case 'HT':
      return attributes['TYPE'] === 'SUP' ? raised(inner()) : inner();
    case 'EXPONENT':
    case 'OVER':
      return raised(inner());
    case 'UNDER':
      return `_${grouped(inner())}`;
    case 'NOTE':
      return `[${note(node)}]`;
    case 'FT':
      return /^(?:NUMBER|DECIMAL)$/.test(attributes['TYPE'] ?? '') ? thousands(inner()) : inner();
    case 'QUOT.START':
    case 'QUOT.END':
      return character(attributes['CODE']);
    case 'FRACTION': {
      const [above, below] = elementsOf(node);
      const part = (element: XmlElement | undefined): string =>
        element === undefined
          ? ''
          : grouped(oneLine(element.children.map((child) => write(child, note)).join('')));
      return elementsOf(node).length === 2 ? `${part(above)}/${part(below)}` : inner();
    }
    case 'EXPR': {
      const [before, after] = BRACKETS[attributes['TYPE'] ?? ''] ?? ['', ''];
      return before + inner() + after;
    }
    case 'ROOT':
      return `√${grouped(inner())}`;
    case 'SUM':
      return `Σ${inner()} `;
    case 'PRODUCT':
      return `Π${inner()} `;
    case 'OP.MATH':
    case 'OP.CMP':
      return OPERATORS[attributes['TYPE'] ?? ''] ?? ` ${(attributes['TYPE'] ?? '').toLowerCase()} `;
    case 'INCL.ELEMENT':
      return ` [figure ${attributes['FILEREF'] ?? ''}] `.replace(' ]', ']');
    default:
      return BREAKS.has(name) ? ` ${inner()} ` : inner();
  }
}

/** Numbers come without the spaces they are printed with. */
function thousands(number: string): string {
  return number.replace(
    /^(\s*[-−–]?)(\d{4,})(?=\D|$)/,
    (_, sign: string, digits: string) => sign + digits.replace(/\B(?=(?:\d{3})+$)/g, ' '),
  );
}

function raised(text: string): string {
  return text.trim() === '' ? '' : `^${text.trim()}`;
}

function grouped(text: string): string {
  return /^\w*$|^\(.*\)$/.test(text) ? text : `(${text})`;
}

/** Quotation marks are given by their code point. */
function character(code: string | undefined): string {
  const value = parseInt(code ?? '', 16);
  return value > 0x1f && value < 0x3000 ? String.fromCodePoint(value) : '';
}
