/** Tables of the CFR formats as text: a line for each row, a tab between cells. */
import { elementsOf } from '../xml/tree.ts';
import type { XmlElement } from '../xml/tree.ts';
import { inlineText, LEFT_OUT } from './inline.ts';

export interface TableText {
  readonly heading: string | undefined;
  readonly text: string;
}

const ROWS: ReadonlySet<string> = new Set(['ROW', 'TR', 'BOXHD']);
const TITLES: ReadonlySet<string> = new Set(['TTITLE', 'CAPTION']);

export function tableText(table: XmlElement): TableText {
  const titles: string[] = [];
  const lines: string[] = [];
  collect(table, titles, lines);
  const text = lines.filter((line) => line.trim() !== '').join('\n');
  return { heading: titles.length === 0 ? undefined : titles.join(' '), text };
}

function collect(element: XmlElement, titles: string[], lines: string[]): void {
  for (const child of element.children) {
    if (typeof child === 'string') {
      if (child.trim() !== '') lines.push(child.replace(/\s+/g, ' ').trim());
      continue;
    }
    const name = child.name.toUpperCase();
    if (LEFT_OUT.has(name)) continue;
    if (ROWS.has(name)) lines.push(row(child));
    else if (TITLES.has(name)) {
      const title = inlineText(child);
      // The first caption heads the table; GPO puts subtitles (`TDESC`) and units in further ones.
      if (title !== '') titles.push(title);
    } else if (hasRows(child)) collect(child, titles, lines);
    else lines.push(inlineText(child));
  }
}

function row(element: XmlElement): string {
  return elementsOf(element)
    .filter((cell) => !LEFT_OUT.has(cell.name))
    .map(inlineText)
    .join('\t');
}

/** Whether rows lie somewhere below: `TBODY`, `DIV` around a table. */
function hasRows(element: XmlElement): boolean {
  return elementsOf(element).some(
    (child) => ROWS.has(child.name.toUpperCase()) || TITLES.has(child.name.toUpperCase()) || hasRows(child),
  );
}
