/** The tables of the model as Flight SQL tells them. */
import { Field, Schema } from 'apache-arrow';
import type { ForeignKey, TableInfo } from '../../flight/index.ts';
import type { ReadScope, ReadableTable } from '../../query/index.ts';
import { TABLES, allColumns, arrowSchema, type Column, type Table } from '../../schema/index.ts';

/** Name of the engine's database: that of its file. */
export const CATALOG = 'fractal';

/** Nothing in the engine enforces it: the table has columns that are named as the key of another. */
function foreignKey(table: Table, other: Table): ForeignKey[] {
  const has = (name: string): boolean => {
    const type = other.columns.find((column) => column.name === name)?.type;
    return table.columns.some((column) => column.name === name && column.type === type);
  };
  // The table that a key is named after is the one whose own key has nothing more.
  const sameKey =
    other.key.length === table.key.length && other.key.every((name) => table.key.includes(name));
  if (other === table || sameKey || !other.key.every(has)) return [];
  return [
    {
      name: `${table.name}_${other.name}_fkey`,
      schema: other.schema,
      table: other.name,
      columns: other.key.map((name) => ({ from: name, to: name })),
    },
  ];
}

const PRECISION: Partial<Record<Column['type'], readonly [string, string]>> = {
  'DECIMAL(18,2)': ['18', '2'],
  INTEGER: ['10', '0'],
  BIGINT: ['19', '0'],
  DOUBLE: ['15', '0'],
};

/** Some of a table's columns, as a principal is told of them. */
function columnsOf(table: Table, seen: ReadableTable, writable: readonly string[]): Schema {
  const { fields, metadata } = arrowSchema(table);
  const told = seen.columns.map(({ name, shown }) => {
    const at = allColumns(table).findIndex((column) => column.name === name);
    const [field, column] = [fields[at]!, allColumns(table)[at]!];
    return new Field(
      field.name,
      field.type,
      // A masked value may be none.
      field.nullable || shown !== 'plain',
      remarks(table, column, !(at < table.columns.length && writable.includes(name))),
    );
  });
  return new Schema(told, metadata);
}

function remarks(table: Table, column: Column, isReadOnly: boolean): Map<string, string> {
  const [precision, scale] = PRECISION[column.type] ?? [];
  const told = new Map([
    ['ARROW:FLIGHT:SQL:CATALOG_NAME', CATALOG],
    ['ARROW:FLIGHT:SQL:DB_SCHEMA_NAME', table.schema],
    ['ARROW:FLIGHT:SQL:TABLE_NAME', table.name],
    ['ARROW:FLIGHT:SQL:TYPE_NAME', column.type],
    ['ARROW:FLIGHT:SQL:REMARKS', column.doc],
    ['ARROW:FLIGHT:SQL:IS_AUTO_INCREMENT', '0'],
    ['ARROW:FLIGHT:SQL:IS_CASE_SENSITIVE', column.type.startsWith('VARCHAR') ? '1' : '0'],
    ['ARROW:FLIGHT:SQL:IS_READ_ONLY', isReadOnly ? '1' : '0'],
    ['ARROW:FLIGHT:SQL:IS_SEARCHABLE', '1'],
  ]);
  if (precision !== undefined) told.set('ARROW:FLIGHT:SQL:PRECISION', precision);
  if (scale !== undefined) told.set('ARROW:FLIGHT:SQL:SCALE', scale);
  return told;
}

/** The tables of the model that a scope shows. `writable`: columns of a table that may be given values. */
export function tableInfos(scope: ReadScope, writable: (table: Table) => readonly string[]): TableInfo[] {
  const seenAs = (table: Table): ReadableTable | undefined =>
    scope.tables.find((seen) => seen.schema === table.schema && seen.name === table.name);
  /** Masked values are no keys. */
  const isPlain = (table: Table, names: readonly string[]): boolean =>
    names.every((name) =>
      seenAs(table)?.columns.some((column) => column.name === name && column.shown === 'plain'),
    );
  return TABLES.flatMap((table) => {
    const seen = seenAs(table);
    if (seen === undefined) return [];
    const foreignKeys = TABLES.filter((other) => isPlain(other, other.key))
      .flatMap((other) => foreignKey(table, other))
      .filter(({ columns }) =>
        isPlain(
          table,
          columns.map(({ from }) => from),
        ),
      );
    return [
      {
        schema: table.schema,
        name: table.name,
        columns: columnsOf(table, seen, writable(table)),
        key: isPlain(table, table.key) ? table.key : [],
        foreignKeys,
      },
    ];
  });
}
