/**
 * Records as CSV files named after their table (`esh.sites.csv`): the header names the table's columns. Other layouts
 * need a mapping, which is not part of this version.
 */
import { Readable } from 'node:stream';
import { CsvError, parse, type Info } from 'csv-parse';
import { badInputError, type ErrorPlace, type Limits } from '../../base/index.ts';
import { ESH, qualifiedName, type Column, type Table } from '../../schema/index.ts';
import type { Row, RowValue, Transaction } from '../../store/index.ts';

const NAME = /^(esh\.[a-z_]+)\.csv$/;
const TABLES = new Map(Object.values(ESH).map((table) => [qualifiedName(table), table]));

/** The table a file name speaks of, if any. */
export function recordTable(fileName: string): Table | undefined {
  return TABLES.get(NAME.exec(fileName)?.[1] ?? '');
}

/** One cell as a value. Empty is NULL; lists are JSON arrays of text. `undefined` does not fit. */
function cell(column: Column, text: string): RowValue {
  if (text === '') return column.nullable ? null : undefined;
  switch (column.type) {
    case 'VARCHAR':
    case 'DATE':
    case 'TIMESTAMP':
    case 'DECIMAL(18,2)':
      return text;
    case 'BOOLEAN':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'BIGINT':
      return /^-?\d{1,18}$/.test(text) ? BigInt(text) : undefined;
    case 'INTEGER':
    case 'DOUBLE': {
      const number = Number(text);
      return text.trim() === text && Number.isFinite(number) ? number : undefined;
    }
    case 'VARCHAR[]':
      return stringList(text);
  }
}

function stringList(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

function columnsOf(table: Table, header: readonly string[], source: string): Column[] {
  const place: ErrorPlace = { source, line: 1 };
  const cure = `The columns of ${qualifiedName(table)} are ${table.columns.map((column) => column.name).join(', ')}.`;
  const columns = header.map((name) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    if (column === undefined)
      throw badInputError(
        'records.column',
        `a column of the file is not one of ${qualifiedName(table)}`,
        cure,
        { place },
      );
    return column;
  });
  if (new Set(header).size !== header.length)
    throw badInputError('records.column', 'a column comes twice', cure, { place });
  for (const column of table.columns)
    if (!column.nullable && !header.includes(column.name))
      throw badInputError('records.column', `the column ${column.name} is missing`, cure, { place });
  return columns;
}

/** Reads all rows into the transaction, or throws with the line and changes nothing. Answers the number of rows. */
export async function applyRecords(
  transaction: Transaction,
  table: Table,
  source: string,
  chunks: AsyncIterable<Uint8Array>,
  limits: Limits,
): Promise<{ records: number; changed: number }> {
  const parser = Readable.from(chunks).pipe(
    parse({ bom: true, info: true, max_record_size: limits.record_bytes, skip_empty_lines: true }),
  );
  let columns: Column[] | undefined;
  let rows: Row[] = [];
  let records = 0;
  let changed = 0;
  const flush = async (): Promise<void> => {
    const counts = await transaction.put(table, rows);
    changed += counts.added + counts.updated;
    rows = [];
  };
  try {
    for await (const item of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      if (columns === undefined) {
        if (item.record.length > limits.record_fields)
          throw badInputError(
            'records.fields',
            `the file has more than ${limits.record_fields} columns`,
            'Split it.',
            { place: { source, line: 1 } },
          );
        columns = columnsOf(table, item.record, source);
        continue;
      }
      rows.push(toRow(table, columns, item.record, { source, line: item.info.lines }));
      records++;
      if (rows.length >= limits.append_rows) await flush();
    }
  } catch (error) {
    if (error instanceof CsvError) {
      const line = typeof error['lines'] === 'number' ? error['lines'] : undefined;
      // The parser's own message may quote the cell.
      throw badInputError(
        'records.csv',
        `the file is not well-formed CSV (${error.code})`,
        'Write it as RFC 4180: cells with commas, quotes or line ends in double quotes.',
        {
          place: line === undefined ? { source } : { source, line },
          cause: error,
        },
      );
    }
    throw error;
  }
  if (columns === undefined)
    throw badInputError('records.empty', 'the file is empty', 'The first line names the columns.', {
      place: { source, line: 1 },
    });
  await flush();
  return { records, changed };
}

function toRow(table: Table, columns: readonly Column[], record: readonly string[], place: ErrorPlace): Row {
  const row: Record<string, RowValue> = {};
  columns.forEach((column, i) => {
    const value = cell(column, record[i] ?? '');
    if (value === undefined)
      throw badInputError(
        'records.value',
        `the value for ${column.name} of ${qualifiedName(table)} is not ${column.type}${column.nullable ? '' : ' or is missing'}`,
        `${column.name} is ${column.doc}.`,
        { place },
      );
    row[column.name] = value;
  });
  return row;
}
