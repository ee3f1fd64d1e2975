/** Arrow types as SQL types: what a temporary table must be to take a stream from outside as it is. */
import { DataType, TimeUnit, type Field } from 'apache-arrow';
import { typeError } from '../failures.ts';
import type { FractalError } from '../../../base/index.ts';

/** Throws `arrow.type` for what SQL has no place for. A column of nothing but NULL is an INTEGER. */
export function sqlTypeOf(field: Field, path = field.name): string {
  const type = field.type as DataType;
  if (DataType.isNull(type) && path === field.name) return 'INTEGER';
  if (DataType.isInt(type)) return `${type.isSigned ? '' : 'U'}${INTEGERS[type.bitWidth]}`;
  if (DataType.isFloat(type) && type.ArrayType === Float32Array) return 'FLOAT';
  if (DataType.isFloat(type) && type.ArrayType === Float64Array) return 'DOUBLE';
  if (DataType.isBool(type)) return 'BOOLEAN';
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return 'VARCHAR';
  if (DataType.isDictionary(type) && DataType.isUtf8(type.dictionary)) return 'VARCHAR';
  if (DataType.isBinary(type) || DataType.isLargeBinary(type)) return 'BLOB';
  if (DataType.isFixedSizeBinary(type) && type.byteWidth === 16) return 'UUID';
  if (DataType.isDecimal(type) && type.bitWidth === 128 && type.scale >= 0 && type.precision >= type.scale)
    return `DECIMAL(${type.precision},${type.scale})`;
  if (DataType.isDate(type) && type.ArrayType === Int32Array) return 'DATE';
  if (DataType.isTime(type) && type.unit === TimeUnit.MICROSECOND) return 'TIME';
  if (DataType.isTimestamp(type)) return timestampType(type);
  if (DataType.isInterval(type) && Number(type.unit) === 2) return 'INTERVAL';
  if (DataType.isList(type)) return `${sqlTypeOf(type.valueField, `${path}[]`)}[]`;
  if (DataType.isFixedSizeList(type)) return `${sqlTypeOf(type.children[0]!, `${path}[]`)}[${type.listSize}]`;
  if (DataType.isStruct(type) && type.children.length > 0)
    return `STRUCT(${type.children.map((child) => `${quoted(child.name)} ${sqlTypeOf(child, `${path}.${child.name}`)}`).join(', ')})`;
  throw unsupported(path, String(field.type));
}

const INTEGERS: Readonly<Record<number, string>> = {
  8: 'TINYINT',
  16: 'SMALLINT',
  32: 'INTEGER',
  64: 'BIGINT',
};

function timestampType(type: {
  readonly unit: TimeUnit;
  readonly timezone?: string | null | undefined;
}): string {
  // TIMESTAMP is UTC by rule.
  if (type.timezone !== undefined && type.timezone !== null && type.timezone !== 'UTC') return 'TIMESTAMPTZ';
  switch (type.unit) {
    case TimeUnit.SECOND:
      return 'TIMESTAMP_S';
    case TimeUnit.MILLISECOND:
      return 'TIMESTAMP_MS';
    case TimeUnit.MICROSECOND:
      return 'TIMESTAMP';
    case TimeUnit.NANOSECOND:
      return 'TIMESTAMP_NS';
  }
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function unsupported(path: string, type: string): FractalError {
  return typeError(path, type, 'Cast it before it is sent, for example to text, int64 or float64.');
}
