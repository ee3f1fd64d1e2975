/**
 * Where the free texts of a row name people: the entries of its column `personal_spans`, one form for whoever writes
 * them (readers of records, apps) and whoever reads them (policy, the server).
 *
 * An entry is `column:start-end:kind`. Places count Unicode code points from 0, `end` is the first that no longer
 * belongs: that is what DuckDB's `substring` counts, and no browser or language has to be asked how it stores text.
 */
import { FIXED_LIMITS, badInputError } from '../base/index.ts';
import { qualifiedName, type Column, type Table } from './table.ts';

export const SPAN_KINDS = ['name', 'contact', 'identifier', 'health'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

export interface TextSpan {
  /** Code points. */
  readonly start: number;
  readonly end: number;
  readonly kind: SpanKind;
}
export interface CellSpan extends TextSpan {
  readonly column: string;
}

export const SPANS_COLUMN = 'personal_spans';

const ENTRY = /^([a-z_]+):(0|[1-9]\d{0,8})-([1-9]\d{0,8}):([a-z]+)$/;
const KINDS: ReadonlySet<string> = new Set(SPAN_KINDS);

/** The free texts of a table whose people are marked; empty when the table has no place for the marks. */
export function freeTexts(table: Table): readonly Column[] {
  if (!table.columns.some(({ name }) => name === SPANS_COLUMN)) return [];
  return table.columns.filter(({ personal }) => personal === 'narrative');
}

export function printSpan({ column, start, end, kind }: CellSpan): string {
  return `${column}:${start}-${end}:${kind}`;
}

/** Undefined when it is not written as an entry is. */
export function parseSpan(entry: string): CellSpan | undefined {
  const [, column, start, end, kind] = ENTRY.exec(entry) ?? [];
  if (column === undefined || kind === undefined || !KINDS.has(kind)) return undefined;
  const span = { column, start: Number(start), end: Number(end), kind: kind as SpanKind };
  return span.start < span.end ? span : undefined;
}

/**
 * Throws `row.spans` unless the entries fit the free texts of the row: known columns, inside the text, the entries of a
 * column in order and apart, not more than `personal_spans`. Names the fault, never the text.
 */
export function checkSpans(
  table: Table,
  entries: readonly string[],
  textOf: (column: string) => string | null,
): void {
  const fault = (what: string): Error =>
    badInputError(
      'row.spans',
      `${SPANS_COLUMN} of a row of ${qualifiedName(table)} ${what}`,
      `Write entries as \`column:start-end:kind\` in code points, in order and apart, with a kind of ${SPAN_KINDS.join(', ')}; or leave ${SPANS_COLUMN} out, and they are found.`,
    );
  const columns = new Set(freeTexts(table).map(({ name }) => name));
  const lengths = new Map<string, number>();
  const last = new Map<string, number>();
  const counts = new Map<string, number>();
  for (const entry of entries) {
    const span = parseSpan(entry);
    if (span === undefined) throw fault('holds an entry that is not written as one');
    const { column, start, end } = span;
    if (!columns.has(column)) throw fault('speaks of a column that is no free text');
    if (start < (last.get(column) ?? 0)) throw fault('holds entries that overlap or are out of order');
    const length = lengths.get(column) ?? codePoints(textOf(column) ?? '');
    lengths.set(column, length);
    if (end > length) throw fault('points behind the end of its text');
    last.set(column, end);
    const count = (counts.get(column) ?? 0) + 1;
    if (count > FIXED_LIMITS.personal_spans.value)
      throw fault(`holds more than ${FIXED_LIMITS.personal_spans.value} entries of one text`);
    counts.set(column, count);
  }
}

/** Code points of a text. A surrogate without its half counts as one, as in the replacement character it is stored as. */
export function codePoints(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    if (isPair(text, i)) i++;
    count++;
  }
  return count;
}

/** Spans in UTF-16 offsets, in order, to entries in code points: one pass over the text. */
export function spanEntries(
  column: string,
  text: string,
  spans: readonly { readonly start: number; readonly end: number; readonly kind: SpanKind }[],
): string[] {
  // So many that masking them one by one would cost more than the text is worth: it is personal as a whole.
  if (spans.length > FIXED_LIMITS.personal_spans.value)
    return [printSpan({ column, start: 0, end: codePoints(text), kind: 'name' })];
  let at = 0;
  let points = 0;
  const pointsTo = (offset: number): number => {
    for (; at < offset; at++) {
      if (isPair(text, at)) at++;
      points++;
    }
    return points;
  };
  return spans.map(({ start, end, kind }) =>
    printSpan({ column, start: pointsTo(start), end: pointsTo(end), kind }),
  );
}

function isPair(text: string, i: number): boolean {
  const code = text.charCodeAt(i);
  if (code < 0xd800 || code > 0xdbff) return false;
  const next = text.charCodeAt(i + 1);
  return next >= 0xdc00 && next <= 0xdfff;
}
