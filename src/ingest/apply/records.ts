/**
 * Records as CSV files named after their table (`esh.sites.csv`): the header names the table's columns. Other layouts
 * go by a mapping (`mapped-records.ts`).
 */
import { FIXED_LIMITS, FractalError, badInputError, type ErrorPlace, type Limits } from '../../base/index.ts';
import { ESH, qualifiedName, type Column, type Table } from '../../schema/index.ts';
import { parseDate, parseDecimal, parseTimestamp, type Transaction } from '../../store/index.ts';
import { PeopleMarker, csvRows, LineDecoder, overLimit, toRecordBatch } from '../records/index.ts';
import type { CellValue } from '../records/index.ts';

const NAME = /^(esh\.[a-z_]+)\.csv$/;
const TABLES = new Map(Object.values(ESH).map((table) => [qualifiedName(table), table]));
const WHOLE = /^-?\d{1,18}$/;
const INT_MAX = 2 ** 31;

/** The table a file name speaks of, if any. */
export function recordTable(fileName: string): Table | undefined {
  return TABLES.get(NAME.exec(fileName)?.[1] ?? '');
}

/** A cell that is not empty, as a batch holds it; `undefined` does not fit. Lists are JSON arrays of text. */
function converter(type: Column['type']): (text: string) => CellValue | undefined {
  switch (type) {
    case 'VARCHAR':
      return (text) => text;
    case 'DATE':
      return parseDate;
    case 'TIMESTAMP':
      return parseTimestamp;
    case 'DECIMAL(18,2)':
      return parseDecimal;
    case 'BOOLEAN':
      return (text) => (text === 'true' ? true : text === 'false' ? false : undefined);
    case 'BIGINT':
      return (text) => (WHOLE.test(text) ? BigInt(text) : undefined);
    case 'INTEGER':
      return (text) => {
        const number = finite(text);
        return number !== undefined && Number.isInteger(number) && Math.abs(number) < INT_MAX
          ? number
          : undefined;
      };
    case 'DOUBLE':
      return finite;
    case 'VARCHAR[]':
      return stringList;
  }
}

function finite(text: string): number | undefined {
  const number = Number(text);
  return text.trim() === text && Number.isFinite(number) ? number : undefined;
}

function stringList(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Where each cell of a row goes: places of the table's columns. */
function placesOf(table: Table, header: readonly string[], source: string): number[] {
  const place: ErrorPlace = { source, line: 1 };
  const cure = `The columns of ${qualifiedName(table)} are ${table.columns.map((column) => column.name).join(', ')}.`;
  const places = header.map((name) => {
    const at = table.columns.findIndex((column) => column.name === name);
    if (at < 0)
      throw badInputError(
        'records.column',
        `a column of the file is not one of ${qualifiedName(table)}`,
        cure,
        { place },
      );
    return at;
  });
  if (new Set(header).size !== header.length)
    throw badInputError('records.column', 'a column comes twice', cure, { place });
  for (const column of table.columns)
    if (!column.nullable && !header.includes(column.name))
      throw badInputError('records.column', `the column ${column.name} is missing`, cure, { place });
  return places;
}

/** Rows of one table as they are read, by column. */
class TableRows {
  readonly #table: Table;
  readonly #source: string;
  readonly #places: readonly number[];
  readonly #convert: readonly ((text: string) => CellValue | undefined)[];
  readonly #marker: PeopleMarker | undefined;
  #columns: CellValue[][];
  #chars = 0;
  length = 0;

  constructor(table: Table, header: readonly string[], source: string) {
    this.#table = table;
    this.#source = source;
    this.#places = placesOf(table, header, source);
    this.#convert = table.columns.map(({ type }) => converter(type));
    this.#marker = PeopleMarker.for(table);
    this.#columns = table.columns.map(() => []);
  }

  get isFull(): boolean {
    const { record_group_rows: rows, record_group_chars: chars } = FIXED_LIMITS;
    return this.length >= rows.value || this.#chars >= chars.value;
  }

  add(cells: readonly string[], line: number): void {
    const place: ErrorPlace = { source: this.#source, line };
    if (cells.length !== this.#places.length)
      throw badInputError(
        'records.csv',
        `a record has ${cells.length} cells, the header ${this.#places.length}`,
        'Write it as RFC 4180: cells with commas, quotes or line ends in double quotes.',
        { place },
      );
    const values = new Array<CellValue>(this.#table.columns.length).fill(null);
    for (const [i, at] of this.#places.entries()) values[at] = this.#value(at, cells[i] ?? '', place);
    try {
      this.#marker?.mark(values);
    } catch (error) {
      throw error instanceof FractalError ? error.at(place) : error;
    }
    for (const [i, value] of values.entries()) this.#columns[i]?.push(value);
    this.length++;
  }

  #value(at: number, text: string, place: ErrorPlace): CellValue {
    const column = this.#table.columns[at];
    const value = text === '' ? (column?.nullable === true ? null : undefined) : this.#convert[at]?.(text);
    if (value === undefined)
      throw badInputError(
        'records.value',
        `the value for ${column?.name ?? ''} of ${qualifiedName(this.#table)} is not ${column?.type ?? ''}${column?.nullable === true ? '' : ' or is missing'}`,
        `${column?.name ?? ''} is ${column?.doc ?? ''}.`,
        { place },
      );
    this.#chars += text.length;
    return value;
  }

  take(): ReturnType<typeof toRecordBatch> {
    const batch = toRecordBatch({ table: this.#table, length: this.length, columns: this.#columns });
    this.#columns = this.#table.columns.map(() => []);
    this.#chars = 0;
    this.length = 0;
    return batch;
  }
}

/** Reads all rows into the transaction, or throws with the line and changes nothing. Answers the number of rows. */
export async function applyRecords(
  transaction: Transaction,
  table: Table,
  source: string,
  chunks: AsyncIterable<Uint8Array>,
  limits: Limits,
): Promise<{ records: number; changed: number }> {
  const lines = new LineDecoder(source, 'utf-8').read(chunks, limits.record_bytes);
  const stage = await transaction.stageFor(table);
  let open: TableRows | undefined;
  for await (const { rows, lines: places } of csvRows(lines, {
    source,
    delimiter: ',',
    quoted: true,
    recordBytes: limits.record_bytes,
    fields: limits.record_fields,
  }))
    for (const [i, cells] of rows.entries()) {
      if (open === undefined) {
        open = new TableRows(table, cells, source);
        continue;
      }
      const line = places[i] ?? 0;
      if (stage.rows + open.length >= FIXED_LIMITS.record_rows.value)
        throw overLimit(source, 'record_rows', 'the file', line);
      open.add(cells, line);
      if (open.isFull) await stage.appendBatch(open.take());
    }
  if (open === undefined)
    throw badInputError('records.empty', 'the file is empty', 'The first line names the columns.', {
      place: { source, line: 1 },
    });
  if (open.length > 0) await stage.appendBatch(open.take());
  const records = stage.rows;
  const { added, updated } = await transaction.putStaged(stage, { steps: true });
  await stage.drop();
  return { records, changed: added + updated };
}
