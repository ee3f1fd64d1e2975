/** JavaScript values to DuckDB values by column type. Refuses what does not fit; never shows the value. */
import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { badInputError, type FractalError } from '../base/index.ts';
import { qualifiedName, type Column, type Table } from '../schema/index.ts';

/** A row as callers write it. Dates are `YYYY-MM-DD`, timestamps ISO 8601 in UTC, decimals text or numbers. */
export type RowValue = string | number | bigint | boolean | null | undefined | readonly string[];
export type Row = Readonly<Record<string, RowValue>>;

/** A value of the engine with its type, as a bound parameter: callers of other programs know more types than rows have. */
export class TypedValue {
  readonly value: DuckDBValue;
  readonly type: DuckDBType;

  constructor(value: DuckDBValue, type: DuckDBType) {
    this.value = value;
    this.type = type;
  }
}

const DAY_MS = 86_400_000;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^\d{4}-\d{2}-\d{2}[T ](?:[01]\d|2[0-3]):\d{2}(:\d{2}(\.\d{1,6})?)?(Z|\+00:00)?$/;
const DECIMAL = /^(-?)(\d{1,16})(?:\.(\d{1,2})0*)?$/;

/** Days since 1970-01-01, or undefined when the text is not a date of the calendar. */
export function parseDate(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const date = new Date(0);
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  const same =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return same ? date.getTime() / DAY_MS : undefined;
}

/** Microseconds since 1970-01-01T00:00Z, or undefined. A plain date is its midnight. */
export function parseTimestamp(text: string): bigint | undefined {
  const days = parseDate(text);
  if (days !== undefined) return BigInt(days) * BigInt(DAY_MS) * 1000n;
  if (!TIME.test(text) || parseDate(text.slice(0, 10)) === undefined) return undefined;
  const plain = text.replace(' ', 'T').replace(/(Z|\+00:00)$/, '');
  const [seconds = '', fraction = ''] = plain.split('.');
  const ms = Date.parse(`${seconds}Z`);
  if (Number.isNaN(ms)) return undefined;
  return BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, '0') || '0');
}

/** Hundredths, or undefined when the text is not a number of at most 16 digits and two decimals. */
export function parseDecimal(text: string): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const cents = BigInt(match[2] ?? '0') * 100n + BigInt((match[3] ?? '').padEnd(2, '0'));
  return match[1] === '-' ? -cents : cents;
}

function convert(type: Column['type'], value: Exclude<RowValue, null | undefined>): DuckDBValue | undefined {
  switch (type) {
    case 'VARCHAR':
      return typeof value === 'string' ? value : undefined;
    case 'VARCHAR[]':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
        ? new DuckDBListValue(value)
        : undefined;
    case 'BOOLEAN':
      return typeof value === 'boolean' ? value : undefined;
    case 'INTEGER':
      return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31
        ? value
        : undefined;
    case 'BIGINT':
      if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? value : undefined;
      return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
    case 'DOUBLE':
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
    case 'DECIMAL(18,2)': {
      const cents = parseDecimal(
        typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '',
      );
      return cents === undefined ? undefined : new DuckDBDecimalValue(cents, 18, 2);
    }
    case 'DATE': {
      const days = typeof value === 'string' ? parseDate(value) : undefined;
      return days === undefined ? undefined : new DuckDBDateValue(days);
    }
    case 'TIMESTAMP': {
      const micros = typeof value === 'string' ? parseTimestamp(value) : undefined;
      return micros === undefined ? undefined : new DuckDBTimestampValue(micros);
    }
  }
}

export function missingError(table: string, column: Column, row: number): FractalError {
  return badInputError(
    'row.missing',
    `row ${row} of ${table} has no value for ${column.name}`,
    `${column.name} is required: ${column.doc}.`,
  );
}

/** The value for a column of row number `row` (from 1, for the error). */
export function toDuckValue(table: string, column: Column, value: RowValue, row: number): DuckDBValue {
  if (value === null || value === undefined) {
    if (column.nullable) return null;
    throw missingError(table, column, row);
  }
  const converted = convert(column.type, value);
  if (converted === undefined)
    throw badInputError(
      'row.type',
      `row ${row} of ${table} has a value for ${column.name} that is not ${column.type}`,
      `${column.name} is ${column.doc}.`,
    );
  return converted;
}

/** A JavaScript scalar as a bound SQL parameter. */
export function toParameter(value: RowValue): DuckDBValue {
  if (value === undefined) return null;
  if (Array.isArray(value)) return new DuckDBListValue(value as string[]);
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    Math.abs(value) >= 2 ** 31 &&
    Number.isSafeInteger(value)
  )
    return BigInt(value);
  return value as DuckDBValue;
}

/** Throws `row.column` for a column that the table does not have. */
export function checkColumns(table: Table, rows: readonly Row[]): void {
  const known = new Set(table.columns.map((column) => column.name));
  for (const row of rows)
    for (const column in row)
      if (!known.has(column))
        throw badInputError(
          'row.column',
          `${qualifiedName(table)} has no column ${column}`,
          `Its columns are ${[...known].join(', ')}.`,
        );
}
