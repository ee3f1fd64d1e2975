/** Rows of one table by column, and their two ways into the store: as rows, or as an Arrow batch with its stamp. */
import {
  Bool,
  DataType,
  DateDay,
  Decimal,
  Float64,
  Int32,
  Int64,
  RecordBatch,
  Struct,
  TimestampMicrosecond,
  Utf8,
  makeData,
  type Data,
  type Field,
} from 'apache-arrow';
import { allColumns, arrowSchema, type Table } from '../../schema/index.ts';
import type { Row, RowValue } from '../../store/index.ts';
import { dayText, isoText } from './dates.ts';
import type { CellValue } from './rules.ts';

export interface ColumnBatch {
  readonly table: Table;
  /** Derived from many records: to be added only where the node has no row with this key. */
  readonly once: boolean;
  readonly length: number;
  /** In the order of the table's own columns. Undefined: all NULL. */
  readonly columns: readonly (readonly CellValue[] | undefined)[];
}

/** What the store writes beside a row's own columns. */
export interface RowStamp {
  readonly nodeId: string;
  readonly hlc: bigint;
  readonly commitVersion: bigint;
}

/** As `transaction.put` takes them. */
export function toRows({ table, length, columns }: ColumnBatch): Row[] {
  const rows: Record<string, RowValue>[] = Array.from({ length }, () => ({}));
  table.columns.forEach((column, i) => {
    const values = columns[i];
    if (values === undefined) return;
    const convert = converter(column.type);
    for (let r = 0; r < length; r++) {
      const value = values[r] ?? null;
      const row = rows[r];
      if (row !== undefined) row[column.name] = value === null ? null : convert(value);
    }
  });
  return rows;
}

function converter(type: string): (value: Exclude<CellValue, null>) => RowValue {
  switch (type) {
    case 'DATE':
      return (value) => dayText(value as number);
    case 'TIMESTAMP':
      return (value) => isoText((value as number) / 1000);
    case 'DECIMAL(18,2)':
      return (value) => (value as number).toFixed(2);
    default:
      return (value) => value;
  }
}

/** All columns of the table, those of the store too, ready for `ArrowAppender`. */
export function toRecordBatch(batch: ColumnBatch, stamp: RowStamp): RecordBatch {
  const { table, length, columns } = batch;
  const schema = arrowSchema(table);
  const system: Readonly<Record<string, string | bigint | boolean>> = {
    node_id: stamp.nodeId,
    hlc: stamp.hlc,
    commit_version: stamp.commitVersion,
    deleted: false,
  };
  const children = allColumns(table).map((column, i) => {
    const type = (schema.fields[i] as Field).type as DataType;
    const constant = i < table.columns.length ? undefined : system[column.name];
    if (typeof constant === 'bigint')
      return makeData({ type: new Int64(), length, data: new BigInt64Array(length).fill(constant) });
    if (constant !== undefined) return columnData(type, new Array<CellValue>(length).fill(constant), length);
    return columnData(type, columns[i], length);
  });
  const type = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }));
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
    for (let i = 0; i < length; i++) data[i] = BigInt((values[i] as number | null) ?? 0);
    return makeData({ type: new TimestampMicrosecond(), length, ...nulls, data });
  }
  if (DataType.isInt(type) && type.bitWidth === 32)
    return makeData({ type: new Int32(), length, ...nulls, data: ints(values, length) });
  if (DataType.isInt(type)) {
    const data = new BigInt64Array(length);
    for (let i = 0; i < length; i++) data[i] = BigInt((values[i] as number | null) ?? 0);
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
      const cents = BigInt(Math.round(((values[i] as number | null) ?? 0) * 100));
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
        lastTo = at + buffer.write(text, at, 'utf8');
        last = text;
      }
      lastFrom = at;
      at = lastTo;
    }
    valueOffsets[i + 1] = at;
  }
  return { valueOffsets, data: buffer.subarray(0, at) };
}
