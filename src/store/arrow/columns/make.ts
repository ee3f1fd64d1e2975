/** The column that converts a DuckDB type; `schema.ts` says the same in Arrow's words. */
import { DuckDBTypeId, type DuckDBType } from '@duckdb/node-api';
import { BitTextColumn } from './bit-text.ts';
import { BooleanColumn } from './boolean.ts';
import type { Column } from './column.ts';
import { decimal, decimalBytes } from './decimal.ts';
import { FixedColumn } from './fixed.ts';
import { hugeint } from './hugeint.ts';
import { interval } from './interval.ts';
import { ListColumn } from './lists.ts';
import { FixedListColumn, NullColumn, StructColumn, UnionColumn } from './nested.ts';
import { StringColumn } from './strings.ts';
import { uuid } from './uuid.ts';
import { WidenedColumn } from './widened.ts';
import { unsupportedType } from '../schema.ts';

/** `path` names the column in errors: `reading`, `reading.unit`, `tags[]`. */
export function makeColumn(type: DuckDBType, path: string): Column {
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return new BooleanColumn();
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.UTINYINT:
      return new FixedColumn(1);
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.USMALLINT:
      return new FixedColumn(2);
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DATE:
      return new FixedColumn(4);
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.DOUBLE:
    case DuckDBTypeId.TIME:
    case DuckDBTypeId.TIME_NS:
    case DuckDBTypeId.TIME_TZ:
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return new FixedColumn(8);
    case DuckDBTypeId.HUGEINT:
      return new WidenedColumn(hugeint(path, true));
    case DuckDBTypeId.UHUGEINT:
      return new WidenedColumn(hugeint(path, false));
    case DuckDBTypeId.DECIMAL:
      return new WidenedColumn(decimal(decimalBytes(type.width)));
    case DuckDBTypeId.UUID:
      return new WidenedColumn(uuid);
    case DuckDBTypeId.INTERVAL:
      return new WidenedColumn(interval(path));
    case DuckDBTypeId.VARCHAR:
    case DuckDBTypeId.BLOB:
      return new StringColumn(path);
    case DuckDBTypeId.BIT:
      return new BitTextColumn(path);
    case DuckDBTypeId.ENUM:
      return new FixedColumn(enumBytes(type.internalTypeId));
    case DuckDBTypeId.LIST:
      return new ListColumn(path, makeColumn(type.valueType, `${path}[]`));
    case DuckDBTypeId.ARRAY:
      return new FixedListColumn(type.length, makeColumn(type.valueType, `${path}[]`));
    case DuckDBTypeId.MAP:
      return new ListColumn(
        path,
        new StructColumn([
          makeColumn(type.keyType, `${path}.key`),
          makeColumn(type.valueType, `${path}.value`),
        ]),
      );
    case DuckDBTypeId.STRUCT:
      return new StructColumn(
        type.entryTypes.map((entry, i) => makeColumn(entry, `${path}.${type.entryNames[i]}`)),
      );
    case DuckDBTypeId.UNION:
      return new UnionColumn(
        type.memberTypes.map((member, i) => makeColumn(member, `${path}.${type.memberTags[i]}`)),
      );
    case DuckDBTypeId.SQLNULL:
      return new NullColumn();
    case DuckDBTypeId.BIGNUM:
    case DuckDBTypeId.GEOMETRY:
    case DuckDBTypeId.VARIANT:
    case DuckDBTypeId.ANY:
    case DuckDBTypeId.STRING_LITERAL:
    case DuckDBTypeId.INTEGER_LITERAL:
      throw unsupportedType(path, type);
  }
}

/** Bytes of an enum's codes. */
export function enumBytes(internal: DuckDBTypeId): 1 | 2 | 4 {
  if (internal === DuckDBTypeId.UTINYINT) return 1;
  return internal === DuckDBTypeId.USMALLINT ? 2 : 4;
}
