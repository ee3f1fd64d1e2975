/** Masks as SQL over a column of the table `t`. */
import { unreachable } from '../../base/index.ts';
import { maskedText } from '../../query/index.ts';
import { SPANS_COLUMN } from '../../schema/index.ts';
import { columnSql, textSql } from './condition.ts';
import type { Mask } from './document.ts';
import type { ModelColumn, ModelTable } from './model.ts';

const TEXT_MASKS = ['constant', 'hash', 'partial', 'spans'];
const HASH_CHARS = 16;

/** Why a mask does not fit a column; undefined when it does. */
export function misfit(mask: Mask, table: ModelTable, column: ModelColumn): string | undefined {
  if (TEXT_MASKS.includes(mask.mask) && column.type !== 'VARCHAR')
    return `the mask "${mask.mask}" is for texts and ${column.name} is ${column.type}`;
  if (mask.mask === 'year' && column.type !== 'DATE' && column.type !== 'TIMESTAMP')
    return `the mask "year" is for days and times and ${column.name} is ${column.type}`;
  if (mask.mask === 'spans' && !table.columns.some((one) => one.name === SPANS_COLUMN))
    return `the mask "spans" needs ${SPANS_COLUMN}, which ${table.schema}.${table.name} does not have`;
  return undefined;
}

/** `key`: what makes hashes of this run. */
export function maskSql(mask: Mask, column: ModelColumn, key: string): string {
  const value = columnSql(column.name, 'duckdb');
  switch (mask.mask) {
    case 'null':
      return `cast(null as ${column.type})`;
    case 'constant':
      return `case when ${value} is not null then ${textSql(mask.value)} end`;
    case 'hash':
      return `left(sha256(${textSql(key)} || ${value}), ${HASH_CHARS})`;
    case 'partial':
      // A text no longer than what is kept would be shown whole.
      return `case when length(${value}) > ${mask.keep} then left(${value}, ${mask.keep}) || '***' when ${value} is not null then '***' end`;
    case 'year':
      return `cast(date_trunc('year', ${value}) as ${column.type})`;
    case 'spans':
      return maskedText(`t.${column.name}`, `t.${SPANS_COLUMN}`);
    default:
      return unreachable(mask);
  }
}
