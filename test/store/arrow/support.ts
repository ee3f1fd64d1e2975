/** Both sides of a conversion as one plain form, read by code that shares nothing with what is tested. */
import {
  DuckDBArrayValue,
  DuckDBBitValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimeNSValue,
  DuckDBTimeTZValue,
  DuckDBTimeValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUUIDValue,
  DuckDBUnionValue,
  type DuckDBConnection,
  type DuckDBValue,
} from '@duckdb/node-api';
import { DataType, tableFromIPC, type Data, type Field, type Table } from 'apache-arrow';
import { toIpcStream, type ArrowOptions } from '../../../src/store/arrow/index.ts';

export type Plain = null | boolean | number | string | Plain[] | { tag: string; value: Plain };

export async function connect(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  return instance.connect();
}

export async function ipcOf(
  connection: DuckDBConnection,
  sql: string,
  options: ArrowOptions = {},
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of toIpcStream(await connection.stream(sql), options)) pieces.push(piece);
  return Buffer.concat(pieces);
}

export async function arrowOf(
  connection: DuckDBConnection,
  sql: string,
  options: ArrowOptions = {},
): Promise<Table> {
  return tableFromIPC(await ipcOf(connection, sql, options));
}

/** Rows as node-api reads them. */
export async function engineRows(connection: DuckDBConnection, sql: string): Promise<Plain[][]> {
  const rows = await (await connection.run(sql)).getRows();
  return rows.map((row) => row.map(plainOfValue));
}

export function arrowRows(table: Table): Plain[][] {
  return table.batches.flatMap((batch) =>
    Array.from({ length: batch.numRows }, (_, row) =>
      table.schema.fields.map((field, i) => plainOfData(batch.data.children[i]!, field, row)),
    ),
  );
}

const float = (value: number): Plain =>
  Object.is(value, -0) ? '-0' : Number.isFinite(value) ? value : String(value);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const dashed = (digits: string): string =>
  digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

export function plainOfValue(value: DuckDBValue): Plain {
  if (value === null) return null;
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return float(value);
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (value instanceof DuckDBDateValue) return value.days;
  if (value instanceof DuckDBTimeValue) return String(value.micros);
  if (value instanceof DuckDBTimeNSValue) return String(value.nanos);
  if (value instanceof DuckDBTimeTZValue) return String(value.bits);
  if (value instanceof DuckDBTimestampValue) return String(value.micros);
  if (value instanceof DuckDBTimestampTZValue) return String(value.micros);
  if (value instanceof DuckDBTimestampSecondsValue) return String(value.seconds);
  if (value instanceof DuckDBTimestampMillisecondsValue) return String(value.millis);
  if (value instanceof DuckDBTimestampNanosecondsValue) return String(value.nanos);
  if (value instanceof DuckDBDecimalValue) return String(value.value);
  if (value instanceof DuckDBBlobValue) return hex(value.bytes);
  if (value instanceof DuckDBBitValue || value instanceof DuckDBUUIDValue) return value.toString();
  if (value instanceof DuckDBIntervalValue) return `${value.months} ${value.days} ${value.micros}`;
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return value.items.map(plainOfValue);
  if (value instanceof DuckDBStructValue) return Object.values(value.entries).map(plainOfValue);
  if (value instanceof DuckDBMapValue)
    return value.entries.map(({ key, value: held }) => [plainOfValue(key), plainOfValue(held)]);
  if (value instanceof DuckDBUnionValue) return { tag: value.tag, value: plainOfValue(value.value) };
  throw new TypeError(`no plain form for ${value.constructor.name}`);
}

function isValid(data: Data, row: number): boolean {
  if (data.nullCount === 0) return true;
  const at = data.offset + row;
  return ((data.nullBitmap[at >> 3]! >> (at & 7)) & 1) === 1;
}

/** Row of an Arrow column, from its raw buffers. */
export function plainOfData(data: Data, field: Field, row: number): Plain {
  const type = field.type as DataType;
  if (DataType.isNull(type)) return null;
  if (DataType.isUnion(type)) {
    const member = (data.typeIds as Int8Array)[row]!;
    const value = plainOfData(data.children[member]!, type.children[member]!, row);
    // Arrow cannot tell a NULL union from one that holds a NULL; see `settled`.
    return value === null ? null : { tag: type.children[member]!.name, value };
  }
  if (!isValid(data, row)) return null;
  const { values } = data as { values: Uint8Array };
  const raw = new DataView(
    values?.buffer ?? new ArrayBuffer(0),
    values?.byteOffset ?? 0,
    values?.byteLength ?? 0,
  );
  if (DataType.isBool(type))
    return ((values[(data.offset + row) >> 3]! >> ((data.offset + row) & 7)) & 1) === 1;
  if (DataType.isInt(type) || DataType.isTime(type) || DataType.isTimestamp(type)) {
    const value = (data.values as Int32Array | BigInt64Array)[row]!;
    return typeof value === 'bigint' ? String(value) : value;
  }
  if (DataType.isDate(type)) return (data.values as Int32Array)[row]!;
  if (DataType.isFloat(type)) return float((data.values as Float64Array)[row]!);
  if (DataType.isDecimal(type))
    return String((raw.getBigInt64(row * 16 + 8, true) << 64n) | raw.getBigUint64(row * 16, true));
  if (DataType.isInterval(type)) {
    const nanos = raw.getBigInt64(row * 16 + 8, true);
    return `${raw.getInt32(row * 16, true)} ${raw.getInt32(row * 16 + 4, true)} ${nanos / 1000n}`;
  }
  if (DataType.isFixedSizeBinary(type)) {
    const bytes = values.subarray(row * type.byteWidth, (row + 1) * type.byteWidth);
    if (field.metadata.get('ARROW:extension:name') === 'arrow.uuid') return dashed(hex(bytes));
    return String(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  }
  if (DataType.isDictionary(type)) {
    const index = (data.values as Uint8Array)[row]!;
    return data.dictionary!.get(index) as string;
  }
  const offsets = data.valueOffsets as Int32Array;
  if (DataType.isUtf8(type))
    return Buffer.from(values.subarray(offsets[row], offsets[row + 1])).toString('utf8');
  if (DataType.isBinary(type)) return hex(values.subarray(offsets[row], offsets[row + 1]));
  if (DataType.isStruct(type))
    return type.children.map((inner, i) => plainOfData(data.children[i]!, inner, row));
  if (DataType.isFixedSizeList(type))
    return range(data, type.children[0]!, row * type.listSize, (row + 1) * type.listSize);
  if (DataType.isList(type) || DataType.isMap(type))
    return range(data, type.children[0]!, offsets[row]!, offsets[row + 1]!);
  throw new TypeError(`no plain form for Arrow type ${(field.type as DataType).typeId}`);
}

function range(data: Data, inner: Field, from: number, to: number): Plain[] {
  return Array.from({ length: to - from }, (_, i) => plainOfData(data.children[0]!, inner, from + i));
}

/** A union of NULL as a plain NULL, the one thing Arrow cannot tell apart. */
export function settled(value: Plain): Plain {
  if (Array.isArray(value)) return value.map(settled);
  if (value !== null && typeof value === 'object') {
    const inner = settled(value.value);
    return inner === null ? null : { tag: value.tag, value: inner };
  }
  return value;
}
