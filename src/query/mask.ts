/**
 * SQL that hides the people in a free text, by the marks of its row (`personal_spans`): `… █████ …`. Whatever is not
 * sure hides the whole cell: no marks, marks that are not written as such, out of order, beyond the text, too many.
 *
 * Each piece is one `substring`, and there are at most `personal_spans` of them: a cell costs its length times a
 * constant. Splitting the text into characters would be linear too, and takes forty bytes of memory for each.
 */
import { FIXED_LIMITS, internalError } from '../base/index.ts';
import { SPANS_COLUMN, SPAN_KINDS } from '../schema/index.ts';

/** What stands for a name, or for the whole text; always of one length, so that it tells nothing of what it hides. */
export const MASK = '█████';

/**
 * An expression over a row of a table that has `personal_spans`: the text of the column without the people it names;
 * NULL when it is NULL. Both names may be qualified, `t.narrative`.
 */
export function maskedText(column: string, spans = SPANS_COLUMN): string {
  const [, plain] = /^(?:[a-z_]\w*\.)?([a-z_]+)$/.exec(column) ?? [];
  if (plain === undefined) throw internalError('mask.column', 'a free text has a name of lower-case letters');
  const entry = `[a-z_]+:(0|[1-9]\\d{0,8})-([1-9]\\d{0,8}):(${SPAN_KINDS.join('|')})`;
  const place = (side: 1 | 2): string =>
    `try_cast(split_part(split_part(e, ':', 2), '-', ${side}) as integer)`;
  const isWritten = `regexp_full_match(e, '${entry}') and ${place(1)} < ${place(2)}`;
  // The marks of this column, and what is left: from the end of each to the start of the next.
  const own = `list_filter(${spans}, lambda e: starts_with(e, '${plain}:'))`;
  const places = (side: 1 | 2): string => `list_transform(${own}, lambda e: ${place(side)})`;
  const gaps = `list_zip(list_prepend(0, ${places(2)}), list_append(${places(1)}, length(${column})))`;
  return `case
    when ${column} is null then null
    when ${spans} is null then '${MASK}'
    when len(${spans}) = 0 then ${column}
    when len(${own}) > ${FIXED_LIMITS.personal_spans.value}
      or not coalesce(list_bool_and(list_transform(${spans}, lambda e: ${isWritten})), false)
      or not coalesce(list_bool_and(list_transform(${gaps}, lambda p: p[1] <= p[2])), false)
      then '${MASK}'
    else array_to_string(list_transform(${gaps}, lambda p: substring(${column}, p[1] + 1, p[2] - p[1])), '${MASK}')
  end`;
}
