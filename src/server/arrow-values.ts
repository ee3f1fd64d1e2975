/**
 * Arrow cells as JSON values. Nothing is rounded: what a JSON number cannot hold becomes a string.
 *
 * | Arrow | JSON |
 * |---|---|
 * | integers up to 2^53 - 1 | number; beyond it a string of digits |
 * | floats | number; `"NaN"`, `"Infinity"`, `"-Infinity"` |
 * | decimal | string, all digits of the scale |
 * | date, time | `"YYYY-MM-DD"`, `"HH:MM:SS[.ffffff]"` |
 * | timestamp | `"YYYY-MM-DDTHH:MM:SS[.ffffff]Z"`: without zone it is UTC by Fractal's rule |
 * | interval, duration | ISO 8601 duration |
 * | binary | base64 |
 * | list, struct, map | array, object, array of `{key, value}` |
 */
import { DataType, DateUnit, Precision, TimeUnit, Type, type Data, type Vector } from 'apache-arrow';

export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };

export type CellReader = (row: number) => JsonValue;

const UNITS_PER_SECOND: Readonly<Record<TimeUnit, bigint>> = {
  [TimeUnit.SECOND]: 1n,
  [TimeUnit.MILLISECOND]: 1_000n,
  [TimeUnit.MICROSECOND]: 1_000_000n,
  [TimeUnit.NANOSECOND]: 1_000_000_000n,
};
const DAY_S = 86_400n;
/** DuckDB's infinite dates and timestamps. */
const DATE_INFINITY = 2_147_483_647;
const TIMESTAMP_INFINITY = 2n ** 63n - 1n;

/** A reader of one column of one batch. */
export function cellReader(data: Data): CellReader {
  const read = valueReader(data);
  if (data.nullCount === 0 || DataType.isNull(data.type) || DataType.isUnion(data.type)) return read;
  return (row) => (data.getValid(row) ? read(row) : null);
}

function vectorReader(vector: Vector): CellReader {
  const chunks = vector.data.map((data) => ({ length: data.length, read: cellReader(data as Data) }));
  return (row) => {
    let rest = row;
    for (const chunk of chunks) {
      if (rest < chunk.length) return chunk.read(rest);
      rest -= chunk.length;
    }
    return null;
  };
}

function child(data: Data, index: number): CellReader {
  const found = data.children[index];
  return found === undefined ? () => null : cellReader(found);
}

function valueReader(data: Data): CellReader {
  const type = data.type;
  const number = (row: number): number => (data.values as ArrayLike<number>)[row] ?? 0;
  const bigint = (row: number): bigint => BigInt((data.values as ArrayLike<number | bigint>)[row] ?? 0);
  if (DataType.isNull(type)) return () => null;
  if (DataType.isBool(type)) {
    const bits = data.values as Uint8Array;
    return (row) => {
      const bit = data.offset + row;
      return ((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
    };
  }
  if (DataType.isInt(type)) {
    return type.bitWidth === 64 ? (row) => integer(bigint(row)) : (row) => number(row);
  }
  if (DataType.isFloat(type)) {
    if (type.precision !== Precision.HALF) return (row) => float(number(row));
    return (row) => float(halfFloat(number(row)));
  }
  if (DataType.isDecimal(type))
    return decimalReader(data.values as Uint32Array, type.bitWidth / 32, type.scale);
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return bytesReader(data, 'utf8');
  if (DataType.isBinary(type) || DataType.isLargeBinary(type)) return bytesReader(data, 'base64');
  if (DataType.isFixedSizeBinary(type)) {
    const bytes = data.values as Uint8Array;
    const width = type.byteWidth;
    return (row) => Buffer.from(bytes.subarray(row * width, (row + 1) * width)).toString('base64');
  }
  if (DataType.isDate(type)) {
    return type.unit === DateUnit.DAY ? (row) => date(number(row)) : (row) => timestamp(bigint(row), 1_000n);
  }
  if (DataType.isTimestamp(type)) {
    const perSecond = UNITS_PER_SECOND[type.unit];
    return (row) => timestamp(bigint(row), perSecond);
  }
  if (DataType.isTime(type)) {
    const perSecond = UNITS_PER_SECOND[type.unit];
    return (row) => timeOfDay(bigint(row), perSecond);
  }
  if (DataType.isDuration(type)) {
    const perSecond = UNITS_PER_SECOND[type.unit];
    return (row) => `PT${seconds(bigint(row), perSecond)}S`;
  }
  if (DataType.isInterval(type)) return intervalReader(data, type.unit);
  if (DataType.isList(type)) {
    const item = child(data, 0);
    const offsets = data.valueOffsets as Int32Array;
    return (row) => range(item, offsets[row] ?? 0, offsets[row + 1] ?? 0);
  }
  if (DataType.isFixedSizeList(type)) {
    const item = child(data, 0);
    const size = type.listSize;
    return (row) => range(item, row * size, (row + 1) * size);
  }
  if (DataType.isStruct(type)) {
    const fields = type.children.map((field, index) => [field.name, child(data, index)] as const);
    // A field may be called `__proto__`: fromEntries defines, it does not assign.
    return (row) => Object.fromEntries(fields.map(([name, read]) => [name, read(row)]));
  }
  if (DataType.isMap(type)) {
    const entry = child(data, 0);
    const offsets = data.valueOffsets as Int32Array;
    return (row) => range(entry, offsets[row] ?? 0, offsets[row + 1] ?? 0);
  }
  if (DataType.isDictionary(type)) {
    const dictionary = data.dictionary;
    const read = dictionary === undefined ? () => null : vectorReader(dictionary);
    return (row) => read(Number(bigint(row)));
  }
  if (DataType.isUnion(type)) return unionReader(data);
  return () => null;
}

function range(item: CellReader, start: number, end: number): JsonValue[] {
  const out: JsonValue[] = [];
  for (let row = start; row < end; row++) out.push(item(row));
  return out;
}

/** IEEE 754 binary16: sign, 5 bits exponent, 10 bits fraction. */
function halfFloat(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * 2 ** -24 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

function bytesReader(data: Data, encoding: 'utf8' | 'base64'): CellReader {
  const raw = data.values as Uint8Array;
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const offsets = data.valueOffsets as ArrayLike<number | bigint>;
  return (row) => bytes.toString(encoding, Number(offsets[row]), Number(offsets[row + 1]));
}

function integer(value: bigint): number | string {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value.toString();
}

function float(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function decimalReader(words: Uint32Array, wordsPerValue: number, scale: number): CellReader {
  return (row) => {
    let value = 0n;
    for (let word = wordsPerValue - 1; word >= 0; word--)
      value = (value << 32n) | BigInt(words[row * wordsPerValue + word] ?? 0);
    return decimal(BigInt.asIntN(wordsPerValue * 32, value), scale);
  };
}

/** A scaled integer as text: `decimal(-5n, 2)` is `-0.05`. */
export function decimal(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const cut = digits.length - scale;
  return (value < 0n ? '-' : '') + digits.slice(0, cut) + (scale > 0 ? `.${digits.slice(cut)}` : '');
}

function date(days: number): string {
  if (days === DATE_INFINITY) return 'infinity';
  if (days === -DATE_INFINITY) return '-infinity';
  return calendarDate(BigInt(days));
}

/** Proleptic Gregorian, any year: `Date` ends at the year 275760, DuckDB does not. */
function calendarDate(days: bigint): string {
  const shifted = days + 719_468n;
  const era = (shifted >= 0n ? shifted : shifted - 146_096n) / 146_097n;
  const dayOfEra = Number(shifted - era * 146_097n);
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = Number(era) * 400 + yearOfEra + (month <= 2 ? 1 : 0);
  const yearText =
    year >= 0 && year <= 9999 ? pad(year, 4) : `${year < 0 ? '-' : '+'}${pad(Math.abs(year), 6)}`;
  return `${yearText}-${pad(month, 2)}-${pad(day, 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

function timestamp(value: bigint, perSecond: bigint): string {
  if (value === TIMESTAMP_INFINITY) return 'infinity';
  if (value === -TIMESTAMP_INFINITY) return '-infinity';
  const perDay = DAY_S * perSecond;
  let days = value / perDay;
  let rest = value % perDay;
  if (rest < 0n) {
    days -= 1n;
    rest += perDay;
  }
  return `${calendarDate(days)}T${timeOfDay(rest, perSecond)}Z`;
}

function timeOfDay(value: bigint, perSecond: bigint): string {
  const whole = Number(value / perSecond);
  const fraction = value % perSecond;
  const clock = `${pad(Math.floor(whole / 3600), 2)}:${pad(Math.floor(whole / 60) % 60, 2)}:${pad(whole % 60, 2)}`;
  return fraction === 0n ? clock : `${clock}.${fractionDigits(fraction, perSecond)}`;
}

function fractionDigits(fraction: bigint, perSecond: bigint): string {
  return fraction.toString().padStart(perSecond.toString().length - 1, '0');
}

function seconds(value: bigint, perSecond: bigint): string {
  const size = value < 0n ? -value : value;
  const fraction = size % perSecond;
  return (
    (value < 0n ? '-' : '') +
    (size / perSecond).toString() +
    (fraction === 0n ? '' : `.${fractionDigits(fraction, perSecond)}`)
  );
}

function intervalReader(data: Data, unit: number): CellReader {
  const raw = data.values as Int32Array;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (unit === 0) return (row) => duration(view.getInt32(row * 4, true), 0, 0n);
  if (unit === 1) {
    return (row) =>
      duration(0, view.getInt32(row * 8, true), BigInt(view.getInt32(row * 8 + 4, true)) * 1_000_000n);
  }
  return (row) =>
    duration(
      view.getInt32(row * 16, true),
      view.getInt32(row * 16 + 4, true),
      view.getBigInt64(row * 16 + 8, true),
    );
}

function duration(months: number, days: number, nanoseconds: bigint): string {
  const date = (months === 0 ? '' : `${months}M`) + (days === 0 ? '' : `${days}D`);
  const time =
    nanoseconds === 0n ? '' : `T${seconds(nanoseconds, 1_000_000_000n).replace(/(\.\d*?)0+$/, '$1')}S`;
  return date === '' && time === '' ? 'PT0S' : `P${date}${time}`;
}

function unionReader(data: Data): CellReader {
  const type = data.type;
  if (!DataType.isUnion(type)) return () => null;
  const readers = data.children.map(cellReader);
  const ids = data.typeIds as Int8Array;
  const offsets = data.valueOffsets as Int32Array | undefined;
  return (row) => {
    const read = readers[type.typeIdToChildIndex[ids[row] ?? 0] ?? 0];
    return read?.(DataType.isDenseUnion(type) ? (offsets?.[row] ?? 0) : row) ?? null;
  };
}

/** The SQL name of an Arrow type, as DuckDB spells it. */
export function sqlTypeName(type: DataType): string {
  if (DataType.isInt(type)) {
    const name = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' }[type.bitWidth] ?? 'BIGINT';
    return (type.isSigned ? '' : 'U') + name;
  }
  if (DataType.isFloat(type)) return ['HALF', 'FLOAT', 'DOUBLE'][type.precision] ?? 'DOUBLE';
  if (DataType.isDecimal(type)) return `DECIMAL(${type.precision},${type.scale})`;
  if (DataType.isTimestamp(type)) return type.timezone == null ? 'TIMESTAMP' : 'TIMESTAMP WITH TIME ZONE';
  if (DataType.isDate(type)) return type.unit === DateUnit.DAY ? 'DATE' : 'TIMESTAMP';
  if (DataType.isList(type) || DataType.isFixedSizeList(type)) {
    const item = sqlTypeName(type.valueType as DataType);
    return DataType.isList(type) ? `${item}[]` : `${item}[${type.listSize}]`;
  }
  if (DataType.isStruct(type))
    return `STRUCT(${type.children.map((field) => `${field.name} ${sqlTypeName(field.type as DataType)}`).join(', ')})`;
  if (DataType.isMap(type))
    return `MAP(${sqlTypeName(type.keyType as DataType)}, ${sqlTypeName(type.valueType as DataType)})`;
  if (DataType.isDictionary(type)) return sqlTypeName(type.dictionary as DataType);
  return SIMPLE_NAMES[type.typeId] ?? Type[type.typeId].toUpperCase();
}

const SIMPLE_NAMES: Readonly<Partial<Record<Type, string>>> = {
  [Type.Null]: 'NULL',
  [Type.Bool]: 'BOOLEAN',
  [Type.Utf8]: 'VARCHAR',
  [Type.LargeUtf8]: 'VARCHAR',
  [Type.Binary]: 'BLOB',
  [Type.LargeBinary]: 'BLOB',
  [Type.FixedSizeBinary]: 'BLOB',
  [Type.Time]: 'TIME',
  [Type.Interval]: 'INTERVAL',
  [Type.Duration]: 'INTERVAL',
  [Type.Union]: 'UNION',
};

/** Whether people expect the column on the right edge. */
export function isNumeric(type: DataType): boolean {
  return DataType.isInt(type) || DataType.isFloat(type) || DataType.isDecimal(type);
}
