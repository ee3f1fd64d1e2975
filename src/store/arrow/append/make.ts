/** Which Arrow types go into which DuckDB types. Only what changes no value; all else is refused by name. */
import { DuckDBTypeId, type DuckDBType } from '@duckdb/node-api';
import { DataType, TimeUnit, type Field } from 'apache-arrow';
import { decimalBytes } from '../columns/decimal.ts';
import { enumBytes } from '../columns/make.ts';
import { typeError } from '../failures.ts';
import {
  booleanWriter,
  copyWriter,
  decimalWriter,
  hugeintWriter,
  intervalWriter,
  nullWriter,
  scaledTimestampWriter,
  timeTzWriter,
  timeWriter,
  uuidWriter,
} from './fixed.ts';
import { arrayWriter, listWriter, mapWriter, structWriter } from './nested.ts';
import { dictionaryWriter, enumWriter, stringWriter } from './strings.ts';
import type { Writer } from './writer.ts';

/** Bytes and sign of DuckDB's integers of up to 8 bytes. */
const INTEGERS = {
  [DuckDBTypeId.TINYINT]: [1, true],
  [DuckDBTypeId.SMALLINT]: [2, true],
  [DuckDBTypeId.INTEGER]: [4, true],
  [DuckDBTypeId.BIGINT]: [8, true],
  [DuckDBTypeId.UTINYINT]: [1, false],
  [DuckDBTypeId.USMALLINT]: [2, false],
  [DuckDBTypeId.UINTEGER]: [4, false],
  [DuckDBTypeId.UBIGINT]: [8, false],
} as const;

const TIMESTAMP_UNITS: Partial<Record<DuckDBTypeId, TimeUnit>> = {
  [DuckDBTypeId.TIMESTAMP_S]: TimeUnit.SECOND,
  [DuckDBTypeId.TIMESTAMP_MS]: TimeUnit.MILLISECOND,
  [DuckDBTypeId.TIMESTAMP]: TimeUnit.MICROSECOND,
  [DuckDBTypeId.TIMESTAMP_TZ]: TimeUnit.MICROSECOND,
  [DuckDBTypeId.TIMESTAMP_NS]: TimeUnit.NANOSECOND,
};

/** Throws `arrow.type`, naming column and types, when the two do not fit. */
export function makeWriter(field: Field, target: DuckDBType, path: string): Writer {
  const writer = match(field, target, path);
  if (writer === undefined)
    throw typeError(
      path,
      `${String(field.type)} in Arrow and ${target.toString()} in the table`,
      'Write the column with the type that the table has, or load it into a table of its own and cast it there.',
    );
  return writer;
}

function match(field: Field, target: DuckDBType, path: string): Writer | undefined {
  const type = field.type as DataType;
  switch (target.typeId) {
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.UBIGINT: {
      if (DataType.isNull(type)) return nullWriter(path);
      const [bytes, signed] = INTEGERS[target.typeId];
      return DataType.isInt(type) && type.bitWidth === bytes * 8 && type.isSigned === signed
        ? copyWriter(path, bytes)
        : undefined;
    }
    case DuckDBTypeId.BOOLEAN:
      return DataType.isBool(type) ? booleanWriter(path) : undefined;
    case DuckDBTypeId.FLOAT:
      return DataType.isFloat(type) && type.ArrayType === Float32Array ? copyWriter(path, 4) : undefined;
    case DuckDBTypeId.DOUBLE:
      return DataType.isFloat(type) && type.ArrayType === Float64Array ? copyWriter(path, 8) : undefined;
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT:
      return DataType.isDecimal(type) && type.bitWidth === 128 && type.scale === 0
        ? hugeintWriter(path, target.typeId === DuckDBTypeId.HUGEINT)
        : undefined;
    case DuckDBTypeId.DECIMAL:
      return DataType.isDecimal(type) && type.bitWidth === 128 && type.scale === target.scale
        ? decimalWriter(path, target.width, decimalBytes(target.width))
        : undefined;
    case DuckDBTypeId.VARCHAR:
      if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return stringWriter(path, true);
      return isTextDictionary(type) ? dictionaryWriter(path) : undefined;
    case DuckDBTypeId.BLOB:
      return DataType.isBinary(type) || DataType.isLargeBinary(type) ? stringWriter(path, false) : undefined;
    case DuckDBTypeId.ENUM:
      return DataType.isUtf8(type) || isTextDictionary(type)
        ? enumWriter(path, target.values, enumBytes(target.internalTypeId))
        : undefined;
    case DuckDBTypeId.UUID:
      return DataType.isFixedSizeBinary(type) && type.byteWidth === 16 ? uuidWriter(path) : undefined;
    case DuckDBTypeId.DATE:
      return DataType.isDate(type) && type.ArrayType === Int32Array ? copyWriter(path, 4) : undefined;
    case DuckDBTypeId.TIME:
      return DataType.isTime(type) && type.unit === TimeUnit.MICROSECOND
        ? timeWriter(path, 1_000_000n)
        : undefined;
    case DuckDBTypeId.TIME_NS:
      return DataType.isTime(type) && type.unit === TimeUnit.NANOSECOND
        ? timeWriter(path, 1_000_000_000n)
        : undefined;
    case DuckDBTypeId.TIME_TZ:
      return DataType.isFixedSizeBinary(type) && isOpaque(field, 'time_tz') ? timeTzWriter(path) : undefined;
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return timestampWriter(type, target.typeId, path);
    case DuckDBTypeId.INTERVAL:
      return DataType.isInterval(type) && Number(type.unit) === 2 ? intervalWriter(path) : undefined;
    case DuckDBTypeId.LIST:
      return DataType.isList(type)
        ? listWriter(path, makeWriter(type.valueField, target.valueType, `${path}[]`))
        : undefined;
    case DuckDBTypeId.ARRAY:
      return DataType.isFixedSizeList(type) && type.listSize === target.length
        ? arrayWriter(path, target.length, makeWriter(type.children[0]!, target.valueType, `${path}[]`))
        : undefined;
    case DuckDBTypeId.MAP: {
      if (!DataType.isMap(type)) return undefined;
      const [key, value] = (type.children[0]!.type as DataType).children;
      return mapWriter(
        path,
        makeWriter(key!, target.keyType, `${path}.key`),
        makeWriter(value!, target.valueType, `${path}.value`),
      );
    }
    case DuckDBTypeId.STRUCT: {
      // By position; the names must agree, so that fields are never swapped.
      if (!DataType.isStruct(type)) return undefined;
      const fields = type.children;
      if (fields.map(({ name }) => name).join('\0') !== target.entryNames.join('\0')) return undefined;
      return structWriter(
        path,
        fields.map((inner, i) => makeWriter(inner, target.entryTypes[i]!, `${path}.${inner.name}`)),
      );
    }
    case DuckDBTypeId.BIT:
    case DuckDBTypeId.UNION:
    case DuckDBTypeId.SQLNULL:
    case DuckDBTypeId.BIGNUM:
    case DuckDBTypeId.GEOMETRY:
    case DuckDBTypeId.VARIANT:
    case DuckDBTypeId.ANY:
    case DuckDBTypeId.STRING_LITERAL:
    case DuckDBTypeId.INTEGER_LITERAL:
      return undefined;
  }
}

/**
 * TIMESTAMP is UTC by rule, so it takes times without a zone and times of zone UTC; TIMESTAMPTZ takes times of any zone,
 * for Arrow keeps those as UTC. Seconds and milliseconds may become microseconds, never the other way.
 */
function timestampWriter(type: DataType, target: DuckDBTypeId, path: string): Writer | undefined {
  if (!DataType.isTimestamp(type)) return undefined;
  const zone = type.timezone ?? undefined;
  const zoneFits =
    target === DuckDBTypeId.TIMESTAMP_TZ ? zone !== undefined : zone === undefined || zone === 'UTC';
  if (!zoneFits) return undefined;
  if (type.unit === TIMESTAMP_UNITS[target]) return copyWriter(path, 8);
  if (TIMESTAMP_UNITS[target] !== TimeUnit.MICROSECOND || type.unit === TimeUnit.NANOSECOND) return undefined;
  return scaledTimestampWriter(path, type.unit === TimeUnit.SECOND ? 1_000_000n : 1_000n);
}

function isTextDictionary(type: DataType): boolean {
  return DataType.isDictionary(type) && DataType.isUtf8(type.dictionary);
}

function isOpaque(field: Field, name: string): boolean {
  return (
    field.metadata.get('ARROW:extension:name') === 'arrow.opaque' &&
    (field.metadata.get('ARROW:extension:metadata') ?? '').includes(`"${name}"`)
  );
}
