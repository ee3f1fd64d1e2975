/** Rows of one table by column, and as the Arrow batch that the store takes. */
import {
  Bool,
  DataType,
  DateDay,
  Decimal,
  Float64,
  Int32,
  Int64,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
  makeData,
  type Data,
} from 'apache-arrow';
import { arrowSchema, type ColumnType, type Table } from '../../schema/index.ts';
import type { RowValue } from '../../store/index.ts';
import { dayText, isoText } from './dates.ts';
import type { CellValue } from './rules.ts';

export interface ColumnBatch {
  readonly table: Table;
  /** Which of the mapping's tables it is for; a table may come twice. */
  readonly emission: number;
  /** Derived from many records: to be added only where the node has no row with this key. */
  readonly once: boolean;
  readonly length: number;
  /** In the order of the table's own columns. Undefined: all NULL. */
  readonly columns: readonly (readonly CellValue[] | undefined)[];
}

/** A value as people read it; empty for none. */
export function cellText(type: ColumnType, value: CellValue): string {
  if (value === null) return '';
  const plain = plainValue(type, value);
  return Array.isArray(plain) ? plain.join(', ') : String(plain);
}

/** A value as a row of the store has it. */
export function plainValue(type: ColumnType, value: Exclude<CellValue, null>): RowValue {
  switch (type) {
    case 'DATE':
      return dayText(value as number);
    case 'TIMESTAMP':
      return isoText(Number(value) / 1000);
    case 'DECIMAL(18,2)':
      return decimalText(value as bigint);
    case 'VARCHAR':
    case 'VARCHAR[]':
    case 'BOOLEAN':
    case 'INTEGER':
    case 'BIGINT':
    case 'DOUBLE':
      return value;
  }
}

function decimalText(hundredths: bigint): string {
  const digits = String(hundredths < 0n ? -hundredths : hundredths).padStart(3, '0');
  return `${hundredths < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The table's own columns, as a stage of the store takes them. */
export function toRecordBatch({
  table,
  length,
  columns,
}: Pick<ColumnBatch, 'table' | 'length' | 'columns'>): RecordBatch {
  const fields = arrowSchema(table).fields.slice(0, table.columns.length);
  const children = fields.map((field, i) => columnData(field.type as DataType, columns[i], length));
  const type = new Struct(fields);
  return new RecordBatch(new Schema(fields), makeData({ type, length, nullCount: 0, children }));
}

function columnData(type: DataType, given: readonly CellValue[] | undefined, length: number): Data {
  const values = given ?? new Array<CellValue>(length).fill(null);
  const { nullBitmap, nullCount } = validity(values, length);
  const nulls = nullCount === 0 ? {} : { nullBitmap, nullCount };
  if (DataType.isUtf8(type))
    return makeData({ type: new Utf8(), length, ...nulls, ...strings(values, length) });
  if (DataType.isFloat(type)) {
    const data = new Float64Array(length);
    for (let i = 0; i < length; i++) data[i] = (values[i] as number | null) ?? 0;
    return makeData({ type: new Float64(), length, ...nulls, data });
  }
  if (DataType.isDate(type))
    return makeData({ type: new DateDay(), length, ...nulls, data: ints(values, length) });
  if (DataType.isTimestamp(type)) {
    const data = new BigInt64Array(length);
    for (let i = 0; i < length; i++) data[i] = BigInt((values[i] as number | bigint | null) ?? 0);
    return makeData({ type: new TimestampMicrosecond(), length, ...nulls, data });
  }
  if (DataType.isInt(type) && type.bitWidth === 32)
    return makeData({ type: new Int32(), length, ...nulls, data: ints(values, length) });
  if (DataType.isInt(type)) {
    const data = new BigInt64Array(length);
    for (let i = 0; i < length; i++) data[i] = BigInt((values[i] as number | bigint | null) ?? 0);
    return makeData({ type: new Int64(), length, ...nulls, data });
  }
  if (DataType.isBool(type)) {
    const data = new Uint8Array((length + 7) >> 3);
    for (let i = 0; i < length; i++)
      if (values[i] === true) data[i >> 3] = (data[i >> 3] ?? 0) | (1 << (i & 7));
    return makeData({ type: new Bool(), length, ...nulls, data });
  }
  if (DataType.isDecimal(type)) {
    const data = new Int32Array(length * 4);
    const words = new BigInt64Array(data.buffer);
    for (let i = 0; i < length; i++) {
      const cents = (values[i] as bigint | null) ?? 0n;
      words[i * 2] = BigInt.asIntN(64, cents);
      words[i * 2 + 1] = cents < 0n ? -1n : 0n;
    }
    return makeData({ type: new Decimal(2, 18, 128), length, ...nulls, data });
  }
  return listData(type, values as readonly (readonly string[] | null)[], length, nulls);
}

function listData(
  type: DataType,
  values: readonly (readonly string[] | null)[],
  length: number,
  nulls: { nullBitmap?: Uint8Array; nullCount?: number },
): Data {
  const valueOffsets = new Int32Array(length + 1);
  const items: string[] = [];
  for (let i = 0; i < length; i++) {
    for (const item of values[i] ?? []) items.push(item);
    valueOffsets[i + 1] = items.length;
  }
  const child = makeData({ type: new Utf8(), length: items.length, ...strings(items, items.length) });
  return makeData({ type, length, ...nulls, valueOffsets, child } as unknown as Parameters<
    typeof makeData
  >[0]);
}

function ints(values: readonly CellValue[], length: number): Int32Array {
  const data = new Int32Array(length);
  for (let i = 0; i < length; i++) data[i] = (values[i] as number | null) ?? 0;
  return data;
}

function validity(
  values: readonly CellValue[],
  length: number,
): { readonly nullBitmap: Uint8Array; readonly nullCount: number } {
  const nullBitmap = new Uint8Array((length + 7) >> 3);
  let nullCount = 0;
  for (let i = 0; i < length; i++)
    if (values[i] === null || values[i] === undefined) nullCount++;
    else nullBitmap[i >> 3] = (nullBitmap[i >> 3] ?? 0) | (1 << (i & 7));
  return { nullBitmap, nullCount };
}

/** Neighbours are often the same text: its bytes are then copied instead of encoded again. */
function strings(
  values: readonly CellValue[],
  length: number,
): { readonly valueOffsets: Int32Array; readonly data: Uint8Array } {
  const valueOffsets = new Int32Array(length + 1);
  let most = 0;
  for (let i = 0; i < length; i++) most += ((values[i] as string | null)?.length ?? 0) * 3;
  // UTF-8 takes at most three bytes for a UTF-16 unit; most text takes one.
  let buffer = Buffer.allocUnsafe(Math.min(most, 64 + (most >> 1)));
  let at = 0;
  let last: string | null = null;
  let lastFrom = 0;
  let lastTo = 0;
  for (let i = 0; i < length; i++) {
    const text = values[i] as string | null;
    if (text !== null && text !== '') {
      if (at + text.length * 3 > buffer.length) {
        const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + text.length * 3));
        buffer.copy(larger, 0, 0, at);
        buffer = larger;
      }
      if (text === last) {
        buffer.copyWithin(at, lastFrom, lastTo);
        lastTo = at + (lastTo - lastFrom);
      } else {
        lastTo = writeText(buffer, text, at);
        last = text;
      }
      lastFrom = at;
      at = lastTo;
    }
    valueOffsets[i + 1] = at;
  }
  return { valueOffsets, data: buffer.subarray(0, at) };
}

const SHORT = 32;

/** Gives the place after it. A short text of plain letters is faster than a call. */
function writeText(buffer: Buffer, text: string, at: number): number {
  if (text.length > SHORT) return at + buffer.write(text, at, 'utf8');
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return at + buffer.write(text, at, 'utf8');
    buffer[at + i] = code;
  }
  return at + text.length;
}
