/**
 * DuckDB types as Arrow types. The mapping loses nothing, or refuses:
 * - HUGEINT and UHUGEINT are decimal128(38, 0); a value of 39 digits is an error, not a rounded number.
 * - UUID is FixedSizeBinary(16) with the canonical extension `arrow.uuid`.
 * - BIT is text of 0 and 1; TIMETZ keeps its 8 bytes (40 bits of microseconds, 24 of offset) as `arrow.opaque`, as
 *   DuckDB's own lossless export does.
 * - TIMESTAMPTZ is a timestamp in microseconds of zone UTC.
 * - INTERVAL is month-day-nano; apache-arrow 18 carries its bytes but cannot read its values.
 * - DATE and TIMESTAMP may be infinite in DuckDB, never in Arrow: the integer is passed on as it is (the largest one
 *   and its negative), as DuckDB's own export does. It comes back as infinity.
 * - ENUM is a dictionary of its members; a UNION that is NULL becomes a NULL of its first member.
 * Where the Arrow type alone does not tell the DuckDB type, field metadata `duckdb.type` does.
 */
import { DuckDBTypeId, type DuckDBType } from '@duckdb/node-api';
import {
  Binary,
  Bool,
  DateDay,
  Decimal,
  Dictionary,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  Interval,
  List,
  Map_,
  Null,
  Schema,
  SparseUnion,
  Struct,
  TimeMicrosecond,
  TimeNanosecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
  type DataType,
} from 'apache-arrow';
import { typeError } from './failures.ts';
import type { FractalError } from '../../base/index.ts';

export interface SourceColumn {
  readonly name: string;
  readonly type: DuckDBType;
}

/** The members of one enum column, sent ahead of the batches. */
export interface EnumDictionary {
  readonly id: number;
  readonly values: readonly string[];
  readonly type: Dictionary;
}

export interface ArrowShape {
  readonly schema: Schema;
  readonly dictionaries: readonly EnumDictionary[];
}

/** Unit 2 of Arrow's intervals; apache-arrow 18 names only the first two. */
const MONTH_DAY_NANO = 2;
/** Type ids of a union are int8. */
const UNION_MEMBERS_MAX = 127;

export function arrowShape(
  columns: readonly SourceColumn[],
  metadata: ReadonlyMap<string, string> = new Map(),
): ArrowShape {
  const dictionaries: EnumDictionary[] = [];
  const fields = columns.map(({ name, type }) => field(name, type, name, dictionaries));
  return { schema: new Schema(fields, new Map(metadata)), dictionaries };
}

export function unsupportedType(path: string, type: DuckDBType): FractalError {
  return typeError(path, type.toString(), 'Cast it in the query, for example to VARCHAR, BLOB or DOUBLE.');
}

function field(
  name: string,
  type: DuckDBType,
  path: string,
  dictionaries: EnumDictionary[],
): Field<DataType> {
  return new Field(name, arrowType(type, path, dictionaries), true, new Map(FIELD_METADATA[type.typeId]));
}

/** Canonical extensions, and DuckDB's own names where the Arrow type alone does not tell the type. */
const FIELD_METADATA: Partial<Record<DuckDBTypeId, readonly (readonly [string, string])[]>> = {
  [DuckDBTypeId.HUGEINT]: [['duckdb.type', 'HUGEINT']],
  [DuckDBTypeId.UHUGEINT]: [['duckdb.type', 'UHUGEINT']],
  [DuckDBTypeId.BIT]: [['duckdb.type', 'BIT']],
  [DuckDBTypeId.UUID]: [
    ['ARROW:extension:name', 'arrow.uuid'],
    ['ARROW:extension:metadata', ''],
  ],
  [DuckDBTypeId.TIME_TZ]: [
    ['ARROW:extension:name', 'arrow.opaque'],
    ['ARROW:extension:metadata', '{"type_name":"time_tz","vendor_name":"DuckDB"}'],
  ],
};

function arrowType(type: DuckDBType, path: string, dictionaries: EnumDictionary[]): DataType {
  const child = (name: string, inner: DuckDBType, at: string): Field<DataType> =>
    field(name, inner, at, dictionaries);
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return new Bool();
    case DuckDBTypeId.TINYINT:
      return new Int8();
    case DuckDBTypeId.SMALLINT:
      return new Int16();
    case DuckDBTypeId.INTEGER:
      return new Int32();
    case DuckDBTypeId.BIGINT:
      return new Int64();
    case DuckDBTypeId.UTINYINT:
      return new Uint8();
    case DuckDBTypeId.USMALLINT:
      return new Uint16();
    case DuckDBTypeId.UINTEGER:
      return new Uint32();
    case DuckDBTypeId.UBIGINT:
      return new Uint64();
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT:
      return new Decimal(0, 38, 128);
    case DuckDBTypeId.FLOAT:
      return new Float32();
    case DuckDBTypeId.DOUBLE:
      return new Float64();
    case DuckDBTypeId.DECIMAL:
      return new Decimal(type.scale, type.width, 128);
    case DuckDBTypeId.VARCHAR:
    case DuckDBTypeId.BIT:
      return new Utf8();
    case DuckDBTypeId.BLOB:
      return new Binary();
    case DuckDBTypeId.UUID:
      return new FixedSizeBinary(16);
    case DuckDBTypeId.DATE:
      return new DateDay();
    case DuckDBTypeId.TIME:
      return new TimeMicrosecond();
    case DuckDBTypeId.TIME_NS:
      return new TimeNanosecond();
    case DuckDBTypeId.TIME_TZ:
      return new FixedSizeBinary(8);
    case DuckDBTypeId.TIMESTAMP:
      return new TimestampMicrosecond();
    case DuckDBTypeId.TIMESTAMP_S:
      return new TimestampSecond();
    case DuckDBTypeId.TIMESTAMP_MS:
      return new TimestampMillisecond();
    case DuckDBTypeId.TIMESTAMP_NS:
      return new TimestampNanosecond();
    case DuckDBTypeId.TIMESTAMP_TZ:
      return new TimestampMicrosecond('UTC');
    case DuckDBTypeId.INTERVAL:
      return new Interval(MONTH_DAY_NANO);
    case DuckDBTypeId.ENUM: {
      const indices = enumIndices(type.internalTypeId);
      const dictionary = new Dictionary(new Utf8(), indices, dictionaries.length);
      dictionaries.push({ id: dictionary.id, values: type.values, type: dictionary });
      return dictionary;
    }
    case DuckDBTypeId.LIST:
      return new List(child('item', type.valueType, `${path}[]`));
    case DuckDBTypeId.ARRAY:
      return new FixedSizeList(type.length, child('item', type.valueType, `${path}[]`));
    case DuckDBTypeId.MAP: {
      const key = child('key', type.keyType, `${path}.key`);
      const entries = new Struct<{ key: DataType; value: DataType }>([
        new Field('key', key.type, false, key.metadata),
        child('value', type.valueType, `${path}.value`),
      ]);
      return new Map_(new Field('entries', entries, false));
    }
    case DuckDBTypeId.STRUCT:
      return new Struct(
        type.entryTypes.map((entry, i) => child(type.entryNames[i]!, entry, `${path}.${type.entryNames[i]}`)),
      );
    case DuckDBTypeId.UNION: {
      if (type.memberCount > UNION_MEMBERS_MAX) throw unsupportedType(path, type);
      return new SparseUnion(
        type.memberTypes.map((_, i) => i),
        type.memberTypes.map((member, i) =>
          child(type.memberTags[i]!, member, `${path}.${type.memberTags[i]}`),
        ),
      );
    }
    case DuckDBTypeId.SQLNULL:
      return new Null();
    case DuckDBTypeId.BIGNUM:
    case DuckDBTypeId.GEOMETRY:
    case DuckDBTypeId.VARIANT:
    case DuckDBTypeId.ANY:
    case DuckDBTypeId.STRING_LITERAL:
    case DuckDBTypeId.INTEGER_LITERAL:
      throw unsupportedType(path, type);
  }
}

function enumIndices(internal: DuckDBTypeId): Uint8 | Uint16 | Uint32 {
  if (internal === DuckDBTypeId.UTINYINT) return new Uint8();
  return internal === DuckDBTypeId.USMALLINT ? new Uint16() : new Uint32();
}
