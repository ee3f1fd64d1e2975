/** Tables as Arrow schemas. Types follow apache-arrow 18; DuckDB's own mapping is the reference. */
import {
  Bool,
  DateDay,
  Decimal,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  Schema,
  TimestampMicrosecond,
  Utf8,
  type DataType,
} from 'apache-arrow';
import { allColumns, qualifiedName, type Column, type ColumnType, type Table } from './table.ts';

/** The Arrow type of a column type. TIMESTAMP is timestamp[us] without zone: values are UTC by rule. */
export function arrowType(type: ColumnType): DataType {
  switch (type) {
    case 'VARCHAR':
      return new Utf8();
    case 'VARCHAR[]':
      return new List(new Field('item', new Utf8(), true));
    case 'BOOLEAN':
      return new Bool();
    case 'INTEGER':
      return new Int32();
    case 'BIGINT':
      return new Int64();
    case 'DOUBLE':
      return new Float64();
    case 'DECIMAL(18,2)':
      return new Decimal(2, 18, 128);
    case 'DATE':
      return new DateDay();
    case 'TIMESTAMP':
      return new TimestampMicrosecond();
  }
}

function field(column: Column): Field {
  const metadata = new Map([['doc', column.doc]]);
  if (column.personal !== undefined) metadata.set('personal', column.personal);
  return new Field(column.name, arrowType(column.type), column.nullable, metadata);
}

/** The whole table, system columns last. Metadata: `table`, `class`, `key`. */
export function arrowSchema(table: Table): Schema {
  return new Schema(
    allColumns(table).map(field),
    new Map([
      ['table', qualifiedName(table)],
      ['class', table.class],
      ['key', table.key.join(',')],
    ]),
  );
}
