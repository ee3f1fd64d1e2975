/**
 * Inline content of CLML as one line of text.
 *
 * References to notes and changes leave no trace, subscripts stay on the line, superscripts become `^2`, fractions `a/b`,
 * pictures `[figure]`. MathML is written out in reading order.
 */
import { oneLine } from '../text.ts';
import { elementsOf } from '../xml/tree.ts';
import type { XmlElement, XmlNode } from '../xml/tree.ts';

/** Marks of notes and of changes, and alternative forms of what is there already. */
const SILENT: ReadonlySet<string> = new Set([
  'FootnoteRef',
  'CommentaryRef',
  'MarginNoteRef',
  'annotation',
  'annotation-xml',
  'Warning',
]);

/** Elements that break the line: words on both sides must not grow together. */
const BREAKS: ReadonlySet<string> = new Set(
  'Text Para P Title Subtitle Number Pnumber ListItem td th tr br DateText Formula PersonName JobTitle Department Address AddressLine'.split(
    ' ',
  ),
);

export function inlineText(nodes: readonly XmlNode[]): string {
  return oneLine(nodes.map(write).join(''));
}

function write(node: XmlNode): string {
  // Invisible operators of MathML are no text.
  if (typeof node === 'string') return node.replace(/[\u2061-\u2064]/g, '');
  if (SILENT.has(node.name)) return '';
  const inner = (): string => node.children.map(write).join('');
  switch (node.name) {
    case 'Superior':
    case 'sup':
      return `^${inner().trim()}`;
    case 'Image':
    case 'IncludedDocument':
      return ' [figure] ';
    case 'math':
      return mathText(node);
    default:
      return BREAKS.has(node.name) ? ` ${inner()} ` : inner();
  }
}

/** MathML on one line. White space between its elements is layout. */
function mathText(element: XmlElement): string {
  const parts = elementsOf(element);
  const part = (index: number): string => {
    const at = parts[index];
    return at === undefined ? '' : mathText(at);
  };
  const all = (): string => parts.map(mathText).join('');
  switch (element.name) {
    case 'mi':
    case 'mn':
    case 'mo':
    case 'mtext':
    case 'ms':
      return write({ ...element, name: 'token' }).trim();
    case 'annotation':
    case 'annotation-xml':
      return '';
    case 'msub':
      return part(0) + part(1);
    case 'msup':
    case 'mover':
      return `${part(0)}^${grouped(part(1))}`;
    case 'msubsup':
      return `${part(0)}${part(1)}^${grouped(part(2))}`;
    case 'munder':
      return `${part(0)}_${grouped(part(1))}`;
    case 'munderover':
      return `${part(0)}_${grouped(part(1))}^${grouped(part(2))} `;
    case 'mfrac':
      return `${grouped(part(0))}/${grouped(part(1))}`;
    case 'msqrt':
      return `√${grouped(all())}`;
    case 'mroot':
      return `${grouped(part(0))}^(1/${part(1)})`;
    case 'mfenced': {
      const { attributes } = element;
      return `${attributes['open'] ?? '('}${parts.map(mathText).join(', ')}${attributes['close'] ?? ')'}`;
    }
    case 'mtr':
    case 'mtd':
      return `${all()} `;
    default:
      return all();
  }
}

function grouped(text: string): string {
  return /^\w*$|^\(.*\)$/.test(text) ? text : `(${text})`;
}
